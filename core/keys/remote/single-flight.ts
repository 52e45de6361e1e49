import { SHARES_PROMISES } from '../../runtime.ts';
import { pollUntil, waitWithin } from '../timeout.ts';

/** What the work is told. */
export interface Flight {
  /** Whether nobody has given it up and begun anew. */
  readonly isLatest: () => boolean;
  /** Whether it begins anew, after waiting for another request's. */
  readonly isRestart: boolean;
}

export type Work = (flight: Flight) => Promise<unknown>;

/** What a request that joins lends and allows. */
export interface JoinOptions {
  /** Keeps the work going after the request; undefined where whoever calls does that. */
  readonly waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
  /** How long it waits at most, in milliseconds. @defaultValue as long as it takes */
  readonly limit?: number | undefined;
}

interface Running {
  readonly startedAt: number;
  work: Promise<unknown>;
}

/** Milliseconds between two looks at another request's work. */
const INTERVAL = 10;

/**
 * Work that one request does for all of them. On Node.js the others wait for its promise. On Workers such a promise never
 * settles once its own request is over (panva/jose#355), so they look at plain state, by their own timers.
 */
export class SingleFlight {
  #running: Running | undefined;
  readonly #maxDuration: number;
  readonly #followLimit: number;

  /**
   * `maxDuration` in milliseconds: work that a cancelled request left behind, or that an environment froze, counts no longer than
   * this. `followLimit`: after so many milliseconds a request on Workers begins anew by itself.
   */
  constructor(maxDuration: number, followLimit: number) {
    this.#maxDuration = maxDuration;
    this.#followLimit = followLimit;
  }

  isRunning(): boolean {
    return this.#age() < this.#maxDuration;
  }

  /** Milliseconds since it began; 0 when nothing is under way, or only what was left behind. */
  runsFor(): number {
    return this.isRunning() ? this.#age() : 0;
  }

  #age(): number {
    return this.#running ? Math.abs(Date.now() - this.#running.startedAt) : Number.POSITIVE_INFINITY;
  }

  /**
   * Starts the work, unless it is under way, and waits for it. After `limit` the work goes on without the request. It does not
   * need to be this request's own work that was done: look at the state again.
   */
  async join(work: Work, { waitUntil, limit }: JoinOptions): Promise<void> {
    const running = this.#running;
    if (!running || !this.isRunning()) {
      await waitFor(this.#start(work, waitUntil), limit);
    } else if (SHARES_PROMISES) {
      await waitFor(running.work, limit);
    } else {
      const hasEnded = () => this.#running !== running;
      await pollUntil(hasEnded, { interval: INTERVAL, limit: Math.min(limit ?? this.#followLimit, this.#followLimit) });
      // Nobody knows whether the other request is still there.
      if (limit === undefined && !hasEnded()) await this.#start(work, waitUntil, true);
    }
  }

  #start(work: Work, waitUntil: JoinOptions['waitUntil'], isRestart = false): Promise<unknown> {
    const running: Running = { startedAt: Date.now(), work: Promise.resolve() };
    this.#running = running;
    const isLatest = () => this.#running === running;
    running.work = work({ isLatest, isRestart }).finally(() => {
      if (isLatest()) this.#running = undefined;
    });
    // A client that hangs up before the answer must not keep the keys from the others.
    waitUntil?.(running.work);
    return running.work;
  }
}

async function waitFor(work: Promise<unknown>, limit: number | undefined): Promise<void> {
  if (limit === undefined) await work;
  else await waitWithin(limit, work);
}
