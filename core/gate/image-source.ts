/**
 * The image optimisers of Next.js and Vercel: what they serve is named in the query. That of Next.js answers whatever begins so
 * (`/_next/images/x`) where a route of the app takes all other paths (`app/[...slug]`).
 */
const OPTIMISER = /\/_(next|vercel)\/image/i;

/** The images of which an image optimiser serves a copy for this target, as targets of their own. */
export function imageSources(target: string): string[] {
  const start = target.indexOf('?');
  if (start < 0 || !isOptimiser(target.slice(0, start))) return [];
  return new URLSearchParams(target.slice(start + 1)).getAll('url');
}

function isOptimiser(path: string): boolean {
  try {
    return OPTIMISER.test(decodeURIComponent(path));
  } catch {
    return false;
  }
}
