/**
 * Queries that a server takes for a path or a part of one: Next.js, as a parameter of a route in its Edge runtime (`nxtPid`); the
 * adapters for Vercel of SvelteKit (before it told Vercel to delete it), Astro (CVE-2026-33768) and Nitro, which write them
 * themselves behind any gate.
 */
const PATH_QUERY = /^(nxt[PI].+|__pathname|x_astro_path|__isr_route)$/;

/** Whether a server could take another path for that of this target. */
export function namesAnotherPath(target: string): boolean {
  const start = target.indexOf('?');
  return start >= 0 && [...new URLSearchParams(target.slice(start + 1)).keys()].some((name) => PATH_QUERY.test(name));
}
