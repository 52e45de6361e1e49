import { type JwksStore, requireKnown, requireOptions } from '../../core/adapter.ts';
import { requestContext } from './platform.ts';
import { sha256 } from './sha256.ts';

/** Teams share the Runtime Cache between projects. */
const NAMESPACE = 'pomerium-edge';

/** Options of `runtimeCacheStore`. */
export interface RuntimeCacheStoreOptions {
  /**
   * What comes before every key.
   * @defaultValue `pomerium-edge`
   */
  namespace?: string;
}

/**
 * Vercel's Runtime Cache: one a region, shared by middleware and functions. It is what is used by default on Vercel; name it
 * to put it into a `tieredStore`, or to choose a namespace. Where Vercel lends none to the request (`vercel dev`, builds, your
 * own servers), every read is a miss.
 *
 * Whoever deploys to the same team can write to it, and so choose the keys: on a team that you do not trust, leave it out.
 *
 * @throws {PomeriumError} `invalid_configuration` at once, for an option that there is not
 *
 * @example
 * ```ts
 * createMiddleware({ store: tieredStore(runtimeCacheStore(), edgeConfigStore()) })
 * ```
 */
export function runtimeCacheStore(options: RuntimeCacheStoreOptions = {}): JwksStore {
  requireOptions(options);
  requireKnown(options, ['namespace'], 'option of runtimeCacheStore()');
  const { namespace = NAMESPACE } = options;
  // Hashed here: the platform's own hash has 32 bits, and anybody can find a URL that meets another's.
  const keyOf = async (key: string) => `${namespace}$${await sha256(key)}`;
  return {
    async getItem(key) {
      return (await requestContext().cache?.get(await keyOf(key))) ?? null;
    },
    async setItem(key, value, { ttl = 3600 } = {}) {
      await requestContext().cache?.set(await keyOf(key), value, { ttl: Math.ceil(ttl), name: 'Pomerium key set' });
    },
  };
}
