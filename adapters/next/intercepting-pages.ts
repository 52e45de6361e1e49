import type { GateRequest } from '../../core/adapter.ts';

/** The page from which Next.js's client asks. */
const HEADER = 'next-url';

/** More than any page has, and anybody may send thousands. */
const MAX_SEGMENTS = 64;

/**
 * The pages of which Next.js shows a part for the path that is asked for, by their intercepting routes: for `Next-Url: /admin/x`
 * those of `/admin/x`, of `/admin` and of `/`; and those of `/[team]/(.)photo`, which for `/open/photo` take the team from the
 * header, so that they stand for `/admin/photo`. Its client sends the header with each prefetch, also in an app without such routes, and Next.js 16
 * redirects each from which it was taken (`experimental.validateRSCRequestHeaders`).
 */
export function interceptingPages(headers: Headers, asked: string): GateRequest['shownIn'] {
  const page = headers.get(HEADER);
  if (page === null) return undefined;
  const segments = page.split('/', MAX_SEGMENTS + 1);
  // A header that came twice is joined with a comma. A question mark is a part of a parameter for Next.js, and no client sends one.
  if (segments.length > MAX_SEGMENTS || /[,?]/.test(page)) return { header: HEADER, paths: [''] };
  const rest = asked.split('/');
  const paths = segments.flatMap((segment, i) => {
    const start = segments.slice(0, i + 1);
    const above = start.join('/') || '/';
    return segment === '' ? above : [above, [...start, ...rest.slice(i + 1)].join('/')];
  });
  return { header: HEADER, paths };
}
