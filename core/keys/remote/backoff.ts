import type { FetchJwksError } from './fetch-jwks.ts';

/** Until when the origin is not asked again. Times in seconds since the epoch, counted from the attempt. */
export class Backoff {
  /** Why the origin last failed; undefined after a success. */
  failure: FetchJwksError | undefined;
  #failures = 0;
  #retryAt = 0;
  readonly #maxDelay: number;

  /** `maxDelay` in seconds. */
  constructor(maxDelay: number) {
    this.#maxDelay = maxDelay;
  }

  get retryAt(): number {
    return this.#retryAt;
  }

  hasElapsed(now: number): boolean {
    return now >= this.#retryAt;
  }

  /** Doubles from a second to `maxDelay`; the jitter keeps many isolates from coming back together. Returns the delay. */
  fail(failure: FetchJwksError, startedAt: number): number {
    const delay = Math.min(this.#maxDelay, 2 ** this.#failures) * (0.5 + Math.random() / 2);
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
