/** The image optimisers of Next.js and Vercel: what they serve is named in the query. */
const OPTIMISER = /\/_(next|vercel)\/image\/?$/i;

/** The images of which an image optimiser serves a copy for this target, as targets of their own. */
export function imageSources(target: string): string[] {
  const [path = '', query = ''] = target.split(/\?(.*)/s);
  return isOptimiser(path) ? new URLSearchParams(query).getAll('url') : [];
}

function isOptimiser(path: string): boolean {
  try {
    return OPTIMISER.test(decodeURIComponent(path));
  } catch {
    return false;
  }
}
