/** A rule's path as the spellings of a request are held against it. */
export interface SpelledRule {
  readonly segments: readonly string[];
  readonly isPrefix: boolean;
}

/** Extensions of files that servers also serve without them: a rule for `/api/admin.ts` is one for `/api/admin`. */
const SOURCE_EXTENSION = /([^/])\.([cm]?[jt]sx?|aspx?|go|html?|json|php|py|rb)$/i;

/**
 * A segment that only says which document of a folder is meant; `app_dev` is Symfony's, `__data` SvelteKit's, `_payload` Nuxt's,
 * `_root` React Router's.
 */
const DOCUMENT =
  /^(index|app(_\w+)?(?=\.php)|(default|page-data|q-(loader-)?data|_+(data|next|payload|root|route)?)(?=\.))? *([.;]|$)/i;

/** What may follow a name in a spelling of its segment: a format, parameters, a key or method; on Windows also spaces. */
const AFTER_NAME = /^( *([.;:]|$)|\()/;

/** A script: all other segments belong to it. */
const TAKES_THE_REST = /\.(as[hmp]x?|cgi|php\d?|pl)\b/i;

/**
 * A format after a name: what follows may be the path information of the same resource (`/admin.do/x`), or the file of Next.js
 * for a part of the page (`/admin.segments/x`).
 */
const HAS_FORMAT = /^[^;:(]*\./;

/** The segments of a canonical path as a server that ignores case reads them. A later reader may take `?` for a query. */
export function toSegments(path: string): string[] {
  // Parted first: a slash that NFKC makes (of ℀) parts nothing. The other order of cases leaves a Greek sigma that depends on what
  // follows. The dot is what lower case leaves of İ.
  return path
    .replace(/[?#].*/s, '')
    .split('/')
    .map((one) => one.normalize('NFKC').toLowerCase().replaceAll('\u0307', '').toUpperCase().normalize())
    .filter(Boolean);
}

/** The segments of a rule's path. */
export function toRuleSegments(path: string): string[] {
  return toSegments(path.replace(/\/$/, '').replace(SOURCE_EXTENSION, '$1'));
}

/** Whether a server could serve for these segments what the rule is for. */
export function isSpellingOf({ segments: names, isPrefix }: SpelledRule, segments: readonly string[]): boolean {
  let matched = 0;
  let last: SegmentKind | undefined;
  for (const segment of segments) {
    const name = names[matched];
    if (name === undefined && (isPrefix || last === 'resource')) return true;
    const isNamed = name !== undefined && segment.startsWith(name) && AFTER_NAME.test(segment.slice(name.length));
    if (isNamed) matched += 1;
    last = kindOf(segment, isNamed ? segment.slice(name.length) : undefined);
    if (!last) return false;
  }
  return last !== 'script' && names.slice(matched).every((name) => DOCUMENT.test(name));
}

/** What a segment is to a rule. The examples are for the path `/admin`, no prefix. */
type SegmentKind =
  /** The rule's name, or one that only says which document is meant: `/admin;x=1`, `/index/admin`. */
  | 'name'
  /** The same as a script or with a format, to which what follows may belong: `/admin.json/x`, `/index.php/admin`. */
  | 'resource'
  /** A script of another name. A front controller serves what follows: `/main.php/admin`, but not `/admin/main.php`. */
  | 'script';

/**
 * `afterName`: what follows the rule's name, where the segment is a spelling of it. Undefined: the path is no spelling of the
 * rule's, such as `/users/admin`.
 */
function kindOf(segment: string, afterName: string | undefined): SegmentKind | undefined {
  const isOther = afterName === undefined && !DOCUMENT.test(segment);
  if (TAKES_THE_REST.test(segment)) return isOther ? 'script' : 'resource';
  if (isOther) return undefined;
  return HAS_FORMAT.test(afterName ?? segment) ? 'resource' : 'name';
}

const NEXT_DATA = /^(.*?)\/_next\/data\/[^/]+?(\/.*?)?(\.json)?$/is;
/** Of a path that ends so. */
const GATSBY_DATA = /^(.*?)\/page-data(\/.*)\/page-data\.json/s;
/** What is served then, a path does not tell: Next.js reads the inner one in turn, and a later reader may take `?` for a query. */
const UNCLEAR_DATA = /(\/_next\/data\/.*){2}|\/page-data\.json[?#]/is;

/**
 * The path, and the pages whose data a server could serve for it. What stands before Next.js's `_next` may be a part of the
 * page's path (`basePath`) or not (`assetPrefix`, a locale), and a page without its locale, which may be any name, is the same
 * page. The root may be an empty text. Null where nobody can tell.
 */
export function pathsServed(path: string): (string | null)[] {
  if (UNCLEAR_DATA.test(path)) return [null];
  // Tested first: without it, GATSBY_DATA takes quadratic time.
  const isGatsby = path.endsWith('/page-data.json');
  const next = NEXT_DATA.exec(path);
  const match = next ?? (isGatsby ? GATSBY_DATA.exec(path) : null);
  if (!match) return [path];
  const [, before = '', data = ''] = match;
  const page = data === '/index' ? '' : data;
  const pages = next ? [page, page.replace(/\/[^/]+/, '')] : [page];
  const bases = ['', before, before.replace(/\/[^/]+$/, '')];
  return [path, ...bases.flatMap((base) => pages.map((one) => base + one))];
}
