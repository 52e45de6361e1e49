/**
 * How servers and frameworks read the path of a request: each reader names what it would serve, by the plain path that
 * an operator writes into a rule. Written from their documentation, not from `core/gate`.
 */
export interface PathReader {
  readonly name: string;
  readonly source: string;
  /** The plain paths of what is served for a path as it comes in; none where it is refused. */
  readonly serves: (path: string) => readonly string[];
}

/** A line of a table of rules, with a group's name where only the group may see it. */
export interface TableRow {
  readonly kind: 'path' | 'prefix';
  readonly text: string;
  readonly access: 'public' | 'authenticated' | 'admins' | 'staff';
}

/** What the table says of a plain path, taken by its letters. */
export function tableAccess(table: readonly TableRow[], resource: string): TableRow['access'] | 'nobody' {
  const fits = ({ kind, text }: TableRow) =>
    text === resource || (kind === 'prefix' && (text === '/' || resource.startsWith(`${text}/`)));
  return table.find(fits)?.access ?? 'nobody';
}

const utf8 = new TextDecoder();

/** Percent-decoding as lenient servers do it: what is broken stays, bytes that are no UTF-8 become U+FFFD. */
export function decodeLeniently(text: string): string {
  return text.replace(/(%[\da-f]{2})+/gi, (run) => {
    const bytes = run.match(/[\da-f]{2}/gi) ?? [];
    return utf8.decode(Uint8Array.from(bytes, (hex) => Number.parseInt(hex, 16)));
  });
}

/** Single slashes, no dot segments. */
function resolveDots(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

const withoutQuery = (path: string) => path.replace(/[?#].*/s, '');
const withoutSlash = (path: string) => path.replace(/(.)\/$/, '$1');
const mapSegments = (path: string, map: (segment: string) => string) => path.split('/').map(map).join('/');
const orRoot = (path: string) => path || '/';

/** nginx: "the normalized URI, after decoding, resolving references to relative path components and merging slashes". */
export function nginxUri(path: string): string {
  return resolveDots(decodeLeniently(withoutQuery(path)));
}

/** What is not ASCII as the characters that the encoding stands for (RFC 3987 section 3.2). */
function toIri(path: string): string {
  return path.replace(/(%[89a-f][\da-f])+/gi, decodeLeniently);
}

/** A path that is matched undecoded: none where it is no plain path, since no route is written with an encoded letter. */
function plainPaths(path: string): string[] {
  return /%[\da-f]{2}/i.test(path) ? [] : [withoutSlash(path)];
}

interface NextConfig {
  readonly basePath?: string;
  readonly assetPrefix?: string;
  readonly locales?: readonly string[];
}

/** Names the page whose data a Next.js with this configuration serves, as its routes name it and as its URL does. */
function nextReader(name: string, { basePath = '', assetPrefix = '', locales = [] }: NextConfig): PathReader {
  const locale = `(?:${locales.map((one) => `/${one}`).join('|')})?`;
  const dataUrl = new RegExp(`^(${basePath}|${assetPrefix})${locale}/_next/data/[^/]+?${locale}(/.+)?\\.json$`);
  return {
    name: `Next.js with ${name}`,
    source: 'next/dist/shared/lib/router/utils/get-next-pathname-info.js, app-paths.js, segment-prefix-rsc.js',
    serves: (path) => {
      const decoded = decodeLeniently(withoutQuery(path));
      const data = dataUrl.exec(decoded);
      if (data) {
        const [, base, page = '/'] = data;
        const route = page.replace(/^\/index$/, '/');
        return [route, withoutSlash((base === basePath ? basePath : '') + route)];
      }
      const page = decoded.replace(/\.segments\/.+\.segment\.rsc$|(\.prefetch)?\.rsc$/, '');
      return page === decoded ? [] : [orRoot(page.replace(/^\/index$/, ''))];
    },
  };
}

export const READERS: readonly PathReader[] = [
  {
    name: 'WHATWG URL',
    source: 'https://url.spec.whatwg.org/#path-state; what Hono and other Fetch frameworks route by',
    serves: (path) => [withoutSlash(decodeLeniently(new URL(`https://h${path}`).pathname))],
  },
  {
    name: 'RFC 3986',
    source: 'RFC 3986 section 6.2.2: unreserved characters decoded, dot segments removed, empty segments kept',
    serves: (path) => {
      const unreserved = /%(2d|2e|5f|7e|3\d|[46][1-9a-f]|[57][\da])/gi;
      const decoded = toIri(withoutQuery(path).replace(unreserved, decodeLeniently));
      const kept: string[] = [];
      for (const segment of decoded.slice(1).split('/')) {
        if (segment === '..') kept.pop();
        else if (segment !== '.') kept.push(segment);
      }
      return plainPaths(`/${kept.join('/')}`);
    },
  },
  {
    name: 'nginx',
    source: 'https://nginx.org/en/docs/http/ngx_http_core_module.html#location',
    serves: (path) => [nginxUri(path)],
  },
  {
    name: 'Tomcat',
    source: 'org.apache.catalina.connector.CoyoteAdapter: parsePathParameters, then decode, then normalize',
    serves: (path) => {
      const bare = mapSegments(withoutQuery(path), (segment) => segment.replace(/;.*/s, ''));
      return [resolveDots(decodeLeniently(bare).replaceAll('\\', '/'))];
    },
  },
  {
    name: 'Spring MVC',
    source: 'AntPathMatcher with useSuffixPatternMatch and useTrailingSlashMatch; UrlPathHelper removes ;content',
    serves: (path) => {
      const bare = mapSegments(decodeLeniently(withoutQuery(path)), (segment) => segment.replace(/;.*/s, ''));
      const resolved = resolveDots(bare);
      return [resolved, resolved.replace(/\.[^/]*$/, '')];
    },
  },
  {
    name: 'IIS with ASP.NET',
    source: 'Win32 file naming conventions; defaultDocument of web.config; cookieless session state',
    serves: (path) => {
      const unicode = withoutQuery(path).replace(/%u([\da-f]{4})/gi, (_, hex) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
      const slashes = decodeLeniently(unicode)
        .replaceAll('\\', '/')
        .replace(/\/\(\w\([^/]*\)\)(?=\/|$)/g, '');
      const trimmed = mapSegments(slashes, (segment) => {
        const name = segment.replace(/:.*/s, '').replace(/ +$/, '');
        return /^\.{1,2}$/.test(name) ? name : name.replace(/[. ]+$/, '');
      });
      const lower = resolveDots(trimmed).toLowerCase();
      return [lower, orRoot(lower.replace(/\/(default\.(html?|aspx?)|index\.html?)$/, ''))];
    },
  },
  {
    name: 'CGI on Windows',
    source: 'WideCharToMultiByte with best fit (bestfit1252.txt): letters of full width are those of ASCII',
    serves: (path) => {
      const ansi = nginxUri(path).replace(/[\uff01-\uff5e]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0));
      return [withoutSlash(resolveDots(ansi.replaceAll('\\', '/')).toLowerCase())];
    },
  },
  {
    name: 'ASP.NET OData',
    source: 'OData 4.01 URL conventions section 4.3.1: /Users(1) is an entity of /Users',
    serves: (path) => [mapSegments(nginxUri(path), (segment) => segment.replace(/\([^/]*\)$/, '')).toLowerCase()],
  },
  {
    name: 'Express',
    source: 'https://expressjs.com/en/4x/api.html#express.router: case-insensitive, not strict, matched undecoded',
    serves: (path) => plainPaths(toIri(withoutQuery(path)).toLowerCase()),
  },
  {
    name: 'URLPattern with ignoreCase',
    source: 'https://urlpattern.spec.whatwg.org: compiled with the flags v and i, so that ſ is s',
    serves: (path) => [withoutSlash(nginxUri(path)).toLowerCase().replaceAll('ſ', 's')],
  },
  {
    name: 'Rails',
    source: 'ActionDispatch::Journey: normalize_path, and (.:format) at the end of every resource',
    serves: (path) => {
      const normal = resolveDots(decodeLeniently(withoutQuery(path)));
      return [normal, normal.replace(/\.[^./]*$/, '')];
    },
  },
  nextReader('its defaults', {}),
  nextReader('basePath', { basePath: '/docs' }),
  nextReader('assetPrefix', { assetPrefix: '/cdn' }),
  nextReader('i18n', { locales: ['en', 'fr', 'nl-NL'] }),
  nextReader('i18n and basePath', { basePath: '/docs', locales: ['en', 'fr', 'nl-NL'] }),
  {
    name: 'SvelteKit',
    source: '@sveltejs/kit src/runtime/pathname.js: has_data_suffix, strip_data_suffix, strip_resolution_suffix',
    serves: (path) => {
      const decoded = decodeLeniently(withoutQuery(path));
      const page = decoded.replace(/\.html__data\.json$/, '.html').replace(/\/__(data\.json|route\.js)$/, '');
      return [orRoot(withoutSlash(page))];
    },
  },
  {
    name: 'React Router',
    source: 'https://reactrouter.com single fetch: .data, /_root.data, /_.data; routes ignore case',
    serves: (path) => {
      const decoded = decodeLeniently(withoutQuery(path)).toLowerCase();
      return [orRoot(withoutSlash(decoded.replace(/\/(_root|_)\.data$|\.data$/, '')))];
    },
  },
  {
    name: 'Nuxt',
    source: 'nuxt src/app/composables/payload.ts: /page/_payload.json',
    serves: (path) => [orRoot(withoutSlash(nginxUri(path).replace(/\/_payload\.js(on)?$/, '')))],
  },
  {
    name: 'Qwik City',
    source: '@builder.io/qwik-city: QDATA_JSON = /q-data.json',
    serves: (path) => [orRoot(withoutSlash(nginxUri(path).replace(/\/q-data\.json$/, '')))],
  },
  {
    name: 'Gatsby',
    source: 'gatsby-page-utils: /page-data/<page or index>/page-data.json, below pathPrefix',
    serves: (path) => {
      const page = /^(?:\/docs)?\/page-data(\/.+)\/page-data\.json$/.exec(nginxUri(path))?.[1];
      return page === undefined ? [] : [page.replace(/^\/index$/, '/')];
    },
  },
  {
    name: 'Vercel functions',
    source: 'the routes that vercel build writes: file extensions and /index are optional, as is the last slash',
    serves: (path) => {
      const bare = withoutSlash(decodeLeniently(withoutQuery(path)));
      return [bare, orRoot(bare.replace(/\.([cm]?[jt]s|py|go|rb)$/, '').replace(/\/index$/, ''))];
    },
  },
  {
    name: 'static files with clean URLs',
    source: 'https://github.com/vercel/serve-handler: cleanUrls; index.html of folders',
    serves: (path) => {
      const file = nginxUri(path);
      return [file, orRoot(file.replace(/\.html?$/, '').replace(/\/index$/, ''))];
    },
  },
  {
    name: 'Symfony',
    source: 'Symfony\\Component\\HttpFoundation\\Request::getPathInfo: what follows the front controller',
    serves: (path) => {
      const frontController = /^\/((index|app|app_dev)\.php(?=\/|$)|main\.php(?=\/))/;
      return [orRoot(nginxUri(path).replace(frontController, ''))];
    },
  },
  {
    name: 'PHP scripts',
    source: 'Apache AcceptPathInfo, nginx fastcgi_split_path_info: the rest of the path belongs to the script',
    serves: (path) => {
      const script = /^(.*?)\.php(\/.*)?$/.exec(nginxUri(path))?.[1];
      return script === undefined ? [] : [script.replace(/\/index$/, '') || '/'];
    },
  },
];
