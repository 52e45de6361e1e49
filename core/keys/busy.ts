/**
 * What some request of this process or isolate is at for all of them, as plain numbers: on Workers nobody may wait for
 * another request's promise (panva/jose#355), but everybody may look.
 */
export class Busy<Purpose extends string> {
  readonly #since = new Map<Purpose, number>();
  readonly #limit: number;

  /** `limit` in seconds: what a request that was cancelled was at never ends, and is not believed for longer. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  has(purpose: Purpose, now: number): boolean {
    return Math.abs(now - (this.#since.get(purpose) ?? Number.NEGATIVE_INFINITY)) < this.#limit;
  }

  async run<T>(purpose: Purpose, now: number, work: () => Promise<T>): Promise<T> {
    this.#since.set(purpose, now);
    try {
      return await work();
    } finally {
      this.#since.delete(purpose);
    }
  }
}
