import type { KeysRefreshed } from '../../events.ts';
import type { KeySet } from '../key-set.ts';
import { STORE_READ_LIMIT } from '../limits.ts';
import { emitSkipped, importJwks, readJwksText, UnusableJwks } from '../material/jwks.ts';
import type { KeyContext } from '../source.ts';
import { emitUnusableEntry, readStore, writeStore } from '../stores/read-write.ts';
import { type JwksStore, type StoredValue, storeKey } from '../stores/store.ts';
import { Deadline } from '../timeout.ts';
import { type KeyEntry, parseEntry, serializeEntry } from './entry.ts';
import { FetchJwksError, fetchJwks } from './fetch-jwks.ts';
import { type Freshness, freshnessOf, timeToLive } from './freshness.ts';
import type { RemoteSettings } from './options.ts';
import { SKEW } from './outage.ts';
import type { Sighting } from './unknown-keys.ts';

/**
 * The entry in use, with its keys imported, and how a newer one gets there: from the stores, or from the origin. Whoever
 * brings an entry hands it to `#apply`, where the newest one wins.
 */
export class HeldKeys {
  readonly #settings: RemoteSettings;
  #current: { readonly entry: KeyEntry; readonly keySet: KeySet } | undefined;
  /**
   * What the origin itself sent to this process, with its ETag: all that a 304 can be about. What came from a store is never
   * asked about, or a stranger's document would stay for as long as Pomerium's does not change.
   */
  #received: { readonly document: string; readonly etag: string | null } | undefined;

  /** Whether the nearest store answered when it was last asked. */
  nearStoreAnswers = true;
  /** How often this process asked the origin, and which of these requests was last answered. */
  #requests = 0;
  #answered = 0;

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
  }

  /** Undefined before the first one came; it says nothing of its freshness. */
  get keySet(): KeySet | undefined {
    return this.#current?.keySet;
  }

  freshness(now: number): Freshness {
    return this.#current ? freshnessOf(this.#current.entry, this.#settings, now) : 'expired';
  }

  /** The moment, as a sighting of a key id. */
  sightingAt(now: number): Sighting {
    return { at: now, requests: this.#requests };
  }

  /** Whether the set is what the origin said after that sighting: then it has all that was published by then. */
  isNewerThan({ at, requests }: Sighting): boolean {
    const fetchedAt = this.#current?.entry.fetchedAt ?? 0;
    return fetchedAt > at + SKEW || (fetchedAt >= at && this.#answered > requests);
  }

  get unknownKeysUntil(): number | null {
    return this.#current?.entry.unknownKeysUntil ?? null;
  }

  /**
   * Applies what the stores hold, in their order, until that is enough. Earlier ones get what a later one had. Each is given
   * its time, in `limit` milliseconds for all; what it says later is used, too. Returns those that have not answered yet.
   */
  async load(context: KeyContext, isEnough: () => boolean, limit = STORE_READ_LIMIT): Promise<Promise<unknown>[]> {
    const late: Promise<unknown>[] = [];
    const { url, stores } = this.#settings;
    const call = { url, key: storeKey(url), emit: context.emit };
    const deadline = new Deadline(limit);
    for (const [index, store] of stores.entries()) {
      const earlier = stores.slice(0, index);
      // What is left, and for each at least the usual time.
      const time = Math.max(Math.min(limit, STORE_READ_LIMIT), deadline.rest());
      const { isWell, done } = await readStore(store, call, (value) => this.#take(value, earlier, context), time);
      if (index === 0) this.nearStoreAnswers = isWell;
      if (!isWell) late.push(done);
      if (isEnough()) break;
    }
    return late;
  }

  async #take(value: StoredValue, earlier: readonly JwksStore[], context: KeyContext): Promise<void> {
    if (value === null || value === undefined) return;
    const { url } = this.#settings;
    const now = context.now();
    const entry = parseEntry(value, url, now);
    if (!entry) return emitUnusableEntry(url, context.emit);
    if (freshnessOf(entry, this.#settings, now) === 'expired') return;
    if (this.#current && entry.fetchedAt <= this.#current.entry.fetchedAt) return;
    try {
      const { keyIds } = await this.#apply(entry, context);
      emitRefreshed(entry, { from: 'store', notModified: false, keyIds }, context);
    } catch (error) {
      if (!(error instanceof UnusableJwks)) throw error;
      return emitUnusableEntry(url, context.emit);
    }
    this.#write(earlier, entry, context);
  }

  /** Asks the origin. Throws `FetchJwksError`; then nothing that is in use changes. */
  async fetch(
    context: KeyContext,
    { mayRepeat, unknownKeysUntil }: { mayRepeat: () => boolean; unknownKeysUntil: number | null },
  ): Promise<KeyEntry> {
    this.#requests += 1;
    const request = this.#requests;
    const { url, transport, timeout, stores } = this.#settings;
    const received = this.#received;
    const etag = received?.etag ?? null;
    const response = await fetchJwks({
      url,
      transport,
      timeout,
      mayRepeat,
      now: context.now,
      etag,
    });
    const { askedAt, maxAge, age } = response;
    const notModified = response.document === undefined;
    const document = response.document ?? received?.document ?? '';
    const entry = { url, document, fetchedAt: Math.max(0, askedAt - age), maxAge, unknownKeysUntil };
    const { keyIds } = await this.#apply(entry, context).catch(toFetchJwksError);
    this.#answered = request;
    this.#received = { document, etag: response.etag ?? (notModified ? etag : null) };
    emitRefreshed(entry, { from: 'origin', notModified, keyIds }, context);
    this.#requireRecent(entry, context.now());
    this.#write(stores, entry, context);
    return entry;
  }

  /** If a proxy in front of Pomerium serves old keys, treats that as a failed fetch. */
  #requireRecent(entry: KeyEntry, now: number): void {
    const freshness = freshnessOf(entry, this.#settings, now);
    if (freshness === 'fresh' || freshness === 'stale') return;
    const age = Math.round(now - entry.fetchedAt);
    const what = age > 2 ** 30 ? 'has an Age that cannot be read' : `is ${age} s old`;
    throw new FetchJwksError('aged_answer', `The JWKS ${what}: a cache in front of Pomerium ignores max-age.`);
  }

  /** Replaces the set at once and whole. An older answer that arrives late replaces nothing. Returns the set in use. */
  async #apply(entry: KeyEntry, { now, emit }: KeyContext): Promise<KeySet> {
    const previous = this.#current;
    let keySet = previous?.entry.document === entry.document ? previous.keySet : undefined;
    if (!keySet) {
      const imported = await importJwks(readJwksText(entry.document), previous?.keySet);
      emitSkipped(imported.skipped, entry.url, emit);
      keySet = imported.keySet;
    }
    const current = this.#current;
    if (current && current.entry.fetchedAt > entry.fetchedAt && current.entry.fetchedAt <= now()) return current.keySet;
    this.#current = { entry, keySet };
    return keySet;
  }

  #write(stores: readonly JwksStore[], entry: KeyEntry, context: KeyContext): void {
    const { url, staleWhileRevalidate, staleIfError } = this.#settings;
    const ttl = timeToLive(entry, this.#settings) + Math.max(staleWhileRevalidate, staleIfError);
    const call = { url, key: storeKey(url), emit: context.emit };
    for (const store of stores) context.waitUntil(writeStore(store, call, serializeEntry(entry), ttl));
  }
}

function emitRefreshed(
  { url, fetchedAt }: KeyEntry,
  source: Pick<KeysRefreshed, 'from' | 'notModified' | 'keyIds'>,
  { emit }: KeyContext,
): void {
  emit?.({ type: 'keys_refreshed', url, ...source, fetchedAt });
}

/** A document without usable keys is a failed fetch. Anything else is a mistake of ours, and not hidden. */
function toFetchJwksError(error: unknown): never {
  throw error instanceof UnusableJwks ? new FetchJwksError('unusable_document', error.message) : error;
}
