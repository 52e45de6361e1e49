import type { JwksStore } from '../../core/adapter.ts';
import { type RuntimeCacheLike, requestContext } from './platform.ts';
import { sha256 } from './sha256.ts';

/** Teams share the Runtime Cache between projects. */
const NAMESPACE = 'pomerium-edge';

export interface RuntimeCacheStoreOptions {
  /**
   * What comes before every key.
   * @defaultValue `pomerium-edge`
   */
  namespace?: string;
}

/**
 * A store in what `cacheOf` finds when it is asked. Keys are hashed with SHA-256 here: the platform's own hash has 32 bits,
 * and anybody can find a URL that meets another's.
 */
export function storeInCache(
  cacheOf: () => RuntimeCacheLike | undefined,
  { namespace = NAMESPACE }: RuntimeCacheStoreOptions = {},
): JwksStore {
  const keyOf = async (key: string) => `${namespace}$${await sha256(key)}`;
  return {
    async getItem(key) {
      return (await cacheOf()?.get(await keyOf(key))) ?? null;
    },
    async setItem(key, value, { ttl = 3600 } = {}) {
      await cacheOf()?.set(await keyOf(key), value, { ttl: Math.ceil(ttl), name: 'Pomerium key set' });
    },
  };
}

/** The Runtime Cache that Vercel lends to requests; elsewhere every read is a miss. */
export function platformStore(): JwksStore {
  return storeInCache(() => requestContext().cache);
}
