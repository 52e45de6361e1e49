import {
  cacheStore,
  consoleLog,
  GATE_VARIABLES,
  type GateEnvironment,
  type GateOptions,
  type JwksStore,
  KeptByContent,
  requireOptions,
  tieredStore,
  VERIFIER_VARIABLES,
} from '../../core/adapter.ts';
import { kvStore } from './kv-store.ts';
import type { KvNamespace } from './platform.ts';

/** Variables and bindings of a Worker behind a gate. */
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
  make: (bindings: CloudflareEnvironment, own: Options) => Made,
): (bindings: CloudflareEnvironment, own: Options) => Made {
  const kept = new KeptByContent<Made>();
  const isFunction = typeof options === 'function';
  return (bindings, own) => kept.get(bindings, isFunction ? own : undefined, () => make(bindings, own));
}

/** @throws {PomeriumError} `invalid_configuration` */
export function optionsFor<Options, Env>(options: OptionsFor<Options, Env>, env: Env): Options {
  const own = typeof options === 'function' ? (options as (env: Env) => Options)(env) : options;
  requireOptions(own);
  return own;
}

const OURS = [
  ...VERIFIER_VARIABLES,
  ...Object.values(GATE_VARIABLES),
  'POMERIUM_JWKS_KV',
  'POMERIUM_UPSTREAM',
  'POMERIUM_UPSTREAM_CACHE',
];

/**
 * The environment as an object of its own: that of a wrapper may hide bindings from a copy, or, as OpenTelemetry's does, throw
 * where one is read that is not there. Bindings are whatever the configuration says; each of ours is judged where it is used.
 */
export function bindingsOf(environment: unknown): object {
  const env: object = Object(environment);
  const names = new Set([...Object.keys(env), ...OURS]);
  const bindings = [...names].map((name) => [name, readBinding(env, name)] as const);
  return Object.fromEntries(bindings.filter(([, value]) => value !== undefined));
}

function readBinding(env: object, name: string): unknown {
  try {
    return Reflect.get(env, name);
  } catch (error) {
    if (Reflect.has(env, name)) throw error;
    return undefined;
  }
}

/** The data centre's cache, which only Workers have; and KV, where it is bound. */
export function defaultStore({ POMERIUM_JWKS_KV }: CloudflareEnvironment): JwksStore {
  const near = 'caches' in globalThis ? [cacheStore()] : [];
  return tieredStore(...near, ...(POMERIUM_JWKS_KV ? [kvStore(POMERIUM_JWKS_KV)] : []));
}
