import { answer, lifetimeOf, type StoredResponse, storedResponse } from './http-cache.ts';

/** https://developers.cloudflare.com/cache/concepts/default-cache-behavior/#default-cached-file-extensions */
const STATIC_PATH =
  /\/robots\.txt$|\.(?:7z|apk|avi|avif|bin|bmp|bz2|class|css|csv|dmg|docx?|ejs|eot|eps|exe|flac|gif|gz|ico|iso|jar|jpe?g|js|midi?|mkv|mp[34]|ogg|otf|pdf|pict|pls|png|pptx?|ps|rar|svgz?|swf|tar|tiff?|ttf|webm|webp|woff2?|xlsx?|zip|zst)$/i;

/** https://developers.cloudflare.com/cache/how-to/configure-cache-status-code/: seconds for answers without `Cache-Control`. */
const HEURISTIC: Readonly<Record<number, number>> = { 200: 7200, 301: 7200, 302: 1200, 303: 1200, 404: 180, 410: 180 };

/**
 * The cache of a Cloudflare zone, behind a Worker's own `fetch`: it keeps what has the file name of a static file, by the
 * URL alone. `Vary` has no effect. `cache: 'no-store'` goes around it.
 */
export function zoneCache(
  origin: (request: Request) => Promise<Response>,
  { now = () => 0 }: { /** Seconds since the epoch; by default the time stands still. */ now?: () => number } = {},
): (request: Request) => Promise<Response> {
  const entries = new Map<string, StoredResponse>();
  return async (request) => {
    const { href, pathname } = new URL(request.url);
    const isBypassed = request.cache === 'no-store' || !['GET', 'HEAD'].includes(request.method);
    if (isBypassed || !STATIC_PATH.test(pathname)) {
      const response = await origin(request);
      // An upgrade has a socket, which a copy would lose.
      if (response.status === 101) return response;
      return answer(request, response.body, response, isBypassed ? 'BYPASS' : 'DYNAMIC');
    }
    const stored = entries.get(href);
    if (stored && now() - stored.storedAt < stored.lifetime.fresh) return answer(request, stored.bytes, stored, 'HIT');
    // HEAD becomes GET, so that the whole answer is stored.
    const response = await origin(request.method === 'HEAD' ? new Request(request, { method: 'GET' }) : request);
    const lifetime = lifetimeOf(request, response, HEURISTIC, now());
    if (!lifetime) return answer(request, response.body, response, 'BYPASS');
    const bytes = await response.arrayBuffer();
    entries.set(href, storedResponse(response, bytes, lifetime, now()));
    return answer(request, bytes, response, stored ? 'EXPIRED' : 'MISS');
  };
}
