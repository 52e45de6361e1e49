/** What Cloudflare's caches have in common: which answers they store, for how long, and how they give them back. */

/** In seconds. */
export interface Lifetime {
  readonly fresh: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

/** An answer as a cache keeps it. */
export interface StoredResponse {
  readonly storedAt: number;
  readonly lifetime: Lifetime;
  readonly bytes: ArrayBuffer;
  readonly status: number;
  readonly headers: Headers;
}

export type CacheStatus = 'HIT' | 'MISS' | 'BYPASS' | 'DYNAMIC' | 'EXPIRED' | 'UPDATING' | 'STALE';

/**
 * The lifetime of an answer, or nothing if it may not be stored. `heuristic` has the seconds for each status where the
 * answer does not say. `Cache-Control: no-cache` is stored, stale from the start.
 */
export function lifetimeOf(
  request: Request,
  { status, headers }: Response,
  heuristic: Readonly<Record<number, number>>,
  now: number,
): Lifetime | undefined {
  const directives = directivesOf(headers);
  const has = (...names: string[]) => names.some((name) => directives.has(name));
  if (directives.get('private') === '' || has('no-store')) return undefined;
  if (headers.has('set-cookie') && !hiddenHeaders(headers).includes('set-cookie')) return undefined;
  // RFC 9111, 3.5. No other header that says who asks has this effect.
  if (request.headers.has('authorization') && !has('public', 'must-revalidate', 's-maxage')) return undefined;
  if (status === 206 || status === 304 || (status >= 520 && status <= 526)) return undefined;
  const stated =
    secondsOf(directives, 's-maxage') ?? secondsOf(directives, 'max-age') ?? secondsUntilExpiry(headers, now);
  const fresh = stated ?? heuristic[status] ?? (has('public') ? 0 : undefined);
  if (fresh === undefined) return undefined;
  const staleAllowed = !has('s-maxage', 'must-revalidate', 'proxy-revalidate');
  return {
    fresh: directives.get('no-cache') === '' ? 0 : fresh,
    staleWhileRevalidate: staleAllowed ? (secondsOf(directives, 'stale-while-revalidate') ?? 0) : 0,
    staleIfError: staleAllowed ? (secondsOf(directives, 'stale-if-error') ?? Number.POSITIVE_INFINITY) : 0,
  };
}

export function storedResponse(
  response: Response,
  bytes: ArrayBuffer,
  lifetime: Lifetime,
  now: number,
): StoredResponse {
  const headers = new Headers(response.headers);
  for (const name of hiddenHeaders(headers)) headers.delete(name);
  return { storedAt: now, lifetime, bytes, status: response.status, headers };
}

/** The answer to the client: Cloudflare takes its own header out. */
export function answer(
  request: Request,
  body: ReadableStream | ArrayBuffer | null,
  { status, headers: received }: { readonly status: number; readonly headers: Headers },
  cacheStatus: CacheStatus,
): Response {
  const headers = new Headers(received);
  headers.delete('cloudflare-cdn-cache-control');
  headers.set('cf-cache-status', cacheStatus);
  const isEmpty = request.method === 'HEAD' || (body instanceof ArrayBuffer && body.byteLength === 0);
  return new Response(isEmpty ? null : body, { status, headers });
}

/** The directives of the most specific header, each with its argument or an empty text. */
function directivesOf(headers: Headers): Map<string, string> {
  const names = ['cloudflare-cdn-cache-control', 'cdn-cache-control', 'cache-control'];
  const value = names.map((name) => headers.get(name)).find((value) => value !== null) ?? '';
  const matches = value.toLowerCase().matchAll(/([\w-]+)(?:=(?:"([^"]*)"|([^,\s]*)))?/g);
  return new Map(Array.from(matches, ([, name = '', quoted, bare]) => [name, quoted ?? bare ?? '']));
}

/** The names in `private="…"` and `no-cache="…"`: the answer is stored without those headers. */
function hiddenHeaders(headers: Headers): string[] {
  const directives = directivesOf(headers);
  const names = `${directives.get('private') ?? ''},${directives.get('no-cache') ?? ''}`.split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

function secondsOf(directives: Map<string, string>, name: string): number | undefined {
  const value = directives.get(name);
  return value === undefined ? undefined : Number(value) || 0;
}

function secondsUntilExpiry(headers: Headers, now: number): number | undefined {
  const expires = headers.get('expires');
  return expires === null ? undefined : Math.max(0, Date.parse(expires) / 1000 - now) || 0;
}
