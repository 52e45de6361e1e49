import { SHARES_PROMISES } from '../runtime.ts';

/**
 * Runs `work` for at most so many milliseconds; then its signal is aborted and the result is a rejection with a
 * `TimeoutError` (as `AbortSignal.timeout` has it), even if `work` never ends by itself. Leaves no timer behind.
 * `keepsProcess`: whether Node.js waits for it before it ends.
 */
export async function withTimeout<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  { keepsProcess = true }: { keepsProcess?: boolean } = {},
): Promise<T> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new DOMException(`No answer within ${milliseconds} ms`, 'TimeoutError');
      reject(error);
      controller.abort(error);
    }, milliseconds);
    if (!keepsProcess) (timer as { unref?: () => void }).unref?.();
  });
  try {
    return await Promise.race([work(controller.signal), limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `condition` holds, for `limit` at most. Both in milliseconds. It uses this request's own timers only. */
export async function pollUntil(
  condition: () => boolean | Promise<boolean>,
  { interval, limit }: { interval: number; limit: number },
): Promise<void> {
  for (const start = Date.now(); !(await condition()) && Date.now() - start < limit; ) await sleep(interval);
}

export async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Milliseconds by which a timer may be late before only a freeze explains it. */
export const TOLERANCE = 1000;

/** Until when something may take. It begins anew after a freeze of the environment (AWS Lambda): that was nobody's time. */
export class Deadline {
  readonly #limit: number;
  #startedAt = Date.now();

  /** In milliseconds. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Milliseconds that are left. */
  rest(): number {
    const elapsed = Math.abs(Date.now() - this.#startedAt);
    if (elapsed > this.#limit + TOLERANCE) this.#startedAt = Date.now();
    return Math.max(0, this.#limit - Math.abs(Date.now() - this.#startedAt));
  }
}

/** All waits that end in the same so many milliseconds share one timer: thousands of requests that wait cost nothing. */
const STEP = 50;

interface SharedTimer {
  readonly passed: Promise<void>;
  readonly timer: ReturnType<typeof setTimeout> | undefined;
  waiting: number;
}

const sharedTimers = new Map<number, SharedTimer>();

/**
 * Waits for `work`, for `limit` milliseconds at most, or a little longer; without `work`, for that long. Where requests may not share promises, by a timer of
 * its own, which ends with the request.
 */
export async function waitWithin(limit: number, work?: Promise<unknown>): Promise<void> {
  const first = (passed: Promise<void>) => (work ? Promise.race([work, passed]) : passed);
  if (!SHARES_PROMISES) {
    await first(sleep(limit));
    return;
  }
  const end = Math.ceil((Date.now() + limit) / STEP) * STEP;
  const shared = sharedTimers.get(end) ?? startTimer(end);
  shared.waiting += 1;
  try {
    await first(shared.passed);
  } finally {
    shared.waiting -= 1;
    if (shared.waiting === 0) {
      clearTimeout(shared.timer);
      sharedTimers.delete(end);
    }
  }
}

function startTimer(end: number): SharedTimer {
  let timer: SharedTimer['timer'];
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, end - Date.now());
  });
  const shared = { passed, timer, waiting: 0 };
  sharedTimers.set(end, shared);
  return shared;
}
