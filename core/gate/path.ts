/**
 * What two servers could read in two ways, in a path that is decoded once: backslashes, control characters, text that is no
 * Unicode, encoding below the encoding (`%u002f` is IIS's), empty segments, ASP.NET's session in the path (`/(S(x))/`), and
 * dot segments, also as Tomcat (`..;x`) and Windows (`.. `) read them.
 */
const AMBIGUOUS = /[\\\p{Cc}\p{Cs}\ufffd]|%u?[\da-f]{2}|\/\/|\/\(\w\(|\/\.[. ]*(;[^/]*)?(\/|$)/iu;

/** Whether every server reads this path, decoded once and without its query, in the same way. */
export function isCanonical(path: string): boolean {
  return path.startsWith('/') && !AMBIGUOUS.test(path);
}

/**
 * The path of a request's target as Pomerium's Envoy would show it: without the query, percent-encoding removed once. An
 * absolute URL is parsed as a `Request` does it, which resolves dot segments; in a raw path they are there for the code
 * behind, too. Null where two servers could read it in two ways.
 */
export function readPath(url: string): string | null {
  try {
    const path = url.startsWith('/') ? url.replace(/\?.*/s, '') : new URL(url).pathname;
    const decoded = decodeURIComponent(path);
    return /%2f|#/i.test(path) || !isCanonical(decoded) ? null : decoded;
  } catch {
    return null;
  }
}

/** The target whose path `readPath` judges as exactly this one, for platforms that hand over a path that is decoded already. */
export function encodePath(decoded: string): string {
  return decoded.startsWith('/') ? decoded.replace(/[%?#]/g, encodeURIComponent) : '';
}
