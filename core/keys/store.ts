import { sentence } from '#sentences';
import type { Emit, StoreFailed } from '../events.ts';
import { type KeyEntry, parseEntry, serializeEntry } from './entry.ts';
import { withTimeout } from './timeout.ts';

/**
 * A cache that outlives this process or isolate. Any `unstorage` storage fits. Whoever can write to it can choose
 * the keys: use one that only your own code writes to.
 */
export interface JwksStore {
  /** The value, or null for a miss. */
  getItem(key: string): unknown;
  /** `ttl`: seconds after which the value is of no use. */
  setItem(key: string, value: string, options?: { ttl?: number }): void | Promise<void>;
  /**
   * Whether the caller is the one, of all who share this store, that does what `key` names: asks the origin. The others
   * wait for what it stores. A claim made at `now` counts for `ttl`, in seconds. A store without it lets everybody ask.
   */
  claim?(key: string, options: { now: number; ttl: number }): boolean | Promise<boolean>;
}

/** Several stores, in the order in which they are asked. */
export interface TieredStore extends JwksStore {
  readonly tiers: readonly JwksStore[];
}

/**
 * Several stores as one: the near and fast before the far and shared. `remoteKeys` asks them in turn until one has keys
 * that are still fresh, gives the earlier ones what a later one has, and writes to all.
 *
 * @example
 * tieredStore(cacheStore(), kvStore(env.POMERIUM_JWKS_KV))
 */
export function tieredStore(...stores: readonly JwksStore[]): TieredStore {
  const tiers = stores.flatMap(tiersOf);
  return {
    tiers,
    async getItem(key) {
      for (const store of tiers) {
        const value = await store.getItem(key);
        if (value !== null && value !== undefined) return value;
      }
      return null;
    },
    async setItem(key, value, options) {
      await Promise.all(tiers.map(async (store) => store.setItem(key, value, options)));
    },
  };
}

/** The stores that make up a store. */
export function tiersOf(store: JwksStore): readonly JwksStore[] {
  return 'tiers' in store && Array.isArray(store.tiers) ? store.tiers : [store];
}

/** How long, in milliseconds, a request waits for a store. */
export const STORE_TIMEOUT = 250;

/** The one key under which a URL's entry is stored: the whole URL is in it, so that no other URL can ever meet it. */
export function storeKey(url: string): string {
  return `pomerium-edge:jwks:${encodeURIComponent(url)}`;
}

/** The store's entry for the URL. A store that throws, hangs or holds rubbish is an event and a miss. */
export async function readStore(
  store: JwksStore,
  url: string,
  now: number,
  emit: Emit | undefined,
): Promise<KeyEntry | undefined> {
  try {
    const value = await withTimeout(STORE_TIMEOUT, async () => store.getItem(storeKey(url)));
    if (value === null || value === undefined) return undefined;
    const entry = parseEntry(value, url, now);
    if (!entry) emitUnusableEntry(url, emit);
    return entry;
  } catch (error) {
    emitFailure(url, 'get', error, emit);
    return undefined;
  }
}

/** What a claim is for: keys that are no longer fresh, or a key that nobody knows. */
export type ClaimPurpose = 'refresh' | 'unknown-key';

/** Whether to ask the origin. A store that cannot tell, or takes too long to, does not keep anybody from it. */
export async function claimOrigin(
  stores: readonly JwksStore[],
  {
    url,
    purpose,
    emit,
    ...times
  }: { url: string; purpose: ClaimPurpose; emit: Emit | undefined; now: number; ttl: number },
): Promise<boolean> {
  const store = stores.find(({ claim }) => claim);
  if (!store) return true;
  try {
    const key = `${storeKey(url)}:${purpose}`;
    return (await withTimeout(STORE_TIMEOUT, async () => store.claim?.(key, times))) !== false;
  } catch (error) {
    emitFailure(url, 'claim', error, emit);
    return true;
  }
}

/** Never rejects. `ttl` in seconds. */
export async function writeStore(
  store: JwksStore,
  entry: KeyEntry,
  ttl: number,
  emit: Emit | undefined,
): Promise<void> {
  try {
    await withTimeout(STORE_TIMEOUT, async () => store.setItem(storeKey(entry.url), serializeEntry(entry), { ttl }));
  } catch (error) {
    emitFailure(entry.url, 'set', error, emit);
  }
}

export function emitUnusableEntry(url: string, emit: Emit | undefined): void {
  const message = sentence(
    'The store holds something else than a key set of this URL; it is ignored and written anew.',
  );
  emit?.({
    type: 'store_failed',
    url,
    operation: 'get',
    reason: 'unusable_entry',
    message: message ?? 'unusable_entry',
  });
}

function emitFailure(url: string, operation: StoreFailed['operation'], error: unknown, emit: Emit | undefined): void {
  const reason = error instanceof DOMException && error.name === 'TimeoutError' ? 'timeout' : 'threw';
  const message = sentence(
    reason === 'timeout'
      ? `The store did not answer within ${STORE_TIMEOUT} ms.`
      : `The store threw ${error instanceof Error ? error.name : typeof error}.`,
  );
  emit?.({ type: 'store_failed', url, operation, reason, message: message ?? reason });
}
