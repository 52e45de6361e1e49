import type { JwksStore } from '../../core/index.ts';
import type { KvNamespace } from './platform.ts';

/** KV's own least values, in seconds. */
const CACHE_TTL = 30;
const LEAST_EXPIRATION = 60;

/** For how long, in seconds, an unchanged key set is not written again: half of the time for which it is used at once. */
const REWRITE_AFTER = 180;

/**
 * Workers KV: one store for all data centres, so that a cold one need not wait for the origin. A write takes up to a
 * minute to be seen everywhere, and a key takes one write a second, so a key set is written when it changed, and otherwise
 * every three minutes. Default keys stay of use for six (`maxTtl + staleWhileRevalidate` with Pomerium's max-age of 60).
 *
 * @example
 * remoteKeys(url, { store: tieredStore(cacheStore(), kvStore(env.POMERIUM_JWKS_KV)) })
 */
export function kvStore(namespace: KvNamespace): JwksStore {
  /** What KV holds as far as this isolate knows. */
  const known = new Map<string, string>();
  const read = async (key: string) => {
    const value = await namespace.get(key, { cacheTtl: CACHE_TTL });
    if (value !== null) known.set(key, value);
    return value;
  };
  return {
    getItem: read,
    async setItem(key, value, { ttl = 3600 } = {}) {
      const held = known.get(key) ?? (await read(key));
      if (held && !isWorthWriting(held, value)) return;
      await namespace.put(key, value, { expirationTtl: Math.max(LEAST_EXPIRATION, Math.ceil(ttl)) });
      known.set(key, value);
    },
  };
}

/** Only entries of `remoteKeys` can be the same and newer; any other value is written as soon as it differs. */
function isWorthWriting(held: string, value: string): boolean {
  const before = contentOf(held);
  const after = contentOf(value);
  if (!before || !after || before.document !== after.document) return held !== value;
  return Number(after.fetchedAt) - Number(before.fetchedAt) >= REWRITE_AFTER || before.maxAge !== after.maxAge;
}

function contentOf(value: string): { document?: unknown; fetchedAt?: unknown; maxAge?: unknown } | undefined {
  try {
    const entry = JSON.parse(value);
    return typeof entry?.document === 'string' ? entry : undefined;
  } catch {
    return undefined;
  }
}
