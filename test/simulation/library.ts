import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { build } from 'esbuild';
import { createRemoteJWKSet, customFetch } from 'jose';
import type { JwksStore, KeySource, RemoteKeysOptions } from '../../core/adapter.ts';
import type { Host } from './clock.ts';
import { JWKS_URL, type Origin, publicKey } from './origin.ts';
import { kvNamespaceOver, type Shelf, ssmClientOver } from './stores.ts';

/** Whether requests of one process may wait for each other's promises. The library decides it once, when it is loaded. */
export type Kind = 'node' | 'workerd';

/** Where a fleet keeps its keys, besides memory. */
export type StoreKind = 'none' | 'cache' | 'kv' | 'cache and kv' | 'ssm';

/** What the data centre of a host offers. */
export interface Surroundings {
  readonly origin: Origin;
  readonly kv: Shelf;
  readonly ssm: Shelf;
}

export type MakeKeys = (host: Host, surroundings: Surroundings, options: RemoteKeysOptions) => KeySource;

export interface Library {
  /** `remoteKeys` and the stores, as they are published. */
  ours(store: StoreKind): MakeKeys;
  /** jose's `createRemoteJWKSet` in the same place. */
  readonly jose: MakeKeys;
}

/** The real code, on what it takes for Node.js or for workerd. Each isolate gets modules of its own, as in reality. */
export async function loadLibrary(kind: Kind): Promise<Library> {
  const userAgent = kind === 'workerd' ? 'Cloudflare-Workers' : 'Node.js/24';
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { userAgent } });
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('published.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'es2022',
    external: ['@aws-sdk/client-ssm'],
    alias: { '#signature': fileURLToPath(new URL('../../core/signature/node.ts', import.meta.url)) },
    logLevel: 'warning',
  });
  const script = new Script(`(function (module, require) {${outputFiles[0]?.text}\nreturn module.exports;})`);
  const require = createRequire(import.meta.url);
  const loadModules = (): typeof import('./published.ts') => script.runInThisContext()({ exports: {} }, require);
  return {
    ours: (kindOfStore) => (host, surroundings, options) => {
      const modules = loadModules();
      const store = storeOf(modules, kindOfStore, surroundings);
      const fetch: typeof globalThis.fetch = (_url, init) => surroundings.origin.fetch(host, init);
      return modules.remoteKeys(JWKS_URL, { ...options, fetch, ...(store && { store }) });
    },
    jose: (host, { origin }) => {
      const getKey = createRemoteJWKSet(new URL(JWKS_URL), { [customFetch]: (_url, init) => origin.fetch(host, init) });
      return {
        async find({ algorithm, keyId = '' }) {
          try {
            await getKey({ alg: algorithm, kid: keyId }, { payload: '', signature: '' });
          } catch (error) {
            const isUnknown = error instanceof Error && 'code' in error && error.code === 'ERR_JWKS_NO_MATCHING_KEY';
            throw Object.assign(new Error(String(error)), {
              code: isUnknown ? 'unknown_key' : 'keys_unavailable',
              retryAfter: 1,
            });
          }
          return {
            keyId,
            algorithm: 'ES256',
            jwk: { kty: 'EC', crv: 'P-256', x: publicKey(keyId).x ?? '', y: '' },
            verify: () => true,
          };
        },
        async ready() {},
      };
    },
  };
}

function storeOf(
  { cacheStore, kvStore, ssmStore, tieredStore }: typeof import('./published.ts'),
  kind: StoreKind,
  { kv, ssm }: Surroundings,
): JwksStore | undefined {
  switch (kind) {
    case 'none':
      return undefined;
    case 'cache':
      return cacheStore();
    case 'kv':
      return kvStore(kvNamespaceOver(kv));
    case 'cache and kv':
      return tieredStore(cacheStore(), kvStore(kvNamespaceOver(kv)));
    case 'ssm':
      return ssmStore({ name: '/pomerium-edge/jwks', client: ssmClientOver(ssm), writable: true });
  }
}
