import { configurationError, describeValue, readBoolean, readFlag, readVariables } from '../../core/adapter.ts';
import type { GuardEnvironment } from './guard-options.ts';
import type { ServiceBinding } from './platform.ts';

/** Sends a request on. */
export type Upstream = (request: Request, headers: Headers) => Promise<Response>;

const VARIABLES = { upstreamCache: ['POMERIUM_UPSTREAM_CACHE', readFlag] } as const;

/**
 * Where requests go; undefined where nothing says it.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function readUpstream(
  env: GuardEnvironment,
  target: string | ServiceBinding | undefined,
  upstreamCache: boolean | undefined,
): Upstream | undefined {
  const upstream = target ?? env.POMERIUM_UPSTREAM;
  const usesCache = readBoolean('upstreamCache', upstreamCache) ?? readVariables({ ...env }, VARIABLES).upstreamCache;
  if (!upstream) return undefined;
  if (typeof upstream === 'object') {
    if (typeof upstream.fetch !== 'function') throw configurationError('The upstream is no service binding.');
    return (request, headers) => upstream.fetch(withHeaders(request, headers));
  }
  const init = usesCache ? {} : withoutCache();
  if (upstream === 'route') return (request, headers) => fetch(withHeaders(request, headers), init);
  const origin = originOf(upstream);
  return (request, headers) => {
    const { pathname, search } = new URL(request.url);
    // Joined as text: a path that begins with // must not become another host.
    return fetch(new Request(`${origin}${pathname}${search}`, withHeaders(request, headers)), init);
  };
}

/** Method, body stream and upgrade as they came. A redirect is the client's to follow, so that it comes back through Pomerium. */
function withHeaders(request: Request, headers: Headers): Request {
  return new Request(request, { headers, redirect: 'manual' });
}

/**
 * Past Cloudflare's own cache, which keeps what looks like a static file (`/statement.pdf`) for two hours by its URL alone.
 * Workers with a compatibility date before 2024-11-11 have no such option; there the cache is told by `cf`.
 */
function withoutCache(): RequestInit {
  try {
    return new Request('https://example.com', { cache: 'no-store' }).cache === 'no-store'
      ? { cache: 'no-store' }
      : CF_NO_STORE;
  } catch {
    return CF_NO_STORE;
  }
}

const CF_NO_STORE = { cf: { cacheTtl: -1 } } as RequestInit;

function originOf(upstream: string): string {
  const url = URL.canParse(upstream) ? new URL(upstream) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '') return url.origin;
  throw configurationError(
    `The upstream ${describeValue(upstream)} is not an origin, as in https://app.internal.example.com, nor the word route.`,
  );
}
