import { getCache } from '@vercel/functions';
import type { JwksStore } from '../../core/adapter.ts';
import { type RuntimeCacheStoreOptions, storeInCache } from './runtime-cache.ts';

/**
 * Vercel's Runtime Cache: one a region, shared by middleware and functions. It is what is used by default on Vercel; name it
 * to put it into a `tieredStore`, or to choose a namespace. Needs `@vercel/functions`.
 *
 * Whoever deploys to the same team can write to it, and so choose the keys: on a team that you do not trust, leave it out.
 *
 * @example
 * ```ts
 * createMiddleware({ store: tieredStore(runtimeCacheStore(), edgeConfigStore()) })
 * ```
 */
export function runtimeCacheStore(options: RuntimeCacheStoreOptions = {}): JwksStore {
  // The keys that it is given are hashes already.
  const cache = getCache({ keyHashFunction: (key) => key });
  return storeInCache(() => cache, options);
}
