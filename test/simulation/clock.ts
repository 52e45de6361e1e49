import { AsyncLocalStorage } from 'node:async_hooks';

/** Where code runs: one Worker isolate, or one Node.js process. */
export interface Host {
  readonly dataCentre: number;
  /** Milliseconds by which its wall clock is ahead. */
  skew: number;
  isDead: boolean;
}

/** One request's life within its host. On workerd its timers and I/O end with it. */
export interface Activity {
  readonly host: Host;
  isOver: boolean;
}

/** Something that happens at a virtual time. `plan`: the scenario's own; the others belong to an activity. */
export interface Occurrence {
  at: number;
  readonly kind: 'plan' | 'timer' | 'io';
  readonly activity: Activity | undefined;
  readonly run: () => void;
  /** What happens instead when the host was frozen in the meantime. */
  readonly cut: (() => void) | undefined;
  isCancelled: boolean;
}

const activities = new AsyncLocalStorage<Activity>();

/** Whose code runs now. */
export const currentActivity = (): Activity | undefined => activities.getStore();

export const runAs = <T>(activity: Activity, work: () => T): T => activities.run(activity, work);

/** Virtual time in milliseconds: a queue of what happens when. Equal times keep the order in which they were set. */
export class Clock {
  now = 0;
  /** Whether something has begun that promises go on with. */
  isRestless = false;
  #queue: Occurrence[] = [];

  schedule(
    delay: number,
    kind: Occurrence['kind'],
    run: () => void,
    { activity, cut }: { activity?: Activity | undefined; cut?: () => void } = {},
  ): Occurrence {
    const at = this.now + Math.max(0, delay);
    const occurrence = { at, kind, activity, run, cut, isCancelled: false };
    this.#insert(occurrence);
    return occurrence;
  }

  /** What is still to come, of one host or of all. */
  pending(host?: Host): Occurrence[] {
    return this.#queue.filter(({ isCancelled, activity }) => !isCancelled && (!host || activity?.host === host));
  }

  /** Puts an occurrence that was cancelled back, `delay` from now. */
  resume(occurrence: Occurrence, delay: number): void {
    this.#queue = this.#queue.filter((other) => other !== occurrence);
    occurrence.isCancelled = false;
    occurrence.at = this.now + Math.max(0, delay);
    this.#insert(occurrence);
  }

  /** Runs all that happens until `end`; `settle` lets promises and crypto come to rest in between. */
  async runUntil(end: number, settle: () => Promise<void>): Promise<void> {
    for (let next = this.#queue.at(-1); next && next.at <= end; next = this.#queue.at(-1)) {
      this.#queue.pop();
      const { activity, isCancelled, run } = next;
      if (isCancelled || activity?.isOver || activity?.host.isDead) continue;
      this.now = next.at;
      this.isRestless = activity !== undefined;
      if (activity) runAs(activity, run);
      else run();
      if (this.isRestless) await settle();
    }
    this.now = end;
  }

  /** The queue is sorted, the next one last. */
  #insert(occurrence: Occurrence): void {
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#queue[middle]?.at ?? 0) > occurrence.at) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, occurrence);
  }
}

/**
 * An answer over a network: `produce` makes it when it comes. It never comes where its request is over, and is an error
 * where the host was frozen meanwhile. `delay` may be Infinity.
 */
export function answerAfter<T>(clock: Clock, delay: number, produce: () => T, signal?: AbortSignal | null): Promise<T> {
  const activity = currentActivity();
  return new Promise((resolve, reject) => {
    if (activity?.isOver) return;
    const run = () => {
      try {
        resolve(produce());
      } catch (error) {
        reject(error);
      }
    };
    const cut = () => reject(new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }));
    const occurrence = clock.schedule(delay, 'io', run, { activity, cut });
    signal?.addEventListener('abort', () => {
      occurrence.isCancelled = true;
      reject(signal.reason);
    });
  });
}
