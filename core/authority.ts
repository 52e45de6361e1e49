import { parseUrl } from './url.ts';

/** What all but a few URLs are like, and what `URL` leaves as it is: no user, no port, no number for a host, no escape. */
const PLAIN = /^https?:\/\/((?:[a-z\d-]+\.)*[a-z][a-z\d-]*)(?:[/?#]|$)/;

/**
 * Host and port of an absolute URL, as `URL` has them: without the port that goes without saying. Undefined for anything else.
 * Most are read here, since `URL` takes longer than all the rest of judging a request.
 */
export function authorityOf(url: string): string | undefined {
  const host = PLAIN.exec(url)?.[1];
  if (host !== undefined && !host.includes('xn--')) return host;
  return parseUrl(url)?.host;
}
