import { SHARES_PROMISES } from '../../runtime.ts';
import { pollUntil, waitWithin } from '../timeout.ts';

/** `isCurrent`: whether nobody has given it up and begun anew. */
export type Work = (isCurrent: () => boolean) => Promise<unknown>;

/** What a request that joins lends and allows. */
export interface JoinOptions {
  /** Keeps the work going after the request; undefined where whoever calls does that. */
  readonly waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
  /** How long it waits at most, in milliseconds. @defaultValue as long as it takes */
  readonly limit?: number | undefined;
}

/** Milliseconds between two looks at another request's work. */
const INTERVAL = 10;

/**
 * Work that one request does for all of them. On Node.js the others wait for its promise. On Workers such a promise never
 * settles once its own request is over (panva/jose#355), so they look at plain state, by their own timers.
 */
export class SingleFlight {
  #running: { readonly startedAt: number; readonly work: Promise<unknown> } | undefined;
  readonly #maxDuration: number;

  /**
   * `maxDuration` in milliseconds: work that a cancelled request left behind, or that an environment froze, counts no longer than
   * this.
   */
  constructor(maxDuration: number) {
    this.#maxDuration = maxDuration;
  }

  isRunning(): boolean {
    return this.#running !== undefined && this.runsFor() < this.#maxDuration;
  }

  /** Milliseconds since it began; 0 when nothing is under way. */
  runsFor(): number {
    return this.#running ? Math.abs(Date.now() - this.#running.startedAt) : 0;
  }

  /**
   * Starts the work, unless it is under way, and waits for it. After `limit` the work goes on without the request. It does not
   * need to be this request's own work that was done: look at the state again.
   */
  async join(work: Work, { waitUntil, limit }: JoinOptions): Promise<void> {
    if (!this.isRunning()) {
      await waitFor(this.#start(work, waitUntil), limit);
    } else if (SHARES_PROMISES) {
      await waitFor(this.#running?.work, limit);
    } else {
      await pollUntil(() => !this.isRunning(), { interval: INTERVAL, limit: limit ?? this.#maxDuration });
    }
  }

  #start(work: Work, waitUntil: JoinOptions['waitUntil']): Promise<unknown> {
    const startedAt = Date.now();
    const isCurrent = () => this.#running?.startedAt === startedAt;
    const running = {
      startedAt,
      work: work(isCurrent).finally(() => {
        if (this.#running === running) this.#running = undefined;
      }),
    };
    this.#running = running;
    // A client that hangs up before the answer must not keep the keys from the others.
    waitUntil?.(running.work);
    return running.work;
  }
}

async function waitFor(work: Promise<unknown> | undefined, limit: number | undefined): Promise<void> {
  if (limit === undefined || !work) await work;
  else await waitWithin(limit, work);
}
