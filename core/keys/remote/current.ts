import type { KeySet } from '../key-set.ts';
import { emitSkipped, importJwks, readJwksText, UnusableJwks } from '../material/jwks.ts';
import type { KeyContext } from '../source.ts';
import { emitUnusableEntry, readStore, writeStore } from '../stores/read-write.ts';
import type { JwksStore } from '../stores/store.ts';
import type { KeyEntry } from './entry.ts';
import { FetchJwksError, fetchJwks, type JwksResponse } from './fetch-jwks.ts';
import { type Freshness, freshnessOf, timeToLive } from './freshness.ts';
import type { RemoteSettings } from './options.ts';

/** A request to the origin, and whether an unknown key id is its reason. Times in seconds since the epoch. */
export interface Attempt {
  readonly startedAt: number;
  readonly unknownKeyAt: number | null;
}

/**
 * The entry in use, with its keys imported, and how a newer one gets there: from the stores, or from the origin. Whoever
 * brings an entry hands it to `#apply`, where the newest one wins.
 */
export class CurrentKeys {
  readonly #settings: RemoteSettings;
  #current: { readonly entry: KeyEntry; readonly keySet: KeySet } | undefined;

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
  }

  get entry(): KeyEntry | undefined {
    return this.#current?.entry;
  }

  /** Undefined before the first one came; it says nothing of its freshness. */
  get keySet(): KeySet | undefined {
    return this.#current?.keySet;
  }

  freshness(now: number): Freshness {
    return this.#current ? freshnessOf(this.#current.entry, this.#settings, now) : 'expired';
  }

  /** Applies what the stores hold, in their order, until that is enough. Earlier ones get what a later one had. */
  async loadFromStores(context: KeyContext, isEnough: () => boolean): Promise<void> {
    const outdated: JwksStore[] = [];
    for (const store of this.#settings.stores) {
      const isNewer = await this.#loadFromStore(store, context);
      if (isNewer && this.#current) this.#write(outdated, this.#current.entry, context);
      outdated.push(store);
      if (isEnough()) return;
    }
  }

  async #loadFromStore(store: JwksStore, context: KeyContext): Promise<boolean> {
    const { url } = this.#settings;
    const entry = await readStore(store, url, context.now(), context.emit);
    if (!entry || freshnessOf(entry, this.#settings, context.now()) === 'expired') return false;
    if (this.#current && entry.fetchedAt <= this.#current.entry.fetchedAt) return false;
    try {
      await this.#apply(entry, context);
    } catch (error) {
      if (!(error instanceof UnusableJwks)) throw error;
      emitUnusableEntry(url, context.emit);
      return false;
    }
    this.#emitRefreshed(entry, { from: 'store', notModified: false }, context);
    return true;
  }

  /** Asks the origin. `startedAt`: now. Throws `FetchJwksError`; then nothing that is in use changes. */
  async fetch(context: KeyContext, { startedAt, unknownKeyAt }: Attempt): Promise<KeyEntry> {
    const { url, fetch, timeout, stores } = this.#settings;
    const base = this.#current?.entry;
    const response = await fetchJwks({ url, fetch, timeout, etag: base?.etag ?? null });
    const entry = entryFrom(response, base, { url, startedAt, unknownKeyAt });
    const notModified = response.document === undefined;
    // A 304 is about the document that we had when we asked. If a newer one came meanwhile, it says nothing of it.
    if (!notModified || this.#current?.entry === base) await this.#apply(entry, context).catch(toFetchJwksError);
    this.#emitRefreshed(entry, { from: 'origin', notModified }, context);
    this.#requireRecent(entry, context.now());
    this.#write(stores, entry, context);
    return entry;
  }

  /** If a proxy in front of Pomerium serves old keys, treats that as a failed fetch. */
  #requireRecent(entry: KeyEntry, now: number): void {
    const freshness = freshnessOf(entry, this.#settings, now);
    if (freshness === 'fresh' || freshness === 'stale') return;
    const age = Math.round(now - entry.fetchedAt);
    throw new FetchJwksError('aged_answer', `The JWKS is ${age} s old: a cache in front of Pomerium ignores max-age.`);
  }

  /** Replaces the set at once and whole. An older answer that arrives late replaces nothing. */
  async #apply(entry: KeyEntry, { now, emit }: KeyContext): Promise<void> {
    const previous = this.#current;
    let keySet = previous?.entry.document === entry.document ? previous.keySet : undefined;
    if (!keySet) {
      const imported = await importJwks(readJwksText(entry.document), previous?.keySet);
      emitSkipped(imported.skipped, entry.url, emit);
      keySet = imported.keySet;
    }
    const currentFetchedAt = this.#current?.entry.fetchedAt ?? 0;
    const isNewest = entry.fetchedAt >= currentFetchedAt || currentFetchedAt > now();
    if (isNewest) this.#current = { entry, keySet };
  }

  #write(stores: readonly JwksStore[], entry: KeyEntry, context: KeyContext): void {
    const { staleWhileRevalidate, staleIfError } = this.#settings;
    const ttl = timeToLive(entry, this.#settings) + Math.max(staleWhileRevalidate, staleIfError);
    for (const store of stores) context.waitUntil(writeStore(store, entry, ttl, context.emit));
  }

  #emitRefreshed(
    { url, fetchedAt }: KeyEntry,
    source: { from: 'origin' | 'store'; notModified: boolean },
    { emit }: KeyContext,
  ): void {
    emit?.({ type: 'keys_refreshed', url, ...source, keyIds: this.#current?.keySet.keyIds ?? [], fetchedAt });
  }
}

/** The entry that a response of the origin makes of the one that it was asked with: a 304 keeps its document. */
function entryFrom(
  { document, etag, maxAge, age }: JwksResponse,
  base: KeyEntry | undefined,
  { url, startedAt, unknownKeyAt }: Attempt & { readonly url: string },
): KeyEntry {
  const notModified = document === undefined;
  return {
    url,
    document: document ?? base?.document ?? '',
    fetchedAt: Math.max(0, startedAt - age),
    maxAge,
    etag: etag ?? (notModified ? (base?.etag ?? null) : null),
    unknownKeyAt: unknownKeyAt ?? base?.unknownKeyAt ?? null,
  };
}

/** A document without usable keys is a failed fetch. Anything else is a mistake of ours, and not hidden. */
function toFetchJwksError(error: unknown): never {
  throw error instanceof UnusableJwks ? new FetchJwksError('unusable_document', error.message) : error;
}
