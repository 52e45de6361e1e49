import type { PomeriumEvent } from '../../core/index.ts';
import type { Random } from '../support/random.ts';
import { Clock, currentActivity } from './clock.ts';
import { usableUntil } from './entries.ts';
import { boundsOf, type Fleet } from './fleet.ts';
import type { Before, Check, Invariant } from './invariant.ts';
import { type Answer, Isolate, type Purpose } from './isolate.ts';
import type { Kind, MakeKeys } from './library.ts';
import { Origin } from './origin.ts';
import { CACHE, cachesOver, KV, Shelf, SSM, type Timing } from './stores.ts';

export interface Violation {
  readonly at: number;
  readonly sentence: string;
  readonly detail: string;
}

export interface WorldSettings {
  readonly kind: Kind;
  readonly fleet: Fleet;
  readonly makeKeys: MakeKeys;
  readonly invariants: readonly FleetInvariant[];
}

export type FleetInvariant = Invariant<World>;

/** A fleet, its origin and its stores in virtual time; what happens there, and which promises that breaks. */
export class World {
  readonly clock = new Clock();
  readonly origin: Origin;
  readonly caches: readonly Shelf[];
  readonly kv: Shelf;
  readonly ssm: Shelf;
  readonly isolates: Isolate[] = [];
  readonly violations: Violation[] = [];
  /** How often each promise was checked where it applies. */
  readonly checks = new Map<string, number>();
  readonly story: string[] = [];
  readonly answers: Answer[] = [];
  /** The key id that valid assertions name now. */
  signer = 'key-1';
  /** What a scenario did, for the promises that depend on it. Virtual milliseconds. */
  readonly facts: {
    withdrawnAt?: number;
    floodedAt?: number;
    forgedAt?: number;
    replacedAt?: number;
    isSkewed?: boolean;
  } = {};
  readonly fleet: Fleet;
  readonly settings: WorldSettings;
  readonly random: Random;
  #born = 0;

  constructor(random: Random, settings: WorldSettings) {
    this.random = random;
    this.settings = settings;
    this.fleet = settings.fleet;
    const shelf = (timing: Timing, name: string) => new Shelf(this.clock, random.fork(name), timing);
    this.caches = Array.from({ length: this.fleet.dataCentres }, (_, i) => shelf(CACHE, `cache ${i}`));
    this.kv = shelf(KV, 'kv');
    this.ssm = shelf(SSM, 'ssm');
    this.origin = new Origin(this.clock, random.fork('origin'));
    this.origin.onAsk = (ask) => {
      this.tell(`asks the origin${this.origin.fault ? ` (${this.origin.fault})` : ''}`, this.isolateOf(ask.host));
      this.eachInvariant((invariant, check) => invariant.onAsk?.(ask, this, check));
    };
  }

  /** Seconds. */
  get bounds() {
    return boundsOf(this.fleet, this.origin.maxAge);
  }

  /** The stores of a data centre, the first to be asked first. */
  storesOf(dataCentre: number): readonly Shelf[] {
    const { store } = this.fleet;
    const near = store.startsWith('cache') ? this.caches.slice(dataCentre, dataCentre + 1) : [];
    return [...near, ...(store.includes('kv') ? [this.kv] : []), ...(store === 'ssm' ? [this.ssm] : [])];
  }

  /** What stands in for `caches`: that of the data centre whose code asks. */
  readonly cachesOfCaller = (): unknown => {
    const shelf = this.caches[currentActivity()?.host.dataCentre ?? 0];
    return shelf && cachesOver(shelf);
  };

  /** Whether the isolates of a data centre share a store in which a write is seen at once. */
  get sharesStore(): boolean {
    return this.fleet.store.startsWith('cache');
  }

  areStoresWellSince(time: number): boolean {
    const stores = [...this.caches, this.kv, this.ssm];
    return stores.every(({ fault, since }) => fault === undefined && since <= time);
  }

  isolateOf(host: object): Isolate | undefined {
    return this.isolates.find((isolate) => isolate === host);
  }

  get living(): Isolate[] {
    return this.isolates.filter(({ isDead }) => !isDead);
  }

  bear(dataCentre: number): Isolate {
    const onEvent = (event: PomeriumEvent, host: Isolate) => {
      if (event.type === 'keys_refreshed') this.tell(`has keys from the ${event.from}: ${event.keyIds}`, host);
      if (event.type === 'keys_refresh_failed')
        this.tell(`fetch failed: ${event.reason}, again in ${event.retryAfter.toFixed(1)} s`, host);
      if (event.type === 'store_failed') this.tell(`store failed: ${event.operation} ${event.reason}`, host);
    };
    const isWorkerd = this.settings.kind === 'workerd';
    const isolate = new Isolate({ id: `${dataCentre}.${this.#born++}`, dataCentre }, this.clock, {
      isWorkerd,
      onEvent,
    });
    isolate.skew = this.random.between(-50, 50);
    isolate.use(this.settings.makeKeys(isolate, this, this.fleet.options ?? {}));
    this.isolates.push(isolate);
    return isolate;
  }

  request(isolate: Isolate, purpose: Purpose, keyId: string): void {
    const hangUpAfter = this.random.chance(0.02) ? this.random.between(5, 400) : Number.POSITIVE_INFINITY;
    const before = this.#before(isolate);
    this.eachInvariant((invariant, check) => invariant.onRequest?.({ isolate, before }, this, check));
    isolate.request(purpose, keyId, hangUpAfter, (answer) => {
      const { outcome, took, error } = answer;
      const isPlain = purpose === 'valid' ? outcome === 'key' && took <= 100 : outcome === 'unknown_key';
      const again = answer.retryAfter === undefined ? '' : `, again in ${answer.retryAfter} s`;
      if (!isPlain)
        this.tell(`${purpose} ${keyId}: ${outcome} after ${took.toFixed(0)} ms${again} ${error ?? ''}`, isolate);
      this.answers.push(answer);
      this.eachInvariant((invariant, check) => invariant.onAnswer?.(answer, before, this, check));
    });
  }

  eachInvariant(visit: (invariant: FleetInvariant, check: Check) => void): void {
    for (const invariant of this.settings.invariants) {
      const { sentence } = invariant;
      visit(invariant, (holds, detail) => {
        this.checks.set(sentence, (this.checks.get(sentence) ?? 0) + 1);
        if (holds) return;
        this.tell(`✗✗ ${detail} ✗✗ ${sentence}`);
        this.violations.push({ at: this.clock.now, sentence, detail });
      });
    }
  }

  tell(what: string, isolate?: Isolate): void {
    const { now } = this.clock;
    const time = `${Math.floor(now / 60_000)}:${((now % 60_000) / 1000).toFixed(3).padStart(6, '0')}`;
    this.story.push(`${time.padStart(10)}  ${(isolate?.id ?? '').padEnd(5)} ${what}`);
  }

  /** Milliseconds. */
  get usableFor(): number {
    return (this.bounds.ttl + this.bounds.staleIfError) * 1000;
  }

  areKeysInStores(dataCentre: number): boolean {
    const { usableFor, clock } = this;
    return this.storesOf(dataCentre).some((shelf) => usableUntil(shelf, dataCentre, usableFor) > clock.now + 1000);
  }

  #before(isolate: Isolate): Before {
    const { fault, since } = this.origin;
    const age = this.clock.now - (isolate.memory?.fetchedAt ?? Number.NEGATIVE_INFINITY);
    const { usableFor } = this;
    return {
      fault,
      since,
      age,
      keyIds: isolate.memory?.keyIds ?? [],
      isUsable: age < usableFor - 1000 || (fault !== undefined && this.areKeysInStores(isolate.dataCentre)),
    };
  }
}
