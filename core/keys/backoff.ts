import type { OriginError } from './origin.ts';

/** Until when the origin is not asked again. Times in seconds since the epoch, counted from the attempt. */
export class Backoff {
  /** Why the origin last failed; undefined after a success. */
  failure: OriginError | undefined;
  #failures = 0;
  #retryAt = 0;
  readonly #longest: number;

  constructor(longest: number) {
    this.#longest = longest;
  }

  get retryAt(): number {
    return this.#retryAt;
  }

  isOver(now: number): boolean {
    return now >= this.#retryAt;
  }

  /** Doubles from a second up to the longest; the jitter keeps many isolates from coming back together. Gives the delay. */
  fail(failure: OriginError, startedAt: number): number {
    const delay = Math.min(this.#longest, 2 ** this.#failures) * (0.5 + Math.random() / 2);
    this.failure = failure;
    this.#failures = Math.min(this.#failures + 1, 16);
    this.#retryAt = startedAt + delay;
    return delay;
  }

  succeed(retryAt: number): void {
    this.failure = undefined;
    this.#failures = 0;
    this.#retryAt = retryAt;
  }
}
