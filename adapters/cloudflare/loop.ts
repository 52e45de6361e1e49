/** What a guard writes on a request that it sends to that request's own host, so that it knows one that comes straight back. */
const HEADER = 'x-guard-loop';

/**
 * Whether this very request was sent on by this Worker already. A call of the upstream back to its own host, with all headers
 * that it got, is another request. Whoever sends the header himself makes nothing but a 508 for himself.
 */
export function isLoop(request: Request): boolean {
  return request.headers.get(HEADER) === nameOf(request);
}

/** The request with the mark, if it goes to its own host, and else without. */
export function markSent(request: Request, { isOwnHost }: { isOwnHost: boolean }): Request {
  if (isOwnHost) request.headers.set(HEADER, nameOf(request));
  else request.headers.delete(HEADER);
  return request;
}

/** FNV-1a, 32 bits. */
function nameOf({ method, url }: Request): string {
  let hash = 0x811c9dc5;
  for (const char of new TextEncoder().encode(`${method} ${url}`)) hash = Math.imul(hash ^ char, 0x01000193);
  return (hash >>> 0).toString(16);
}
