import {
  cacheStore,
  createVerifier,
  type Identity,
  type JwksStore,
  optionsFromEnvironment,
  type PomeriumEnvironment,
  tieredStore,
  type Verifier,
  type VerifierOptions,
} from '../../core/adapter.ts';
import { kvStore } from './kv-store.ts';
import { logEvent } from './log.ts';
import type { KvNamespace } from './platform.ts';

export interface CloudflareEnvironment extends PomeriumEnvironment {
  /** A KV namespace in which all data centres share the keys. */
  readonly POMERIUM_JWKS_KV?: KvNamespace;
}

/** Options of `createVerifier`; each one replaces what the environment says. `onEvent` replaces the log. */
export type CloudflareOptions = Partial<Omit<VerifierOptions, 'allowAnonymous'>>;

/** Options, or how to get them from the environment: called once for each environment, which is once an isolate. */
export type OptionsFor<Options, Env> = Options | ((env: Env) => Options);

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

/** Throws `invalid_configuration`. */
export function verifierFor(environment: unknown, options: CloudflareOptions): Verifier<Identity> {
  // A Worker's own bindings are whatever its configuration says; each of ours is judged where it is read.
  const env = (environment ?? {}) as CloudflareEnvironment;
  return createVerifier({
    onEvent: logEvent,
    ...optionsFromEnvironment(env, options.keys ? options : { store: defaultStore(env), ...options }),
    allowAnonymous: false,
  });
}

/** A verifier for each environment. */
export function verifiersFor<Env>(options: OptionsFor<CloudflareOptions, Env>): (env: Env) => Verifier<Identity> {
  return keepForEnvironment((env: Env) => verifierFor(env, optionsFor(options, env)));
}

/** The data centre's cache, which only Workers have; and KV, where it is bound. */
function defaultStore({ POMERIUM_JWKS_KV }: CloudflareEnvironment): JwksStore {
  const near = 'caches' in globalThis ? [cacheStore()] : [];
  return tieredStore(...near, ...(POMERIUM_JWKS_KV ? [kvStore(POMERIUM_JWKS_KV)] : []));
}
