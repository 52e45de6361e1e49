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

/** Resolves once `condition` holds, or after so many milliseconds. It uses this request's own timers only. */
export async function pollUntil(condition: () => boolean, milliseconds: number): Promise<void> {
  for (let waited = 0; waited < milliseconds && !condition(); waited += POLL_INTERVAL) {
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
  }
}

const POLL_INTERVAL = 5;
