import type { NextRequest } from 'next/server.js';

type NextUrl = NextRequest['nextUrl'];

/** Where nobody can tell what Next.js serves: a path that no rule can read. */
const UNKNOWN = '//';

/** The URL of a page's data as Next.js's client asks for it, with the page. */
const DATA_URL = /^\/_next\/data\/[^/]+(\/.*)\.json$/;
const HAS_DATA_URL = /\/_next\/data\//i;

/**
 * The paths, percent-encoded, that Next.js may serve this request as, without `basePath` and locale. The first is the
 * request's route; of the rules for all of them the strictest decides. Next.js 16.4 and 15.5 serve some URLs otherwise than
 * `nextUrl` says: test/e2e/next/paths.test.ts shows each.
 */
export function pagePaths({ nextUrl, headers }: NextRequest): [string, ...string[]] {
  const url = withBasePath(nextUrl);
  const { pathname, buildId, locale } = url;
  if (buildId) return [routeOfData(url)];
  // Behind a locale, `assetPrefix` or another data URL. Next.js's client asks for none of these.
  if (HAS_DATA_URL.test(pathname)) return [UNKNOWN];
  if (!locale) return [pathname];
  const withoutPrefix = withoutAssetPrefix(url);
  if (withoutPrefix) return [pathname, withoutPrefix];
  if (!headers.has('x-nextjs-data')) return [pathname];
  // Of data URLs within each other nothing may be left in `nextUrl`. The innermost can be `/zz/x` or `/index/x` for `/x`: a
  // dynamic page takes any first segment for a locale. `nextUrl` has `/` for the second.
  return pathname === '/' ? [UNKNOWN] : [pathname, pathname.replace(/^\/[^/]+/, '') || '/'];
}

/**
 * These paths of pages as a browser asks for them, with `basePath` and locale: what Pomerium's own routes are about. Of the
 * default locale nobody can tell whether it was named.
 */
export function browserPaths(paths: readonly string[], nextUrl: NextUrl): string[] {
  return pathsBelow(withBasePath(nextUrl), paths);
}

/** The same for a route handler. Where nobody knows `basePath`, none of these paths can be told. */
export function handlerBrowserPaths(paths: readonly string[], nextUrl: NextUrl): string[] {
  const basePath = handlerBasePath(nextUrl);
  if (basePath === undefined) return paths.map(() => UNKNOWN);
  const { locale, defaultLocale } = nextUrl;
  return pathsBelow({ basePath, locale, defaultLocale }, paths);
}

/**
 * The `basePath` of a request as a route handler gets it. In the Edge runtime `nextUrl` knows it; in that of Node.js the URL has
 * lost it, and only the build knows. Undefined where that did not bundle this package (`serverExternalPackages`, tests).
 */
export function handlerBasePath(nextUrl: NextUrl): string | undefined {
  return withBasePath(nextUrl).basePath || process.env['__NEXT_ROUTER_BASEPATH']; // the build writes the value here
}

function pathsBelow(
  { basePath, locale, defaultLocale }: Pick<NextUrl, 'basePath' | 'locale' | 'defaultLocale'>,
  paths: readonly string[],
): string[] {
  const locales = locale ? [`/${locale}`] : [''];
  const prefixes = (locale === defaultLocale ? ['', ...locales] : locales).map((one) => basePath + one);
  return paths.flatMap((path) => {
    if (path === UNKNOWN) return path;
    const isRoot = path === '/';
    return prefixes.flatMap((prefix) => (isRoot && prefix !== '' ? [prefix, `${prefix}/`] : prefix + path));
  });
}

/** With `basePath` and `i18n`, Next.js shows its proxy `/docs/fr/x` as `/fr/docs/fr/x`, where nothing is below `basePath`. */
function withBasePath(nextUrl: NextUrl): NextUrl {
  if (nextUrl.basePath || !nextUrl.locale) return nextUrl;
  const url = urlOf(nextUrl.pathname, nextUrl);
  return url.basePath ? url : nextUrl;
}

/** With `skipProxyUrlNormalize` Next.js leaves a data URL as it is. Without, it is one within another. */
function routeOfData(url: NextUrl): string {
  const { pathname, basePath } = url;
  const isLeft = urlOf(basePath + pathname, url).pathname === pathname;
  const page = DATA_URL.exec(pathname)?.[1];
  if (!isLeft || page === undefined || HAS_DATA_URL.test(page)) return UNKNOWN;
  return urlOf(basePath + page.replace(/^\/index(?=\/|$)/, ''), url).pathname;
}

/** With `assetPrefix` and `i18n` the router serves `/cdn/x` as `/x`; with `skipProxyUrlNormalize` the proxy sees the prefix. */
function withoutAssetPrefix({ pathname, basePath }: NextUrl): string | undefined {
  const prefix = process.env['__NEXT_ASSET_PREFIX']?.replace(/\/$/, ''); // `next build` writes the value here
  if (!prefix || basePath || !`${pathname}/`.startsWith(`${prefix}/`)) return undefined;
  return pathname.slice(prefix.length) || '/';
}

/** The URL with this path, of which Next.js finds `basePath` and locale anew. */
function urlOf(path: string, nextUrl: NextUrl): NextUrl {
  return Object.assign(nextUrl.clone(), { href: nextUrl.origin + path });
}
