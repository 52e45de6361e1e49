import { type JwksStore, throttledStore } from '../../core/adapter.ts';
import type { KvNamespace } from './platform.ts';

/** KV's own least values, in seconds. */
const CACHE_TTL = 30;
const LEAST_EXPIRATION = 60;

/** Seconds: half of the time for which a key set is used at once. */
const REWRITE_AFTER = 180;

const stores = new WeakMap<KvNamespace, JwksStore>();

/**
 * Workers KV: one store for all data centres, so that a cold one need not wait for the origin. A write takes up to a
 * minute to be seen everywhere, and a key takes one write a second, so a key set is written when it changed, and otherwise
 * every three minutes. Default keys stay of use for six (`maxTtl + staleWhileRevalidate` with Pomerium's max-age of 60).
 * The same namespace is the same store, which knows what it wrote.
 *
 * @example
 * ```ts
 * remoteKeys(url, { store: tieredStore(cacheStore(), kvStore(env.POMERIUM_JWKS_KV)) })
 * ```
 */
export function kvStore(namespace: KvNamespace): JwksStore {
  // What is no namespace is a store that fails, which is an event and no failed request.
  if (typeof namespace !== 'object' || namespace === null) return makeStore(namespace);
  const store = stores.get(namespace) ?? makeStore(namespace);
  stores.set(namespace, store);
  return store;
}

function makeStore(namespace: KvNamespace): JwksStore {
  const store: JwksStore = {
    getItem: (key) => namespace.get(key, { cacheTtl: CACHE_TTL }),
    setItem: (key, value, { ttl = 3600 } = {}) =>
      namespace.put(key, value, { expirationTtl: Math.max(LEAST_EXPIRATION, Math.ceil(ttl)) }),
  };
  return throttledStore(store, { rewriteAfter: REWRITE_AFTER });
}
