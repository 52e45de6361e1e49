export interface Pending {
  waitUntil(promise: Promise<unknown>): void;
  /** Waits for all that `waitUntil` was given, `limit` at most. Never rejects. */
  settle(): Promise<void>;
}

/**
 * A `waitUntil` for platforms that have none and may freeze the process with the answer: call `settle` before it.
 * `limit`: in milliseconds; default a second. What takes longer goes on when the process is thawed, or never: freshness is
 * judged by the clock alone.
 */
export function collectPending({ limit = 1000 } = {}): Pending {
  const pending: Promise<unknown>[] = [];
  return {
    waitUntil: (promise) => void pending.push(promise),
    async settle() {
      if (pending.length === 0) return;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, limit);
      });
      await Promise.race([Promise.allSettled(pending), late]);
      clearTimeout(timer);
    },
  };
}
