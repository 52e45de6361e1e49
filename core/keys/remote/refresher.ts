import type { KeySelector } from '../key-set.ts';
import { REFRESH_WAIT, STORE_READ_LIMIT, UNKNOWN_KEY_WAIT } from '../limits.ts';
import type { KeyContext } from '../source.ts';
import { Deadline, pollUntil, waitWithin } from '../timeout.ts';
import { FetchJwksError } from './fetch-jwks.ts';
import { freshnessOf } from './freshness.ts';
import type { HeldKeys } from './held-keys.ts';
import type { RemoteSettings } from './options.ts';
import { Outage } from './outage.ts';
import { type Flight, type JoinOptions, SingleFlight } from './single-flight.ts';
import { Turns } from './turns.ts';
import { BURST, UnknownKeys } from './unknown-keys.ts';

/** Seconds between two looks into the stores for what another instance may have put there. */
const LOOK_INTERVAL = 1;

/** The same while the origin is not asked because it fails. */
const OUTAGE_LOOK_INTERVAL = 10;

/** Milliseconds between two looks while another instance asks the origin. */
const FOLLOW_INTERVAL = 50;

/** Milliseconds for which those without keys leave the origin to another instance. */
const FOLLOW_LIMIT = 1500;

/**
 * When the origin is asked, and what happens meanwhile; the table in remote.ts says what a request waits for. In the names:
 *
 * - *look*: read the stores. *ask*: fetch from the origin. One request of this process does it for all (`SingleFlight`).
 * - *follow*: look again and again while another instance that shares the store asks. Who asks, their `Turns` decide.
 * - *current*: `fresh` or `stale`. *Has keys*: they are not `expired`.
 * - *outage*: the origin failed a moment ago, or takes too long just now: keys at hand are used without waiting. When it may be
 *   asked again is another question (`mayAsk`), and comes earlier.
 */
export class Refresher {
  readonly outage: Outage;
  readonly unknownKeys: UnknownKeys;
  readonly #settings: RemoteSettings;
  readonly #held: HeldKeys;
  readonly #turns: Turns;
  readonly #looking: SingleFlight;
  readonly #asking: SingleFlight;
  #lookAgainAt = 0;
  /** The attempt that a request may make at once, after a `ready` that asked in vain: one, until a `ready` has keys. */
  #extraAttempt: 'none' | 'due' | 'made' = 'none';

  constructor(settings: RemoteSettings, held: HeldKeys) {
    const { cooldown, timeout } = settings;
    this.#settings = settings;
    this.#held = held;
    this.outage = new Outage(cooldown);
    this.unknownKeys = new UnknownKeys(cooldown);
    this.#turns = new Turns(settings, held, this.outage, this.unknownKeys);
    this.#looking = new SingleFlight(timeout * 1000, 2 * STORE_READ_LIMIT);
    this.#asking = new SingleFlight(timeout * 1000 + FOLLOW_LIMIT + 1500, timeout * 500);
  }

  /** Whether usable keys are used without waiting: the origin failed a moment ago, or takes too long just now. */
  isOutage(now: number): boolean {
    return this.outage.isKnown(now) || this.#asking.runsFor() >= REFRESH_WAIT;
  }

  /** Seconds until a request without usable keys has a chance again. */
  retryAfter(now: number): number {
    if (!this.#asking.isRunning()) return this.outage.retryAfter(now);
    const rest = this.#settings.timeout - this.#asking.runsFor() / 1000;
    return this.outage.nextDelay(false) + Math.max(0, Math.ceil(rest));
  }

  /** For keys that are `stale`, or `old` in an outage. At most one at a time. */
  refreshInBackground(context: KeyContext): void {
    const now = context.now();
    const mayAsk = this.outage.mayAsk(now);
    if (!mayAsk && this.#settings.stores.length === 0) return;
    if (this.#asking.isRunning() || this.#looking.isRunning() || this.#hasLooked(now)) return;
    // While another instance may be asking, what it stores is looked for now and then.
    this.#lookAgainAt = now + (mayAsk ? LOOK_INTERVAL : OUTAGE_LOOK_INTERVAL);
    context.waitUntil(this.refresh(context));
  }

  /** For `ready`. Where another instance, or a request, asked a moment ago, nobody is asked, and no request gets an attempt more. */
  async start(context: KeyContext): Promise<void> {
    const { failure } = this.outage;
    if (this.#held.freshness(context.now()) !== 'fresh') await this.refresh(context);
    if (this.#hasKeys(context)) this.#extraAttempt = 'none';
    else if (this.#extraAttempt === 'none' && this.outage.failure !== failure) this.#extraAttempt = 'due';
  }

  /** The stores, where another instance may have put fresh keys, then the origin. */
  async refresh(context: KeyContext): Promise<void> {
    const isFresh = () => this.#held.freshness(context.now()) === 'fresh';
    await this.#look(context, isFresh, {});
    if (isFresh() || !this.outage.mayAsk(context.now())) return;
    await this.#asking.join((flight) => this.#askForFresh(context, flight), {});
  }

  /** The same for keys that are `old` or `expired`, until they are at least `stale`. */
  async makeCurrent(context: KeyContext): Promise<void> {
    const { waitUntil } = context;
    const deadline = new Deadline(REFRESH_WAIT);
    const late = await this.#look(context, () => this.#isCurrent(context), {
      waitUntil,
      limit: this.#limit(context, deadline),
    });
    const now = context.now();
    if (this.#extraAttempt === 'due') {
      this.#extraAttempt = 'made';
      this.outage.allowAttempt();
    }
    if (this.#held.freshness(now) === 'stale') return this.refreshInBackground(context);
    if (this.#held.freshness(now) === 'fresh' || !this.outage.mayAsk(now)) return;
    const options = { waitUntil, limit: this.#limit(context, deadline) };
    const asking = this.#asking.join((flight) => this.#askForFresh(context, flight), options);
    // A store that was too slow to be waited for may still be faster than the origin.
    const orLate = (read: Promise<unknown>) =>
      read.then(() => {
        if (this.#isCurrent(context)) return undefined;
        return this.#hasKeys(context) ? waitWithin(deadline.rest(), asking) : asking;
      });
    await Promise.race([asking, ...late.map(orLate)]);
  }

  /** Without usable keys, and without a reason to think that there will be none, a request waits as long as it takes. */
  #limit(context: KeyContext, deadline: Deadline): number | undefined {
    return this.#hasKeys(context) || this.outage.isKnown(context.now()) ? deadline.rest() : undefined;
  }

  /** Seconds until the origin may be asked for a key that the set does not hold. */
  secondsUntilTurn(now: number): number {
    if (this.#asking.isRunning()) return 0;
    this.unknownKeys.learn(this.#held.unknownKeysUntil, now);
    return this.outage.mayAsk(now) ? this.unknownKeys.secondsUntilTurn(now) : Number.POSITIVE_INFINITY;
  }

  /** `attempt`: how many times this request tried already. `limit` in milliseconds. */
  async refreshForUnknownKey(
    selector: KeySelector,
    context: KeyContext,
    { attempt, limit }: { attempt: number; limit: number },
  ): Promise<void> {
    const { waitUntil } = context;
    await this.#asking.join(({ isLatest }) => this.#askForKey(selector, context, { attempt, isLatest }), {
      waitUntil,
      limit,
    });
  }

  /** Once in a while: whether the stores have a key that the set does not hold. */
  async lookForKey(selector: KeySelector, context: KeyContext, limit: number): Promise<void> {
    const now = context.now();
    if (this.#hasLooked(now) && !this.#looking.isRunning()) return;
    this.#lookAgainAt = now + LOOK_INTERVAL;
    const { waitUntil } = context;
    await this.#look(context, () => this.#hasKey(selector), { waitUntil, limit });
  }

  /**
   * What the stores hold, and else whether others found that the origin fails; one request for all. Returns reads of this
   * request that the stores have not answered yet.
   */
  async #look(context: KeyContext, isEnough: () => boolean, options: JoinOptions): Promise<Promise<unknown>[]> {
    let late: Promise<unknown>[] = [];
    if (this.#settings.stores.length === 0) return late;
    const work = async () => {
      late = await this.#held.load(context, isEnough);
      if (!isEnough()) await this.#turns.learn(context);
    };
    await this.#looking.join(work, options);
    return late;
  }

  #hasLooked(now: number): boolean {
    return (
      now < this.#lookAgainAt && now >= this.#lookAgainAt - Math.max(OUTAGE_LOOK_INTERVAL, this.#settings.cooldown)
    );
  }

  #isCurrent(context: KeyContext): boolean {
    return ['fresh', 'stale'].includes(this.#held.freshness(context.now()));
  }

  #hasKeys(context: KeyContext): boolean {
    return this.#held.freshness(context.now()) !== 'expired';
  }

  #hasKey(selector: KeySelector): boolean {
    return this.#held.keySet?.find(selector) !== undefined;
  }

  /** Leaves the origin to whoever shares the store and asks it already, and waits for what that brings. */
  async #askForFresh(context: KeyContext, { isLatest, isRestart }: Flight): Promise<void> {
    const startedAt = context.now();
    if (isRestart || (await this.#turns.takeForRefresh(this.#hasKeys(context), context))) {
      return this.#fetch(context, isLatest);
    }
    if (this.#isCurrent(context)) return;
    const hasFailed = async () => {
      await this.#turns.learn(context);
      return this.outage.hasFailedSince(startedAt);
    };
    const limit = this.#hasKeys(context) ? REFRESH_WAIT : Math.min(FOLLOW_LIMIT, this.#settings.timeout * 500);
    await this.#follow(context, () => this.#isCurrent(context), { hasEnded: hasFailed, limit });
    if (this.#hasKeys(context)) return;
    // What the other one brings is known within its time.
    if (this.outage.isKnown(context.now())) this.outage.postpone(context.now() + this.#settings.timeout + 1);
    else await this.#fetch(context, isLatest);
  }

  async #askForKey(
    selector: KeySelector,
    context: KeyContext,
    { attempt, isLatest }: { attempt: number; isLatest: () => boolean },
  ): Promise<void> {
    const sighting = this.#held.sightingAt(context.now());
    if (await this.#turns.takeForUnknownKey(attempt, context)) {
      return this.#fetch(context, isLatest, this.unknownKeys.take(context.now()));
    }
    const hasKey = () => this.#hasKey(selector);
    const isAnswered = () => this.#held.isNewerThan(sighting);
    await this.#follow(context, hasKey, { hasEnded: isAnswered, limit: UNKNOWN_KEY_WAIT / (BURST + 1) });
    // The others had our turns.
    if (!hasKey() && !isAnswered()) this.unknownKeys.take(context.now());
  }

  /** Looks for what another instance stores, until that is enough or its attempt has ended. */
  async #follow(
    context: KeyContext,
    isEnough: () => boolean,
    { hasEnded, limit }: { hasEnded: () => boolean | Promise<boolean>; limit: number },
  ): Promise<void> {
    const look = async () => {
      await this.#held.load(quietly(context), isEnough);
      return isEnough() || hasEnded();
    };
    await pollUntil(look, { interval: FOLLOW_INTERVAL, limit });
  }

  /** Asks the origin. When it fails, there is an event, and nothing that we hold changes. */
  async #fetch(
    context: KeyContext,
    isLatest: () => boolean,
    unknownKeysUntil = this.#held.unknownKeysUntil,
  ): Promise<void> {
    const { url, cooldown, timeout } = this.#settings;
    const startedAt = context.now();
    try {
      const entry = await this.#held.fetch(context, { mayRepeat: isLatest, unknownKeysUntil });
      // An answer that is stale already is not asked for again with every request.
      const now = context.now();
      const isFresh = freshnessOf(entry, this.#settings, now) === 'fresh';
      this.outage.succeed(now);
      if (!isFresh) this.#lookAgainAt = now + cooldown;
    } catch (error) {
      if (!(error instanceof FetchJwksError)) throw error;
      if (!isLatest()) return;
      const { reason, message } = error;
      const now = context.now();
      this.outage.fail(error, { startedAt, now, hasKeys: this.#hasKeys(context) });
      await this.#turns.tellFailure(context);
      context.emit?.({
        type: 'keys_refresh_failed',
        url,
        reason,
        message,
        retryAfter: this.outage.retryAfter(context.now()),
      });
      // What a slow store has not said yet is all that is left.
      if (!this.#hasKeys(context)) await this.#held.load(context, () => this.#hasKeys(context), timeout * 1000);
    }
  }
}

/** For looks that are repeated many times a second: what is wrong with the store was told with the first one. */
function quietly({ emit, ...context }: KeyContext): KeyContext {
  return { ...context, emit: emit && ((event) => event.type !== 'store_failed' && emit(event)) };
}
