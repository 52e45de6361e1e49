/** The least of nine times that the work takes, in milliseconds: noise only adds. */
export function costOf(work: () => unknown): number {
  const runs = Array.from({ length: 9 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...runs);
}
