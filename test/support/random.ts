/** A small seeded generator (sfc32), so that a seed alone decides a run. */
export class Random {
  readonly #seed: string;
  readonly #state: [number, number, number, number];

  constructor(seed: string) {
    this.#seed = seed;
    let hash = 2_166_136_261;
    for (const char of seed) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619);
    this.#state = [hash | 0, 0x9e3779b9 | 0, 0x243f6a88, 1];
    for (let i = 0; i < 15; i++) this.next();
  }

  /** From 0 to 1, without 1. */
  next(): number {
    const s = this.#state;
    const sum = (s[0] + s[1] + s[3]) | 0;
    s[3] = (s[3] + 1) | 0;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = (s[2] + (s[2] << 3)) | 0;
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + sum;
    return (sum >>> 0) / 4_294_967_296;
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  integer(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.integer(0, values.length - 1)] ?? values[0];
  }

  /** The time to the next of events that come at random, `mean` apart. */
  untilNext(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  /** A generator of its own for one concern: what that concern draws changes nothing elsewhere. */
  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }
}
