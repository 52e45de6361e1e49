import { PomeriumError, problemResponse } from '../../core/index.ts';

/**
 * Passes the request on with these headers: method, body stream and upgrade as they came, and the answer untouched.
 * A redirect is the client's to follow, so that it comes back through Pomerium.
 */
export async function forward(request: Request, headers: Headers, upstream: string): Promise<Response> {
  const url = upstreamUrl(request.url, upstream);
  if (!url) {
    console.error(
      'pomerium-edge: POMERIUM_UPSTREAM must be an http(s) origin, as in https://app.internal.example.com, or the word route.',
    );
    return problemResponse(new PomeriumError('invalid_configuration', 'POMERIUM_UPSTREAM'), request);
  }
  return fetch(new Request(url, new Request(request, { headers, redirect: 'manual' })));
}

/** The request's path and query at the upstream's origin. */
function upstreamUrl(requested: string, upstream: string): string | undefined {
  if (upstream === 'route') return requested;
  if (!URL.canParse(upstream)) return undefined;
  const { protocol, origin, pathname, search } = new URL(upstream);
  if ((protocol !== 'https:' && protocol !== 'http:') || pathname !== '/' || search !== '') return undefined;
  const target = new URL(requested);
  // Joined as text: a path that begins with // must not become another host.
  return `${origin}${target.pathname}${target.search}`;
}
