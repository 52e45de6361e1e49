import type { JwksStore } from './store.ts';

/** Several stores, in the order in which they are asked. */
export interface TieredStore extends JwksStore {
  readonly tiers: readonly JwksStore[];
}

/**
 * Several stores as one: the near and fast before the far and shared. `remoteKeys` asks them in turn until one has keys
 * that are still fresh, gives the earlier ones what a later one has, and writes to all.
 *
 * @example
 * ```ts
 * const store = tieredStore(cacheStore(), kvStore(env.POMERIUM_JWKS_KV))
 * ```
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

/** The stores that make up a store. What is no store is judged elsewhere. */
export function tiersOf(store: JwksStore): readonly JwksStore[] {
  const { tiers }: Partial<TieredStore> = store;
  return Array.isArray(tiers) ? tiers : [store];
}
