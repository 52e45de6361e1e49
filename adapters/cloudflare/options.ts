import {
  cacheStore,
  consoleLog,
  type GateEnvironment,
  type GateOptions,
  type JwksStore,
  tieredStore,
} from '../../core/adapter.ts';
import { kvStore } from './kv-store.ts';
import type { KvNamespace } from './platform.ts';

export interface CloudflareEnvironment extends GateEnvironment {
  /** A KV namespace in which all data centres share the keys. */
  readonly POMERIUM_JWKS_KV?: KvNamespace;
}

/** Options of every gate (docs/gate.md); each one replaces what the environment says. */
export type CloudflareOptions = GateOptions<Request>;

/** Options, or how to get them from the environment: called once for each environment, which is once an isolate. */
export type OptionsFor<Options, Env> = Options | ((env: Env) => Options);

export const log = consoleLog(console);

/** Keeps what is made from an environment for as long as the isolate has it. Before the first request there is none. */
export function keepForEnvironment<Env, Made>(make: (env: Env) => Made): (env: Env) => Made {
  const kept = new WeakMap<WeakKey, Made>();
  return (env) => {
    const key = env as WeakKey;
    const made = kept.get(key) ?? make(env);
    kept.set(key, made);
    return made;
  };
}

export function optionsFor<Options, Env>(options: OptionsFor<Options, Env>, env: Env): Options {
  return typeof options === 'function' ? (options as (env: Env) => Options)(env) : options;
}

/** The data centre's cache, which only Workers have; and KV, where it is bound. */
export function defaultStore({ POMERIUM_JWKS_KV }: CloudflareEnvironment): JwksStore {
  const near = 'caches' in globalThis ? [cacheStore()] : [];
  return tieredStore(...near, ...(POMERIUM_JWKS_KV ? [kvStore(POMERIUM_JWKS_KV)] : []));
}
