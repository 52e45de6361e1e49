import type { KeySource, PomeriumEvent } from '../../core/index.ts';
import { type Activity, type Clock, type Host, type Occurrence, runAs } from './clock.ts';
import { EPOCH } from './globals.ts';
import { publicKey } from './origin.ts';
import { RequestActivity } from './request-activity.ts';

/** Why a request came: what a user holds, a made-up key id, a key that is gone, a stranger's key. */
export type Purpose = 'valid' | 'junk' | 'withdrawn' | 'forged';

/** How a request for a key ended. Times in virtual milliseconds. */
export interface Answer {
  readonly isolate: Isolate;
  readonly purpose: Purpose;
  readonly keyId: string;
  readonly startedAt: number;
  /** Without the time for which the isolate was frozen. */
  readonly took: number;
  readonly outcome: 'key' | 'unknown_key' | 'keys_unavailable' | 'error';
  /** `key`: the one that came is the stranger's. */
  readonly isForged: boolean;
  readonly isSynchronous: boolean;
  readonly retryAfter: number | undefined;
  readonly error: unknown;
}

interface Open {
  readonly startedAt: number;
  readonly activity: Activity;
}

/** One isolate or process: it has its own memory, and everything else with its data centre. */
export class Isolate implements Host {
  skew = 0;
  isDead = false;
  isFrozen = false;
  /** What its memory holds, as its events tell. `fetchedAt` in virtual milliseconds. */
  memory: { fetchedAt: number; keyIds: readonly string[] } | undefined;
  lastFailureAt = Number.NEGATIVE_INFINITY;
  readonly requestTimes: number[] = [];
  readonly open = new Set<Open>();
  readonly id: string;
  readonly dataCentre: number;
  readonly #clock: Clock;
  readonly #isWorkerd: boolean;
  readonly #onEvent: (event: PomeriumEvent, isolate: Isolate) => void;
  #keys: KeySource | undefined;
  #frozenAt = 0;
  #frozenFor = 0;
  #parked: { occurrence: Occurrence; left: number }[] = [];

  constructor(
    { id, dataCentre }: { id: string; dataCentre: number },
    clock: Clock,
    { isWorkerd, onEvent }: { isWorkerd: boolean; onEvent: (event: PomeriumEvent, isolate: Isolate) => void },
  ) {
    this.id = id;
    this.dataCentre = dataCentre;
    this.#clock = clock;
    this.#isWorkerd = isWorkerd;
    this.#onEvent = onEvent;
  }

  use(keys: KeySource): void {
    this.#keys = keys;
  }

  /** A request that needs the key `keyId`. `hangUpAfter`: milliseconds after which its client is gone. */
  request(purpose: Purpose, keyId: string, hangUpAfter: number, onAnswer: (answer: Answer) => void): void {
    const startedAt = this.#clock.now;
    this.requestTimes.push(startedAt);
    const frozenBefore = this.#frozenFor;
    const activity = new RequestActivity(this, this.#isWorkerd);
    const open = { startedAt, activity };
    const finish = (result: Pick<Answer, 'outcome' | 'isForged' | 'isSynchronous' | 'retryAfter' | 'error'>) => {
      if (!this.open.delete(open) || this.isDead) return;
      activity.answer();
      const took = this.#clock.now - startedAt - (this.#frozenFor - frozenBefore);
      onAnswer({ isolate: this, purpose, keyId, startedAt, took, ...result });
    };
    const succeed = (key: { jwk: object }, isSynchronous = false) => {
      const isForged = !('x' in key.jwk) || key.jwk.x !== publicKey(keyId).x || keyId === 'key-forged';
      finish({ outcome: 'key', isForged, isSynchronous, retryAfter: undefined, error: undefined });
    };
    const fail = (error: unknown) => {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      const outcome = code === 'unknown_key' || code === 'keys_unavailable' ? code : 'error';
      const retryAfter = error instanceof Error && 'retryAfter' in error ? Number(error.retryAfter) : undefined;
      finish({ outcome, isForged: false, isSynchronous: false, retryAfter, error });
    };
    this.open.add(open);
    runAs(activity, () => {
      try {
        const context = {
          now: () => Date.now() / 1000,
          waitUntil: (promise: Promise<unknown>) => {
            this.#clock.isRestless = true;
            activity.waitUntil(promise);
          },
          emit: (event: PomeriumEvent) => this.#note(event),
        };
        const result = this.#keys?.find({ algorithm: 'ES256', keyId }, context);
        if (result instanceof Promise) {
          this.#clock.isRestless = true;
          result.then((key) => succeed(key), fail);
        } else if (result) succeed(result, true);
      } catch (error) {
        fail(error);
      }
    });
    if (!this.open.has(open) || hangUpAfter === Number.POSITIVE_INFINITY) return;
    this.#clock.schedule(hangUpAfter, 'plan', () => {
      if (this.open.delete(open)) activity.answer();
    });
  }

  /** Timers stand still, and connections are lost. */
  freeze(): void {
    this.isFrozen = true;
    this.#frozenAt = this.#clock.now;
    this.#parked = this.#clock.pending(this).map((occurrence) => {
      occurrence.isCancelled = true;
      return { occurrence, left: occurrence.at - this.#clock.now };
    });
  }

  /** `areTimersDue`: its monotonic clock has gone on meanwhile. */
  thaw({ areTimersDue }: { areTimersDue: boolean }): void {
    this.isFrozen = false;
    this.#frozenFor += this.#clock.now - this.#frozenAt;
    for (const { occurrence, left } of this.#parked) {
      const { kind, activity, cut } = occurrence;
      if (kind === 'timer') this.#clock.resume(occurrence, areTimersDue ? 0 : left);
      else if (cut) this.#clock.schedule(1, 'io', cut, { activity });
    }
    this.#parked = [];
  }

  #note(event: PomeriumEvent): void {
    if (event.type === 'keys_refreshed') {
      this.memory = { fetchedAt: event.fetchedAt * 1000 - EPOCH, keyIds: event.keyIds };
    }
    if (event.type === 'keys_refresh_failed') this.lastFailureAt = this.#clock.now;
    this.#onEvent(event, this);
  }
}
