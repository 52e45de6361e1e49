import { ASSERTION_HEADER, configurationError, describeValue } from '../../core/adapter.ts';
import type { ServiceBinding } from './platform.ts';

/** Sends a request on. */
export type Upstream = (request: Request, headers: Headers) => Promise<Response>;

/** Throws `invalid_configuration`. */
export function readUpstream(upstream: string | ServiceBinding): Upstream {
  if (typeof upstream === 'object') return (request, headers) => upstream.fetch(withHeaders(request, headers));
  if (upstream === 'route') return (request, headers) => fetch(withHeaders(request, headers));
  const origin = originOf(upstream);
  return (request, headers) => {
    const { pathname, search } = new URL(request.url);
    // Joined as text: a path that begins with // must not become another host.
    return fetch(new Request(`${origin}${pathname}${search}`, withHeaders(request, headers)));
  };
}

/** Method, body stream and upgrade as they came. A redirect is the client's to follow, so that it comes back through Pomerium. */
function withHeaders(request: Request, headers: Headers): Request {
  return new Request(request, { headers, redirect: 'manual' });
}

function originOf(upstream: string): string {
  const url = URL.canParse(upstream) ? new URL(upstream) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '') return url.origin;
  throw configurationError(
    `The upstream ${describeValue(upstream)} is not an origin, as in https://app.internal.example.com, nor the word route.`,
  );
}

/** What is answered to one identity is not for another, whatever cache stands before. The body is not touched. */
export function varyOnIdentity(response: Response): Response {
  // An upgrade is the client's and the upstream's alone.
  if (response.status === 101) return response;
  const varied = new Response(response.body, response);
  varied.headers.append('vary', ASSERTION_HEADER);
  return varied;
}
