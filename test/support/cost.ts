/** The least of nine times that the work takes, in milliseconds: noise only adds. */
export function costOf(work: () => unknown): number {
  const runs = Array.from({ length: 9 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...runs);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
