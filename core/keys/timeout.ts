/**
 * Runs `work` for at most so many milliseconds; then its signal is aborted and the result is a rejection with a
 * `TimeoutError` (as `AbortSignal.timeout` has it), even if `work` never ends by itself. Leaves no timer behind.
 */
export async function withTimeout<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new DOMException(`No answer within ${milliseconds} ms`, 'TimeoutError');
      reject(error);
      controller.abort(error);
    }, milliseconds);
  });
  try {
    return await Promise.race([work(controller.signal), limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves once `condition` holds, or after `limit`. Both in milliseconds. It uses this request's own timers only. */
export async function pollUntil(
  condition: () => boolean | Promise<boolean>,
  { interval, limit }: { interval: number; limit: number },
): Promise<void> {
  for (const start = Date.now(); !(await condition()) && Date.now() - start < limit; ) {
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
