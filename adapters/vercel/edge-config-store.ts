import { configurationError, type JwksStore, requireKnown, requireOptions } from '../../core/adapter.ts';
import { environment } from './platform.ts';
import { sha256 } from './sha256.ts';

/** The part of `@vercel/edge-config`'s client that is used. */
export interface EdgeConfigLike {
  get(key: string): Promise<unknown>;
}

/** Options of `edgeConfigStore`. */
export interface EdgeConfigStoreOptions {
  /** @defaultValue `createClient(process.env.EDGE_CONFIG)` of `@vercel/edge-config`, which must then be installed */
  client?: EdgeConfigLike;
}

/**
 * Vercel's Edge Config: global, and read in milliseconds. Read-only, as every Edge Config is for code that reads it:
 * `createRefreshRoute` fills it. Needs `@vercel/edge-config`, unless a client is given; without both, each read is an event
 * `store_failed` that says so.
 *
 * @throws {PomeriumError} `invalid_configuration` at once, for an option that there is not
 *
 * @example
 * ```ts
 * createMiddleware({ store: tieredStore(runtimeCacheStore(), edgeConfigStore()) })
 * ```
 */
export function edgeConfigStore(options: EdgeConfigStoreOptions = {}): JwksStore {
  requireOptions(options);
  requireKnown(options, ['client'], 'option of edgeConfigStore()');
  let own = options.client;
  return {
    async getItem(key) {
      // On first use: a build does not have the connection string.
      own ??= await clientFromEnvironment();
      return (await own.get(await edgeConfigKey(key))) ?? null;
    },
    setItem() {},
  };
}

/** Keys of an Edge Config are letters, digits, `-` and `_`, at most 256. */
export async function edgeConfigKey(key: string): Promise<string> {
  return `pomerium-edge-${await sha256(key)}`;
}

async function clientFromEnvironment(): Promise<EdgeConfigLike> {
  const { createClient } = await requireEdgeConfig();
  const { EDGE_CONFIG } = environment();
  if (!EDGE_CONFIG) throw configurationError('EDGE_CONFIG is not set: connect an Edge Config to the project.');
  return createClient(EDGE_CONFIG);
}

/**
 * Bundlers take the package in where it is installed, and because of the `try` build without it where it is not.
 * @throws {PomeriumError} `invalid_configuration`
 */
async function requireEdgeConfig(): Promise<typeof import('@vercel/edge-config')> {
  try {
    return await import('@vercel/edge-config');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? `${error.code}` : 'no reason given';
    throw configurationError(
      `@vercel/edge-config cannot be loaded (${reason}): npm install @vercel/edge-config, or pass client to edgeConfigStore.`,
    );
  }
}
