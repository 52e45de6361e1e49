import type { Random } from '../support/random.ts';
import { answerAfter, type Clock, currentActivity } from './clock.ts';

export const STORE_FAULTS = ['throws', 'hangs', 'loses', 'rubbish', 'slow'] as const;
export type StoreFault = (typeof STORE_FAULTS)[number];

interface Version {
  readonly at: number;
  readonly value: string;
  readonly expiresAt: number;
}

/** Milliseconds that a read and a write take, and how long until others see what was written. */
export interface Timing {
  readonly read: readonly [number, number];
  readonly write: readonly [number, number];
  /** How long after a write a data centre sees it, at most. */
  readonly lag?: number;
  /** For how long a data centre gives again what it read. */
  readonly cached?: number;
  /** The least time between two writes of one key. */
  readonly writeInterval?: number;
}

/** A data centre's Cache API. */
export const CACHE: Timing = { read: [2, 10], write: [2, 10] };
/** Workers KV, for all data centres. */
export const KV: Timing = { read: [10, 300], write: [100, 500], lag: 30_000, cached: 30_000, writeInterval: 1000 };
/** Systems Manager's parameters. */
export const SSM: Timing = { read: [15, 120], write: [60, 250], lag: 1000, writeInterval: 300 };

/** Something that holds texts under keys, with its delays, its consistency and its faults. */
export class Shelf {
  fault: StoreFault | undefined;
  /** Since when it has the fault, or works again. */
  since = 0;
  readonly #versions = new Map<string, Version[]>();
  readonly #seen = new Map<string, { value: string | null; until: number }>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timing: Timing;

  constructor(clock: Clock, random: Random, timing: Timing) {
    this.#clock = clock;
    this.#random = random;
    this.#timing = timing;
  }

  set(fault: StoreFault | undefined): void {
    this.fault = fault;
    this.since = this.#clock.now;
  }

  /** All that a data centre sees in it now, without asking. */
  visible(dataCentre: number): [string, string][] {
    return [...this.#versions.keys()].flatMap((key): [string, string][] => {
      const value = this.#current(key, dataCentre);
      return value === null ? [] : [[key, value]];
    });
  }

  read(key: string): Promise<string | null> {
    const dataCentre = currentActivity()?.host.dataCentre ?? 0;
    const { cached = 0, read } = this.#timing;
    const seen = this.#seen.get(`${dataCentre} ${key}`);
    const isSeen = seen !== undefined && this.#clock.now < seen.until;
    return this.#answer(isSeen ? [1, 10] : read, () => {
      if (this.fault === 'loses') return null;
      if (this.fault === 'rubbish')
        return this.#random.pick(['', '{"version":1}', 'null', '{"document":"{}"', '[1e999]']);
      const value = isSeen ? seen.value : this.#current(key, dataCentre);
      if (!isSeen) this.#seen.set(`${dataCentre} ${key}`, { value, until: this.#clock.now + cached });
      return value;
    });
  }

  write(key: string, value: string, ttl: number): Promise<void> {
    return this.#answer(this.#timing.write, () => {
      const last = this.#versions.get(key)?.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
      if (this.#clock.now - last < (this.#timing.writeInterval ?? 0)) throw new Error('429 Too Many Requests');
      if (this.fault !== 'loses') this.put(key, value, ttl);
    });
  }

  /** What a stranger does who can write to it. */
  put(key: string, value: string, ttl: number): void {
    const versions = this.#versions.get(key) ?? [];
    versions.push({ at: this.#clock.now, value, expiresAt: this.#clock.now + ttl * 1000 });
    this.#versions.set(key, versions.slice(-100));
  }

  #current(key: string, dataCentre: number): string | null {
    // A data centre's own share of the delay; the writer's may be one of those that see it at once.
    const lag = ((this.#timing.lag ?? 0) * ((dataCentre * 7) % 5)) / 4;
    const version = this.#versions.get(key)?.findLast(({ at }) => at + lag <= this.#clock.now);
    return version && version.expiresAt > this.#clock.now ? version.value : null;
  }

  #answer<T>(latency: readonly [number, number], produce: () => T): Promise<T> {
    const slow = this.fault === 'slow' ? this.#random.between(100, 4000) : 0;
    const delay = this.fault === 'hangs' ? Number.POSITIVE_INFINITY : this.#random.between(...latency) + slow;
    return answerAfter(this.#clock, delay, () => {
      if (this.fault === 'throws') throw new Error('The store is out of order');
      return produce();
    });
  }
}

/** What is called `caches` where this shelf is the data centre's cache. */
export function cachesOver(shelf: Shelf) {
  return {
    open: async (name: string) => ({
      async match(url: string) {
        const text = await shelf.read(`${name} ${url}`);
        return text === null ? undefined : new Response(text);
      },
      async put(url: string, response: Response) {
        const ttl = /max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1];
        await shelf.write(`${name} ${url}`, await response.text(), Number(ttl ?? 0));
      },
    }),
  };
}

export function kvNamespaceOver(shelf: Shelf) {
  return {
    get: (key: string) => shelf.read(key),
    put: (key: string, value: string, { expirationTtl = 3600 } = {}) => shelf.write(key, value, expirationTtl),
  };
}

export function ssmClientOver(shelf: Shelf) {
  return {
    async send({ input }: { input: { Name: string; Value?: string } }): Promise<object> {
      if (input.Value !== undefined) return { r: await shelf.write(input.Name, input.Value, 1e9) };
      const value = await shelf.read(input.Name);
      if (value === null) throw Object.assign(new Error('not there'), { name: 'ParameterNotFound' });
      return { Parameter: { Value: value } };
    },
  };
}
