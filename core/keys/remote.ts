import { sentence } from '#sentences';
import { PomeriumError } from '../errors.ts';
import { SHARES_PROMISES } from '../runtime.ts';
import { Backoff } from './backoff.ts';
import { Busy } from './busy.ts';
import { entryFrom, type KeyEntry } from './entry.ts';
import { type Freshness, freshnessOf, timeToLive } from './freshness.ts';
import {
  importKeySet,
  type KeySelector,
  type KeySet,
  readKeySetText,
  UnusableKeySet,
  type VerificationKey,
} from './key-set.ts';
import { askOrigin, requireNotAged, toOriginError } from './origin.ts';
import { type RemoteKeysOptions, type RemoteSettings, readRemoteOptions } from './remote-options.ts';
import { emitSkipped, requireKey } from './report.ts';
import type { KeyContext, KeySource } from './source.ts';
import { type ClaimPurpose, claimOrigin, emitUnusableEntry, type JwksStore, readStore, writeStore } from './store.ts';
import { pollUntil } from './timeout.ts';

/**
 * Keys that are fetched from a JWKS URL and kept: in memory, and in `store` where there is one.
 *
 * A key taken out of the JWKS stops verifying within `maxTtl + staleWhileRevalidate` while the origin answers
 * (6 minutes with Pomerium's max-age of 60), and within `maxTtl + staleIfError` when it does not.
 * Throws `invalid_configuration`; at request time `unknown_key` and `keys_unavailable`.
 *
 * @example
 * remoteKeys('https://app.corp.example.com/.well-known/pomerium/jwks.json', { staleIfError: 7200 })
 */
export function remoteKeys(url: string | URL, options: RemoteKeysOptions = {}): KeySource {
  return new RemoteKeys(readRemoteOptions(url, options));
}

/** The entry in use, with its keys imported. */
interface Held {
  readonly entry: KeyEntry;
  readonly keySet: KeySet;
}

const NEVER = Number.NEGATIVE_INFINITY;

/** Of the origin's time limit in seconds, how many milliseconds a request waits for somebody else's answer: half of it. */
const WAIT_SHARE = 500;

class RemoteKeys implements KeySource {
  readonly #settings: RemoteSettings;
  readonly #backoff: Backoff;
  #held: Held | undefined;
  readonly #busy: Busy<ClaimPurpose | 'background'>;
  #unknownKeyAt = NEVER;
  /** The refresh that requests wait for, where they may wait for each other's. */
  #flight: Promise<boolean> | undefined;

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
    this.#backoff = new Backoff(settings.cooldown);
    // A background refresh may look at the stores, wait for somebody else's answer, and then ask.
    this.#busy = new Busy(settings.timeout * 2);
  }

  find(selector: KeySelector, context: KeyContext): VerificationKey | Promise<VerificationKey> {
    const now = context.now();
    const freshness = this.#freshness(now);
    const isUsable = freshness === 'fresh' || freshness === 'stale';
    if (!this.#held || !isUsable) return this.#findAfterRefresh(selector, context);
    const key = this.#held.keySet.find(selector);
    if (!key) return this.#findUnknown(selector, context);
    if (freshness === 'stale') this.#refreshInBackground(context, now);
    return key;
  }

  async ready(context: KeyContext): Promise<void> {
    const freshness = this.#freshness(context.now());
    if (freshness === 'stale') await this.#renew(context);
    else if (freshness !== 'fresh') await this.#refresh(context);
    this.#requireUsable(context.now());
  }

  #freshness(now: number): Freshness {
    return this.#held ? freshnessOf(this.#held.entry, this.#settings, now) : 'expired';
  }

  /** The key set in use, even an `old` one: only called after a refresh was tried. */
  #requireUsable(now: number): Held {
    if (this.#held && this.#freshness(now) !== 'expired') return this.#held;
    const { failure, retryAt } = this.#backoff;
    throw new PomeriumError(
      'keys_unavailable',
      sentence(
        `There are no keys to verify with. ${failure?.message ?? 'The last ones are too old, and the origin may not be asked again yet.'}`,
      ),
      {
        expected: `a JWKS with a signing key at ${this.#settings.url}`,
        received: failure?.reason ?? 'nothing',
        retryAfter: Math.max(1, Math.ceil(retryAt - now)),
      },
    );
  }

  async #findAfterRefresh(selector: KeySelector, context: KeyContext): Promise<VerificationKey> {
    const askedOrigin = await this.#refresh(context);
    const { keySet } = this.#requireUsable(context.now());
    const key = keySet.find(selector);
    if (key) return key;
    // What the origin said a moment ago, for this very request, need not be asked again.
    return askedOrigin ? requireKey(keySet, selector) : this.#findUnknown(selector, context);
  }

  /** Memory has nothing usable: the stores, then the origin, then the stores again. Tells whether the origin was asked. */
  #refresh(context: KeyContext): Promise<boolean> {
    if (SHARES_PROMISES) {
      this.#flight ??= this.#refreshOnce(context).finally(() => {
        this.#flight = undefined;
      });
      return this.#flight;
    }
    const refreshed = this.#refreshOnce(context);
    // Who hangs up before the answer must not keep the others from the keys.
    context.waitUntil(refreshed);
    return refreshed;
  }

  async #refreshOnce(context: KeyContext): Promise<boolean> {
    const { timeout } = this.#settings;
    if (this.#mayBeUsedWhileWaiting(context.now())) return false;
    // Looking at plain state with one's own timer is safe where waiting for another request's promise is not.
    const mayWait = !this.#busy.has('refresh', context.now());
    if (!mayWait) {
      await pollUntil(() => !this.#busy.has('refresh', context.now()), { interval: 5, limit: timeout * WAIT_SHARE });
    }
    return this.#busy.run('refresh', context.now(), async () => {
      const isUsable = () => ['fresh', 'stale'].includes(this.#freshness(context.now()));
      if (!isUsable()) await this.#adoptFromStores(context, isUsable);
      if (this.#freshness(context.now()) === 'stale') this.#refreshInBackground(context, context.now());
      if (isUsable() || !this.#backoff.isOver(context.now())) return false;
      return this.#askOrigin('refresh', context, { isEnough: isUsable, mayWait });
    });
  }

  /** While the origin is given time to recover, old keys are used without looking at the stores for each request. */
  #mayBeUsedWhileWaiting(now: number): boolean {
    return !this.#backoff.isOver(now) && this.#freshness(now) === 'old';
  }

  /** At most one at a time. Never rejects. */
  #refreshInBackground(context: KeyContext, now: number): void {
    if (this.#busy.has('background', now) || !this.#backoff.isOver(now)) return;
    context.waitUntil(this.#busy.run('background', context.now(), () => this.#renew(context)));
  }

  /** Memory has something usable, but not fresh: the stores, where somebody else may have put fresh keys, or the origin. */
  async #renew(context: KeyContext): Promise<void> {
    const isFresh = () => this.#freshness(context.now()) === 'fresh';
    await this.#adoptFromStores(context, isFresh);
    if (!isFresh()) await this.#askOrigin('refresh', context, { isEnough: isFresh });
  }

  /**
   * The key may be newer than our set. Asks the stores, then the origin: once per cooldown, whatever the number of
   * tokens, key ids and requests, so that a flood of them costs nothing, and known keys go on verifying meanwhile.
   */
  async #findUnknown(selector: KeySelector, context: KeyContext): Promise<VerificationKey> {
    const { cooldown, timeout } = this.#settings;
    const now = context.now();
    if (this.#busy.has('unknown-key', now)) {
      await pollUntil(() => !this.#busy.has('unknown-key', context.now()), { interval: 5, limit: timeout * 1000 });
    } else if (isOver(this.#unknownKeyAt, cooldown, now) && this.#backoff.isOver(now)) {
      this.#unknownKeyAt = now;
      const refreshed = this.#busy.run('unknown-key', context.now(), () =>
        this.#refreshForUnknownKey(selector, context),
      );
      context.waitUntil(refreshed);
      await refreshed;
    }
    return requireKey(this.#requireUsable(context.now()).keySet, selector);
  }

  async #refreshForUnknownKey(selector: KeySelector, context: KeyContext): Promise<void> {
    const startedAt = context.now();
    const isSettled = () => {
      const { keySet, entry } = this.#requireUsable(context.now());
      return (
        keySet.find(selector) !== undefined || !isOver(entry.unknownKeyAt ?? NEVER, this.#settings.cooldown, startedAt)
      );
    };
    await this.#adoptFromStores(context, isSettled);
    if (!isSettled()) await this.#askOrigin('unknown-key', context, { isEnough: isSettled });
  }

  /** Takes over the newest that the stores hold, in their order, until that is enough. Earlier ones get what a later one had. */
  async #adoptFromStores(context: KeyContext, isEnough: () => boolean): Promise<void> {
    const behind: JwksStore[] = [];
    for (const store of this.#settings.stores) {
      const isNewer = await this.#adoptFromStore(store, context);
      if (isNewer && this.#held) this.#write(behind, this.#held.entry, context);
      behind.push(store);
      if (isEnough()) return;
    }
  }

  async #adoptFromStore(store: JwksStore, { now, emit }: KeyContext): Promise<boolean> {
    const { url } = this.#settings;
    const entry = await readStore(store, url, now(), emit);
    if (!entry || freshnessOf(entry, this.#settings, now()) === 'expired') return false;
    if (this.#held && entry.fetchedAt <= this.#held.entry.fetchedAt) return false;
    try {
      await this.#adopt(entry, { now, emit });
    } catch (error) {
      if (!(error instanceof UnusableKeySet)) throw error;
      emitUnusableEntry(url, emit);
      return false;
    }
    this.#emitRefreshed(entry, 'store', false, emit);
    return true;
  }

  /**
   * Asks the origin, unless an instance that shares a store is at it: then waits for what that one stores, and asks after
   * all when that takes long. Tells whether the origin was asked.
   */
  async #askOrigin(
    purpose: ClaimPurpose,
    context: KeyContext,
    { isEnough, mayWait = true }: { isEnough: () => boolean; mayWait?: boolean },
  ): Promise<boolean> {
    const { stores, url, timeout } = this.#settings;
    const look = async () => {
      await this.#adoptFromStores(context, isEnough);
      return isEnough();
    };
    const claim = { url, purpose, emit: context.emit, now: context.now(), ttl: timeout };
    if (mayWait && !(await claimOrigin(stores, claim))) {
      await pollUntil(look, { interval: 50, limit: timeout * WAIT_SHARE });
      if (isEnough()) return false;
    }
    const isAnswered = await this.#adoptFromOrigin(context, purpose === 'unknown-key' ? context.now() : null);
    if (!isAnswered && stores.length > 0) await look();
    return true;
  }

  /** Asks the origin. False when it failed: then there is an event, and nothing that we hold is touched. */
  async #adoptFromOrigin(context: KeyContext, unknownKeyAt: number | null): Promise<boolean> {
    const { url, fetch, timeout, stores, cooldown } = this.#settings;
    const startedAt = context.now();
    const base = this.#held?.entry;
    try {
      const answer = await askOrigin({ url, fetch, etag: base?.etag ?? null, timeout: timeout * 1000 });
      const entry = entryFrom(answer, base, { url, askedAt: startedAt, unknownKeyAt });
      // A 304 is about the document that we had when we asked. If a newer one came meanwhile, it says nothing of it.
      const isOvertaken = answer.document === undefined && this.#held?.entry !== base;
      if (!isOvertaken) await this.#adopt(entry, context);
      this.#emitRefreshed(entry, 'origin', answer.document === undefined, context.emit);
      requireNotAged(entry, this.#settings, context.now());
      // An answer that is stale already is not asked for again with every request.
      this.#backoff.succeed(freshnessOf(entry, this.#settings, startedAt) === 'fresh' ? 0 : startedAt + cooldown);
      this.#write(stores, entry, context);
      return true;
    } catch (error) {
      const failure = toOriginError(error);
      const retryAfter = this.#backoff.fail(failure, startedAt);
      const { reason, message } = failure;
      context.emit?.({ type: 'keys_refresh_failed', url, reason, message, retryAfter });
      return false;
    }
  }

  /** Replaces the set at once and whole. An older answer that arrives late replaces nothing. */
  async #adopt(entry: KeyEntry, { now, emit }: Pick<KeyContext, 'now' | 'emit'>): Promise<void> {
    const previous = this.#held;
    let keySet = previous?.entry.document === entry.document ? previous.keySet : undefined;
    if (!keySet) {
      const read = readKeySetText(entry.document);
      const imported = await importKeySet(read, previous?.keySet);
      emitSkipped(imported.skipped, entry.url, emit);
      keySet = imported.keySet;
    }
    const heldAt = this.#held?.entry.fetchedAt ?? 0;
    const isNewest = entry.fetchedAt >= heldAt || heldAt > now();
    if (isNewest) this.#held = { entry, keySet };
  }

  #write(stores: readonly JwksStore[], entry: KeyEntry, context: KeyContext): void {
    const { staleWhileRevalidate, staleIfError } = this.#settings;
    const ttl = timeToLive(entry, this.#settings) + Math.max(staleWhileRevalidate, staleIfError);
    for (const store of stores) context.waitUntil(writeStore(store, entry, ttl, context.emit));
  }

  #emitRefreshed(entry: KeyEntry, from: 'origin' | 'store', notModified: boolean, emit: KeyContext['emit']): void {
    const { url, fetchedAt } = entry;
    emit?.({ type: 'keys_refreshed', url, from, notModified, keyIds: this.#held?.keySet.keyIds ?? [], fetchedAt });
  }
}

function isOver(since: number, seconds: number, now: number): boolean {
  return Math.abs(now - since) >= seconds;
}
