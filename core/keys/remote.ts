import { sentence } from '#sentences';
import { PomeriumError } from '../errors.ts';
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
import { askOrigin, OriginError, toOriginError } from './origin.ts';
import { type RemoteKeysOptions, type RemoteSettings, readRemoteOptions } from './remote-options.ts';
import { emitSkipped, requireKey } from './report.ts';
import { SHARES_PROMISES } from './runtime.ts';
import type { KeyContext, KeySource } from './source.ts';
import { emitUnusableEntry, type JwksStore, readStore, writeStore } from './store.ts';
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

class RemoteKeys implements KeySource {
  readonly #settings: RemoteSettings;
  #held: Held | undefined;
  /** Why the origin last failed; undefined after a success. */
  #failure: OriginError | undefined;
  #failures = 0;
  /** Until then the origin is not asked again. Counted from the attempt, as the two below. Seconds since the epoch. */
  #retryAt = 0;
  #backgroundAt = Number.NEGATIVE_INFINITY;
  #unknownKeyAt = Number.NEGATIVE_INFINITY;
  /** Whether a request is asking the origin for an unknown key id just now, as far as it got to say so. */
  #isAskingForUnknownKey = false;
  /** The refresh that requests wait for, where they may wait for each other's. */
  #flight: Promise<boolean> | undefined;

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
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
    throw new PomeriumError(
      'keys_unavailable',
      sentence(
        `There are no keys to verify with. ${this.#failure?.message ?? 'The last ones are too old, and the origin may not be asked again yet.'}`,
      ),
      {
        expected: `a JWKS with a signing key at ${this.#settings.url}`,
        received: this.#failure?.reason ?? 'nothing',
        retryAfter: Math.max(1, Math.ceil(this.#retryAt - now)),
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

  /** Memory has nothing usable: the store, then the origin, then the store again. Tells whether the origin was asked. */
  #refresh(context: KeyContext): Promise<boolean> {
    if (!SHARES_PROMISES) return this.#refreshOnce(context);
    this.#flight ??= this.#refreshOnce(context).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #refreshOnce(context: KeyContext): Promise<boolean> {
    if (this.#mayBeUsedWhileWaiting(context.now())) return false;
    await this.#adoptFromStore(context);
    const freshness = this.#freshness(context.now());
    if (freshness === 'fresh') return false;
    if (freshness === 'stale') {
      this.#refreshInBackground(context, context.now());
      return false;
    }
    if (context.now() < this.#retryAt) return false;
    if (await this.#adoptFromOrigin(context, null)) return true;
    await this.#adoptFromStore(context);
    return true;
  }

  /** While the origin is given time to recover, old keys are used without looking at the store for each request. */
  #mayBeUsedWhileWaiting(now: number): boolean {
    return now < this.#retryAt && this.#freshness(now) === 'old';
  }

  /** At most one at a time: a plain number says so, since nobody may wait for the promise. Never rejects. */
  #refreshInBackground(context: KeyContext, now: number): void {
    const isRunning = Math.abs(now - this.#backgroundAt) <= this.#settings.timeout;
    if (isRunning || now < this.#retryAt) return;
    this.#backgroundAt = now;
    const renewed = this.#renew(context).finally(() => {
      this.#backgroundAt = Number.NEGATIVE_INFINITY;
    });
    context.waitUntil(renewed);
  }

  /** Memory has something usable, but not fresh: the store, where somebody else may have put fresh keys, or the origin. */
  async #renew(context: KeyContext): Promise<void> {
    await this.#adoptFromStore(context);
    if (this.#freshness(context.now()) !== 'fresh') await this.#adoptFromOrigin(context, null);
  }

  /**
   * The key may be newer than our set. Asks the store, then the origin: once per cooldown, whatever the number of
   * tokens, key ids and requests, so that a flood of them costs nothing, and known keys go on verifying meanwhile.
   */
  async #findUnknown(selector: KeySelector, context: KeyContext): Promise<VerificationKey> {
    const { cooldown, timeout } = this.#settings;
    const now = context.now();
    if (this.#isAskingForUnknownKey && !isOver(this.#unknownKeyAt, timeout, now)) {
      // Looking at plain state with one's own timer is safe where waiting for another request's promise is not.
      await pollUntil(() => !this.#isAskingForUnknownKey, timeout * 1000);
    } else if (isOver(this.#unknownKeyAt, cooldown, now) && now >= this.#retryAt) {
      const refreshed = this.#refreshForUnknownKey(selector, context);
      // Who hangs up before the answer must not keep the others from the new key.
      context.waitUntil(refreshed);
      await refreshed;
    }
    return requireKey(this.#requireUsable(context.now()).keySet, selector);
  }

  async #refreshForUnknownKey(selector: KeySelector, context: KeyContext): Promise<void> {
    const startedAt = context.now();
    this.#unknownKeyAt = startedAt;
    this.#isAskingForUnknownKey = true;
    try {
      await this.#adoptFromStore(context);
      const askedElsewhereAt = this.#held?.entry.unknownKeyAt ?? Number.NEGATIVE_INFINITY;
      const isFound = this.#held?.keySet.find(selector) !== undefined;
      if (isFound || !isOver(askedElsewhereAt, this.#settings.cooldown, startedAt)) return;
      await this.#adoptFromOrigin(context, startedAt);
    } finally {
      this.#isAskingForUnknownKey = false;
    }
  }

  /** Takes over what the store holds if it is newer than memory's and still of use. */
  async #adoptFromStore({ now, emit }: KeyContext): Promise<void> {
    const { store, url } = this.#settings;
    if (!store) return;
    const entry = await readStore(store, url, now(), emit);
    if (!entry || freshnessOf(entry, this.#settings, now()) === 'expired') return;
    if (this.#held && entry.fetchedAt <= this.#held.entry.fetchedAt) return;
    try {
      await this.#adopt(entry, { now, emit });
    } catch (error) {
      if (!(error instanceof UnusableKeySet)) throw error;
      emitUnusableEntry(url, emit);
      return;
    }
    this.#emitRefreshed(entry, 'store', false, emit);
  }

  /** Asks the origin. False when it failed: then there is an event, and nothing that we hold is touched. */
  async #adoptFromOrigin(context: KeyContext, unknownKeyAt: number | null): Promise<boolean> {
    const { url, fetch, timeout, store, cooldown } = this.#settings;
    const startedAt = context.now();
    const base = this.#held?.entry;
    try {
      const answer = await askOrigin({ url, fetch, etag: base?.etag ?? null, timeout: timeout * 1000 });
      const entry = entryFrom(answer, base, { url, askedAt: startedAt, unknownKeyAt });
      // A 304 is about the document that we had when we asked. If a newer one came meanwhile, it says nothing of it.
      const isOvertaken = answer.document === undefined && this.#held?.entry !== base;
      if (!isOvertaken) await this.#adopt(entry, context);
      this.#emitRefreshed(entry, 'origin', answer.document === undefined, context.emit);
      this.#requireNotAged(entry, context.now());
      this.#failure = undefined;
      this.#failures = 0;
      // An answer that is stale already is not asked for again with every request.
      this.#retryAt = freshnessOf(entry, this.#settings, startedAt) === 'fresh' ? 0 : startedAt + cooldown;
      if (store) this.#write(store, entry, context);
      return true;
    } catch (error) {
      this.#backOff(toOriginError(error), startedAt, context);
      return false;
    }
  }

  /** A cache before Pomerium that hands out old documents is no better than an origin that fails. */
  #requireNotAged(entry: KeyEntry, now: number): void {
    const freshness = freshnessOf(entry, this.#settings, now);
    if (freshness === 'fresh' || freshness === 'stale') return;
    throw new OriginError(
      'aged_answer',
      sentence(
        `The answer was ${now - entry.fetchedAt} s old: a cache stands before Pomerium and does not heed max-age.`,
      ),
    );
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

  #write(store: JwksStore, entry: KeyEntry, context: KeyContext): void {
    const { staleWhileRevalidate, staleIfError } = this.#settings;
    const ttl = timeToLive(entry, this.#settings) + Math.max(staleWhileRevalidate, staleIfError);
    const written = writeStore(store, entry, ttl, context.emit);
    context.waitUntil(written);
  }

  /** Doubles from a second up to the cooldown; the jitter keeps many isolates from coming back together. */
  #backOff(error: OriginError, startedAt: number, { emit }: KeyContext): void {
    const delay = Math.min(this.#settings.cooldown, 2 ** this.#failures) * (0.5 + Math.random() / 2);
    this.#failure = error;
    this.#failures = Math.min(this.#failures + 1, 16);
    this.#retryAt = startedAt + delay;
    const { reason, message } = error;
    emit?.({ type: 'keys_refresh_failed', url: this.#settings.url, reason, message, retryAfter: delay });
  }

  #emitRefreshed(entry: KeyEntry, from: 'origin' | 'store', notModified: boolean, emit: KeyContext['emit']): void {
    const { url, fetchedAt } = entry;
    emit?.({ type: 'keys_refreshed', url, from, notModified, keyIds: this.#held?.keySet.keyIds ?? [], fetchedAt });
  }
}

function isOver(since: number, seconds: number, now: number): boolean {
  return Math.abs(now - since) >= seconds;
}
