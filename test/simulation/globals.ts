import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Random } from '../support/random.ts';
import { answerAfter, type Clock, currentActivity, type Occurrence } from './clock.ts';

/** Milliseconds since the epoch at which every run begins. */
export const EPOCH = 1_800_000_000_000;

export interface Globals {
  /** Lets promises and the real crypto come to rest; virtual time stands still meanwhile. */
  settle(): Promise<void>;
  restore(): void;
  readonly unhandled: unknown[];
}

/** Puts virtual time, chance and `caches` in the place of the real ones. */
export function replaceGlobals(clock: Clock, random: Random, caches: () => unknown): Globals {
  const undo: (() => void)[] = [];
  const replace = (target: object, name: string, descriptor: PropertyDescriptor) => {
    const previous = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { configurable: true, ...descriptor });
    undo.push(() => {
      if (previous) Object.defineProperty(target, name, previous);
      else Reflect.deleteProperty(target, name);
    });
  };
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  const setTimeout = (run: (...values: unknown[]) => void, delay = 0, ...values: unknown[]) => {
    const activity = currentActivity();
    if (!activity) return real.setTimeout(run, delay, ...values);
    return new Timer(clock.schedule(delay, 'timer', () => run(...values), { activity }));
  };
  const clearTimeout = (timer: unknown) => {
    if (timer instanceof Timer) timer.cancel();
    else real.clearTimeout(timer as NodeJS.Timeout | undefined);
  };
  replace(globalThis, 'setTimeout', { writable: true, value: setTimeout });
  replace(globalThis, 'clearTimeout', { writable: true, value: clearTimeout });
  replace(Date, 'now', { writable: true, value: () => EPOCH + clock.now + (currentActivity()?.host.skew ?? 0) });
  replace(performance, 'now', { writable: true, value: () => clock.now });
  replace(Math, 'random', { writable: true, value: () => random.next() });
  const randomUUID = () => `00000000-0000-4000-8000-${String(random.integer(0, 999_999_999_999)).padStart(12, '0')}`;
  replace(crypto, 'randomUUID', { writable: true, value: randomUUID });
  replace(globalThis, 'caches', { get: caches });
  replace(globalThis, 'fetch', { writable: true, value: () => answerAfter(clock, Number.POSITIVE_INFINITY, () => {}) });
  replace(AbortSignal, 'timeout', {
    writable: true,
    value(delay: number) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new DOMException('The operation timed out', 'TimeoutError')), delay);
      return controller.signal;
    },
  });
  let pendingCrypto = 0;
  for (const name of ['importKey', 'digest'] as const) {
    const operation: (...values: never[]) => Promise<unknown> = crypto.subtle[name].bind(crypto.subtle);
    const results = new Map<string, Promise<unknown>>();
    // Real, but once for the same key: what it takes from the thread pool is most of a run's time.
    const value = (...values: never[]) => {
      const call = JSON.stringify(values, (_, part) => (ArrayBuffer.isView(part) ? String(part) : part));
      const known = results.get(call);
      if (known) return known;
      pendingCrypto += 1;
      const result = operation(...values).finally(() => {
        pendingCrypto -= 1;
      });
      results.set(call, result);
      return result;
    };
    replace(crypto.subtle, name, { writable: true, value });
  }
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', onUnhandled);
  undo.push(() => process.off('unhandledRejection', onUnhandled));
  return {
    unhandled,
    async settle() {
      do await nextTurn();
      while (pendingCrypto > 0);
    },
    restore() {
      for (const step of undo.reverse()) step();
    },
  };
}

/** What `setTimeout` returns, as Node.js has it. */
class Timer {
  readonly #occurrence: Occurrence;

  constructor(occurrence: Occurrence) {
    this.#occurrence = occurrence;
  }

  cancel(): void {
    this.#occurrence.isCancelled = true;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}
