import type { FetchJwksError } from './fetch-jwks.ts';
import type { FailureNote } from './notes.ts';

/** Seconds: of each delay, the part that chance decides. It keeps many from coming back together. */
const JITTER = 0.2;

/** Seconds by which the clocks of those who share a store may differ. */
export const SKEW = 5;

/**
 * What is known of an origin that fails, from an attempt of our own or from a note of somebody who shares the store. Times
 * in seconds since the epoch.
 */
export class Outage {
  /** Why it failed, where the attempt was ours. */
  failure: FetchJwksError | undefined;
  /** In a row. */
  failures = 0;
  /** Long before any moment, where it has not failed. */
  #failedAt = Number.NEGATIVE_INFINITY;
  #askedAt = 0;
  #retryAt = 0;
  readonly #maxDelay: number;

  /** `maxDelay` in seconds. */
  constructor(maxDelay: number) {
    this.#maxDelay = maxDelay;
  }

  /** Whether it failed, to anybody's knowledge, after that moment. */
  hasFailedSince(moment: number): boolean {
    return this.#failedAt > moment;
  }

  /** Whether the origin has had its time to recover. */
  mayAsk(now: number): boolean {
    return now >= this.#retryAt || now < this.#askedAt;
  }

  /**
   * Whether it failed so shortly ago that usable keys are used without waiting for it: in the last two longest delays, in which
   * somebody has asked it again if there were any requests.
   */
  isKnown(now: number): boolean {
    return Math.abs(now - this.#failedAt) < 2 * this.#maxDelay;
  }

  /** Seconds, whole, at least one. */
  retryAfter(now: number): number {
    return Math.max(1, Math.ceil(this.#retryAt - now));
  }

  /** The same, at most, should the attempt fail that is under way. */
  nextDelay(hasKeys: boolean): number {
    return Math.max(1, Math.ceil(this.#delay(hasKeys)));
  }

  fail(
    failure: FetchJwksError,
    { startedAt, now, hasKeys }: { startedAt: number; now: number; hasKeys: boolean },
  ): void {
    const delay = this.#delay(hasKeys) * (1 - JITTER * Math.random());
    this.failure = failure;
    this.failures = Math.min(this.failures + 1, 16);
    this.#failedAt = now;
    this.#askedAt = startedAt;
    this.#retryAt = now + delay;
  }

  succeed(now: number): void {
    this.failure = undefined;
    this.failures = 0;
    this.#failedAt = Number.NEGATIVE_INFINITY;
    this.#askedAt = now;
    this.#retryAt = 0;
  }

  /** The next attempt need not wait for its time. What is known of the failure stays. */
  allowAttempt(): void {
    this.#retryAt = 0;
  }

  /** Believes a note no longer than a failure of our own: whoever writes to a store can delay a refresh, but not prevent it. */
  learn({ failedAt, retryAt, failures }: FailureNote, now: number): void {
    const isOfNow = Math.abs(now - failedAt) < 2 * this.#maxDelay && retryAt < now + this.#maxDelay + SKEW;
    if (!isOfNow || failedAt > now + SKEW) return;
    this.#failedAt = Math.max(this.#failedAt, Math.min(failedAt, now));
    this.failures = Math.max(this.failures, Math.min(failures, 16));
    this.#askedAt = now;
    // Not all at the same moment: who is first tells the others.
    if (retryAt > now) this.#retryAt = Math.max(this.#retryAt, retryAt + 2 * Math.random());
  }

  /** Somebody else asks an origin that is known to fail: what that brings is known by then. */
  postpone(retryAt: number): void {
    this.#retryAt = Math.max(this.#retryAt, retryAt);
  }

  /** What the others are told, once it has failed. `retryAt`: of who asks it again just now. */
  toNote(retryAt = this.#retryAt): FailureNote {
    return { failedAt: this.#failedAt, retryAt, failures: this.failures };
  }

  /** Seconds. The first retry comes soon. Then, with keys at hand nobody is in a hurry; without any, all wait for it. */
  #delay(hasKeys: boolean): number {
    const delay = hasKeys && this.failures > 0 ? 15 * 2 ** (this.failures - 1) : 2 ** this.failures;
    return Math.min(this.#maxDelay, delay);
  }
}
