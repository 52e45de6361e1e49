import { BoundedMap } from '../../bounded-map.ts';
import type { KeySelector } from '../key-set.ts';

/** So many requests for unknown keys at once. */
export const BURST = 3;

/** In each `cooldown` so many more: 13 in a minute with 30 s. */
const PER_COOLDOWN = 5;

/** When a key id was first asked for. */
export interface Sighting {
  /** Seconds since the epoch. */
  readonly at: number;
  /** How many times this process had asked the origin. */
  readonly requests: number;
}

/**
 * How often the origin is asked for keys that the set does not hold. Junk costs a few requests and never delays a key that
 * is new: there are several turns, and a key id is refused only by what the origin said after it was first seen.
 * Times in seconds since the epoch; the turns are counted by the generic cell rate algorithm, whose state is one number.
 */
export class UnknownKeys {
  readonly #cooldown: number;
  readonly #interval: number;
  readonly #seen = new BoundedMap<Sighting & { readonly wait: number }>(512, 65_536);
  #until = 0;

  /** `cooldown` in seconds. */
  constructor(cooldown: number) {
    this.#cooldown = cooldown;
    this.#interval = cooldown / PER_COOLDOWN;
  }

  /**
   * What the origin said after the sighting holds for a while, which doubles: of several instances of Pomerium, one may know
   * the key that another one signs with a little later.
   */
  see({ algorithm, keyId = '' }: KeySelector, { at, requests }: Sighting): Sighting {
    const name = `${algorithm} ${keyId}`;
    const seen = this.#seen.get(name);
    if (seen && at >= seen.at && at < seen.at + seen.wait) return seen;
    const wait = seen ? Math.min(this.#cooldown, 2 * seen.wait) : this.#interval;
    this.#seen.set(name, { at, requests, wait });
    return { at, requests };
  }

  /** Seconds until the origin may be asked. */
  secondsUntilTurn(now: number): number {
    return Math.max(0, this.#untilAt(now) - (BURST - 1) * this.#interval - now);
  }

  /** Takes a turn. Returns what the others that share the store are told. */
  take(now: number): number {
    this.#until = Math.max(this.#untilAt(now), now) + this.#interval;
    return this.#until;
  }

  /** What somebody else who shares the store has taken. Believed for no longer than turns of our own. */
  learn(until: number | null, now: number): void {
    if (until !== null && until <= now + BURST * this.#interval) this.#until = Math.max(this.#until, until);
  }

  /** For how long a turn that was claimed in a store stays taken, in seconds. */
  get turnTtl(): number {
    return BURST * this.#interval;
  }

  /** Turns of a time that the clock went back from count for nothing. */
  #untilAt(now: number): number {
    return this.#until <= now + BURST * this.#interval ? this.#until : 0;
  }
}
