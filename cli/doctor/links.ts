/** So many are asked for. */
const MAX_LINKS = 24;
/** One script of a folder says what all of them would. A page may be a file while the next one is not. */
const MAX_FILES_PER_FOLDER = 3;

const TAG = /<(?:script|link|img|source|video|audio|iframe|embed|object|a)\s[^<>]*/gi;
const ATTRIBUTE = /\s(href|src|srcset|imagesrcset|poster|data)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi;

/** Pomerium's own pages, and what Cloudflare itself answers in front of every site. */
const NOT_OF_THE_APP = /^\/(\.pomerium|cdn-cgi)(\/|$)/;

export interface Page {
  readonly html: string;
  readonly url: URL;
}

/**
 * Paths, with their query, of what pages of the endpoint are made of and lead to: what is loaded first, then other pages.
 * `host`: the route's, which stands in absolute links.
 */
export function linksIn(pages: readonly Page[], host: string): string[] {
  const files = new Set<string>();
  const otherPages = new Set<string>();
  for (const { html, url } of pages) {
    for (const { reference, isPage } of tagsIn(html)) {
      const path = pathOf(reference, url, host);
      if (path !== undefined) (isPage ? otherPages : files).add(path);
    }
  }
  return [...new Set([...fewOfEachFolder(files), ...otherPages])].slice(0, MAX_LINKS);
}

/** The data of a page as Next.js's pages router serves it: under the id of its build, which each page tells. */
export function dataUrlsIn(pages: readonly Page[]): string[] {
  return pages.flatMap(({ html, url }) => {
    const [, build] = /"buildId":"([\w-]{1,100})"/.exec(html) ?? [];
    const path = url.pathname.replace(/\/+$/, '') || '/index';
    return build === undefined ? [] : [`/_next/data/${build}${path}.json`];
  });
}

/** What tags name, as they write it. */
function tagsIn(html: string): { reference: string; isPage: boolean }[] {
  return [...html.matchAll(TAG)].flatMap(([tag]) => {
    const isPage = /^<(a|iframe)\s/i.test(tag);
    return [...tag.matchAll(ATTRIBUTE)].flatMap(([, name = '', ...values]) => {
      const value = (values.find((one) => one !== undefined) ?? '').replace(/&(amp|#38|#x26);/gi, '&').trim();
      const references = /srcset$/i.test(name)
        ? value.split(/,\s+/).map((one) => one.split(/\s/, 1)[0] ?? '')
        : [value];
      return references.filter((one) => one !== '').map((reference) => ({ reference, isPage }));
    });
  });
}

function pathOf(reference: string, page: URL, host: string): string | undefined {
  if (!URL.canParse(reference, page.href)) return undefined;
  const { protocol, origin, hostname, pathname, search } = new URL(reference, page);
  const isOwn = origin === page.origin || (/^https?:$/.test(protocol) && hostname === host);
  return isOwn && !NOT_OF_THE_APP.test(pathname) ? pathname + search : undefined;
}

function fewOfEachFolder(paths: ReadonlySet<string>): string[] {
  const counts = new Map<string, number>();
  return [...paths].filter((path) => {
    const [pathname = ''] = path.split('?', 1);
    const [folder, name] = [pathname.slice(0, pathname.lastIndexOf('/')), pathname.slice(pathname.lastIndexOf('/'))];
    const kind = `${folder}/*${name.includes('.') ? name.slice(name.lastIndexOf('.')) : ''}`;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return count <= MAX_FILES_PER_FOLDER;
  });
}
