/** A rule's path as the spellings of a request are held against it. */
export interface SpelledRule {
  readonly segments: readonly string[];
  readonly isPrefix: boolean;
}

/** Extensions of files that servers also serve without them: a rule for `/api/admin.ts` is one for `/api/admin`. */
const SOURCE_EXTENSION = /([^/])\.([cm]?[jt]sx?|aspx?|go|html?|json|php|py|rb)$/i;

/** A segment that only says which document of a folder is meant; `__data` is SvelteKit's, `_payload` Nuxt's, `_root` React Router's. */
const DOCUMENT = /^(index|(default|q-data|_+(data|next|payload|root|route)?)(?=\.))? *([.;]|$)/i;

/** What may follow a name in a spelling of its segment: a format, parameters, a key or method; on Windows also spaces. */
const AFTER_NAME = /^( *([.;:]|$)|\()/;

/** A segment after which all others belong to it: scripts' path information, and Next.js's files for the parts of a page. */
const TAKES_THE_REST = /\.(as[hmp]x?|cgi|php\d?|pl|segments)\b/i;

/** The segments of a canonical path as a server that ignores case reads them. A later reader may take `?` for a query. */
export function toSegments(path: string): string[] {
  // The other order leaves a Greek sigma that depends on what follows.
  return path
    .replace(/[?#].*/s, '')
    .toLowerCase()
    .toUpperCase()
    .normalize()
    .split('/')
    .filter(Boolean);
}

/** The segments of a rule's path. */
export function toRuleSegments(path: string): string[] {
  return toSegments(path.replace(/\/$/, '').replace(SOURCE_EXTENSION, '$1'));
}

/** Whether a server could serve for these segments what the rule is for. */
export function isSpellingOf(rule: SpelledRule, segments: readonly string[]): boolean {
  let matched = 0;
  let takesTheRest = rule.isPrefix;
  for (const segment of segments) {
    const name = rule.segments[matched];
    if (name === undefined && takesTheRest) return true;
    if (name !== undefined && segment.startsWith(name) && AFTER_NAME.test(segment.slice(name.length))) matched += 1;
    else if (!DOCUMENT.test(segment)) return false;
    takesTheRest = rule.isPrefix || TAKES_THE_REST.test(segment);
  }
  return rule.segments.slice(matched).every((name) => DOCUMENT.test(name));
}

const NEXT_DATA = /^(.*?)\/_next\/data\/[^/]+?(\/.*?)?(\.json)?$/is;
const GATSBY_DATA = /^(.*?)\/page-data(\/.*)\/page-data\.json$/s;
const LAST_LOCALE = /\/[a-z]{2}([a-z]?(-\w+)+)?$/i;
const FIRST_LOCALE = /^\/[a-z]{2}([a-z]?(-\w+)+)?(?=\/|$)/i;

/**
 * The path, and the pages whose data a server could serve for it. What stands before Next.js's `_next` may be a part of the
 * page's path (`basePath`) or not (`assetPrefix`, a locale), and a page without its locale is the same page.
 */
export function pathsServed(path: string): string[] {
  // Tested first: without it, GATSBY_DATA takes quadratic time.
  const isGatsby = path.endsWith('/page-data.json');
  const match = NEXT_DATA.exec(path) ?? (isGatsby ? GATSBY_DATA.exec(path) : null);
  if (!match) return [path];
  const [, before = '', data = ''] = match;
  const page = data === '/index' ? '' : data;
  const pages = ['', before, before.replace(LAST_LOCALE, '')].flatMap((base) => [
    base + page,
    base + page.replace(FIRST_LOCALE, ''),
  ]);
  return [path, ...pages.map((one) => one || '/')];
}
