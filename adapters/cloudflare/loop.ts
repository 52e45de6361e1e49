/** What a guard writes on requests that it sends to its own host, so that it knows one that comes back. */
const HEADER = 'x-guard-loop';

/** Guards before guards: more than anybody has, and no more than that is kept. */
const MAX_KEPT = 8;

/**
 * Whether this very request was sent on by this Worker already. A call of the upstream back to its own host, with all headers
 * that it got, is another request.
 */
export function isLoop(request: Request): boolean {
  return kept(request.headers).includes(nameOf(request));
}

/** The request, marked as sent on. Whoever sends the header himself makes nothing but a 508 for himself. */
export function markSent(request: Request): Request {
  const names = [...kept(request.headers), nameOf(request)].slice(-MAX_KEPT);
  request.headers.set(HEADER, names.join());
  return request;
}

function kept(headers: Headers): string[] {
  const value = headers.get(HEADER);
  return value && value.length < 256 ? value.split(',') : [];
}

/** FNV-1a, 32 bits. */
function nameOf({ method, url }: Request): string {
  let hash = 0x811c9dc5;
  for (const char of new TextEncoder().encode(`${method} ${url}`)) hash = Math.imul(hash ^ char, 0x01000193);
  return (hash >>> 0).toString(16);
}
