import { configurationError, describeValue } from './errors.ts';
import { parseUrl } from './url.ts';

/** Options of `pomeriumUrls`. */
export interface PomeriumUrlsOptions {
  /**
   * Where the browser goes after it signed out: an absolute URL. Pomerium honours it with the runtime flag
   * `allow_any_sign_out_redirect_uri` only (before version 0.33: always).
   * @defaultValue `signout_redirect_url` of Pomerium's settings
   */
  afterSignOut?: string;
}

/** Pages that Pomerium itself serves on every route's host. They are for links and `fetch`; nothing is decided here. */
export interface PomeriumUrls {
  /** Signs the user out of every route, and of the identity provider where that can be. For a link or a form, not for `fetch`. */
  readonly signOut: string;
  /** A page for people: who is signed in, with every claim. */
  readonly account: string;
  /**
   * JSON of the user's claims, for `fetch`, in version 0.27 and later. With `Accept: application/json` it is a 401 where nobody is
   * signed in.
   */
  readonly user: string;
}

/** A host name or an IP address, with or without a port. */
const HOST = /^([a-z\d_](?:[a-z\d._-]*[a-z\d_])?|\[[\da-f:.]+\])(:\d{1,5})?$/i;

/**
 * Where Pomerium signs people out and says who is signed in (`proxy/handlers.go`).
 *
 * `host`: the route's host name, `app.corp.example.com`, maybe with a port. Without it the URLs are relative to the page's own
 * host, for pages that browsers reach through Pomerium.
 *
 * @throws {PomeriumError} `invalid_configuration`
 *
 * @example
 * ```tsx
 * <a href={pomeriumUrls().signOut}>Sign out</a>
 * ```
 */
export function pomeriumUrls(host?: string, { afterSignOut }: PomeriumUrlsOptions = {}): PomeriumUrls {
  const urls = pomeriumUrlsAt(host === undefined ? '' : originOf(host));
  if (afterSignOut === undefined) return urls;
  return { ...urls, signOut: `${urls.signOut}?pomerium_redirect_uri=${encodeURIComponent(readUrl(afterSignOut))}` };
}

/** `origin`: empty for the page's own. */
export function pomeriumUrlsAt(origin: string): PomeriumUrls {
  const base = `${origin}/.pomerium/`;
  return { signOut: `${base}sign_out`, account: base, user: `${base}user` };
}

function originOf(host: unknown): string {
  const url = typeof host === 'string' && HOST.test(host) ? parseUrl(`https://${host}`) : undefined;
  if (url) return url.origin;
  throw configurationError(
    `The host must be a host name, as in pomeriumUrls('app.corp.example.com'); it is ${describeValue(host)}.`,
  );
}

/** What Pomerium takes: a scheme and a host (`internal/urlutil/url.go`). Of these only what a browser should follow. */
function readUrl(text: unknown): string {
  const url = typeof text === 'string' && /^https?:\/\//i.test(text) ? parseUrl(text) : undefined;
  if (url) return url.href;
  throw configurationError(
    `afterSignOut must be an absolute URL, as in 'https://example.com/bye'; it is ${describeValue(text)}.`,
  );
}
