import { createClient } from '@vercel/edge-config';
import type { JwksStore } from '../../core/adapter.ts';
import { environment } from './platform.ts';
import { sha256 } from './sha256.ts';

/** The part of `@vercel/edge-config`'s client that is used. */
export interface EdgeConfigLike {
  get(key: string): Promise<unknown>;
}

export interface EdgeConfigStoreOptions {
  /** @defaultValue `createClient(process.env.EDGE_CONFIG)` */
  client?: EdgeConfigLike;
}

/**
 * Vercel's Edge Config: global, and read in milliseconds. Read-only, as every Edge Config is for code that reads it:
 * `createRefreshRoute` fills it. Needs `@vercel/edge-config`.
 *
 * @example
 * ```ts
 * createMiddleware({ store: tieredStore(runtimeCacheStore(), edgeConfigStore()) })
 * ```
 */
export function edgeConfigStore({ client }: EdgeConfigStoreOptions = {}): JwksStore {
  let own = client;
  return {
    async getItem(key) {
      // On first use: a build does not have the connection string.
      own ??= createClient(environment()['EDGE_CONFIG']);
      return (await own.get(await edgeConfigKey(key))) ?? null;
    },
    setItem() {},
  };
}

/** Keys of an Edge Config are letters, digits, `-` and `_`, at most 256. */
export async function edgeConfigKey(key: string): Promise<string> {
  return `pomerium-edge-${await sha256(key)}`;
}
