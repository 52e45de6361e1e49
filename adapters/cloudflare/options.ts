import {
  cacheStore,
  consoleLog,
  type GateEnvironment,
  type GateOptions,
  type JwksStore,
  KeptByContent,
  requireOptions,
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

/** Options, or how to get them from the environment: called once for each environment object, of which an isolate has one. */
export type OptionsFor<Options, Env> = Options | ((env: Env) => Options);

export const log = consoleLog(console);

/** Keeps what is made for an environment object. Workers hand over the same one with each request. */
export function keepForEnvironment<Env, Made>(make: (env: Env) => Made): (env: Env) => Made {
  const kept = new WeakMap<object, Made>();
  return (env) => {
    // In an app's own tests there may be none.
    if (typeof env !== 'object' || env === null) return make(env);
    const made = kept.get(env) ?? make(env);
    kept.set(env, made);
    return made;
  };
}

/** Keeps what is made for a configuration: Pages, and wrappers such as Sentry's, hand over a new `env` with each request. */
export function keepForContent<Env, Options extends object, Made>(
  options: OptionsFor<Options, Env>,
  make: (env: Env, own: Options) => Made,
): (env: Env, own: Options) => Made {
  const kept = new KeptByContent<Made>();
  const isFunction = typeof options === 'function';
  return (env, own) => kept.get(env, isFunction ? own : undefined, () => make(env, own));
}

/** @throws {PomeriumError} `invalid_configuration` */
export function optionsFor<Options, Env>(options: OptionsFor<Options, Env>, env: Env): Options {
  const own = typeof options === 'function' ? (options as (env: Env) => Options)(env) : options;
  requireOptions(own);
  return own;
}

/**
 * The environment as an object of its own: OpenTelemetry's throws where a binding is read that is not there. Bindings are
 * whatever the configuration says; each of ours is judged where it is read.
 */
export function bindingsOf(environment: unknown): object {
  return { ...(environment as object | undefined) };
}

/** The data centre's cache, which only Workers have; and KV, where it is bound. */
export function defaultStore({ POMERIUM_JWKS_KV }: CloudflareEnvironment): JwksStore {
  const near = 'caches' in globalThis ? [cacheStore()] : [];
  return tieredStore(...near, ...(POMERIUM_JWKS_KV ? [kvStore(POMERIUM_JWKS_KV)] : []));
}
