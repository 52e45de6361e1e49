/**
 * What two servers could read in two ways, in a path that is decoded once: backslashes, control characters, text that is no
 * Unicode, encoding below the encoding (`%u002f` is IIS's), empty segments, ASP.NET's session in the path (`/(S(x))/`), and
 * dot segments, also as Tomcat (`..;x`), Windows (`.. `, `..:x`) and whoever decodes before the query is cut off (`..?x`) read
 * them; dots and slashes of full width, which some servers fold. Nor has text with more than 30 marks in a row one reading (UAX #15,
 * "Stream-Safe Text Format"): to normalize it takes quadratic time.
 */
const AMBIGUOUS =
  /[\\\p{Cc}\p{Cs}\ufffd\uff0e\uff0f\uff3c]|%u?[\da-f]{2}|\/\/|\/\(\w\(|\/\.[. ]*([:;?#][^/]*)?(\/|$)|\p{M}{31}/iu;

/**
 * Next.js's intercepting routes: `/feed/(..)x` serves what `/x` does. Not below `/_next/static/`, where webpack puts the scripts of a page
 * under the name of its folder.
 */
const INTERCEPTING = /^(?!\/_next\/static\/).*\/\(\.+\)/s;

/** Whether every server reads this path, decoded once and without its query, in the same way. */
export function isCanonical(path: string): boolean {
  return path.startsWith('/') && !AMBIGUOUS.test(path) && !INTERCEPTING.test(path);
}

/** What stands before the path of an absolute URL. A target without its slash would be a part of the host: `host:80admin/x`. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/([\w.~-]+|\[[\da-f:.]+\])(:\d*)?/i;

/** What all but a few paths are like, and every server reads in the same way. */
const PLAIN = /^\/(?:[\w~-][\w.~-]*\/)*(?:[\w~-][\w.~-]*)?$/;

/**
 * The path of a request's target as Pomerium's Envoy would show it: without the query, percent-encoding removed once. An
 * absolute URL is taken as text, too: Deno and workerd hand over what the client sent, without resolving dot segments, and
 * routers match that text. Null where two servers could read it in two ways.
 */
export function readPath(url: string): string | null {
  return decodePath(pathText(url));
}

/** White space that HTTP/2 lets through unencoded (`/admin\u00a0`): `url.parse` of Node.js cuts it off. */
const ODD_SPACE = /[^\S ]/;

/** The same of what `pathText` gives. */
export function decodePath(path: string): string | null {
  if (PLAIN.test(path)) return path;
  if (ODD_SPACE.test(path)) return null;
  try {
    const decoded = decodeURIComponent(path);
    return /%2f|#/i.test(path) || !isCanonical(decoded) ? null : decoded;
  } catch {
    return null;
  }
}

/** The same path as the client wrote it. */
export function pathText(url: string): string {
  const origin = url.startsWith('/') ? undefined : ORIGIN.exec(url)?.[0];
  const target = origin === undefined ? url : url.slice(origin.length) || '/';
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** The target whose path `readPath` judges as exactly this one, for platforms that hand over a path that is decoded already. */
export function encodePath(decoded: string): string {
  return decoded.startsWith('/') ? decoded.replace(/[%?#]|[^\S ]/g, encodeURIComponent) : '';
}
