import type { Context } from 'hono';
import { env, getRuntimeKey } from 'hono/adapter';
import {
  cacheStore,
  createVerifier,
  type Identity,
  optionsFromEnvironment,
  type PomeriumEnvironment,
  type Verifier,
  type VerifierOptions,
} from '../../core/index.ts';

export interface PomeriumOptions extends Partial<Omit<VerifierOptions, 'allowAnonymous'>> {
  /**
   * Whether requests for nobody pass, with `c.var.identity` undefined: those without an assertion, and those with one that
   * Pomerium signed for nobody. A bad assertion is refused all the same. Default: false.
   */
  optional?: boolean;
}

const IS_WORKERD = getRuntimeKey() === 'workerd';

/** Options that are only ever the same as themselves. */
const OPAQUE: ReadonlySet<string> = new Set(['keys', 'policy', 'callers']);

/** More configurations than an app has; an options function that makes new ones for each request must not fill memory. */
const MAX_KEPT = 64;

/**
 * The verifiers of one middleware, one for each environment and configuration: they hold the keys. `store`, `onEvent` and
 * `now` tell no configurations apart, since an options function makes new ones each time; the first ones stay.
 */
export class Verifiers {
  readonly #kept = new WeakMap<object, Map<string, Verifier<Identity>>>();
  readonly #identify = new ObjectIds();

  /** Throws `invalid_configuration`. */
  for(c: Context, options: PomeriumOptions): Verifier<Identity> {
    const environment = environmentOf(c);
    const kept = this.#kept.get(environment) ?? new Map<string, Verifier<Identity>>();
    this.#kept.set(environment, kept);
    const key = this.#keyOf(options);
    let verifier = kept.get(key);
    if (!verifier) {
      verifier = makeVerifier(environment, options);
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(key, verifier);
    }
    return verifier;
  }

  #keyOf({ store, onEvent, now, ...rules }: PomeriumOptions): string {
    return JSON.stringify(rules, (name, value) => (OPAQUE.has(name) && value ? this.#identify.of(value) : value));
  }
}

/** Throws `invalid_configuration`. */
export function makeVerifier(environment: PomeriumEnvironment, options: PomeriumOptions): Verifier<Identity> {
  const { optional, ...verifierOptions } = options;
  const store = IS_WORKERD && !verifierOptions.keys && { store: cacheStore() };
  return createVerifier({
    ...optionsFromEnvironment(environment, { ...store, ...verifierOptions }),
    allowAnonymous: false,
  });
}

let processEnvironment: PomeriumEnvironment | undefined;

/** Workers have theirs with each request; elsewhere it is the process's, which Deno copies whole for each who asks. */
function environmentOf(c: Context): PomeriumEnvironment {
  if (IS_WORKERD) return c.env ?? {};
  processEnvironment ??= env<Record<string, string>>(c);
  return processEnvironment;
}

class ObjectIds {
  readonly #ids = new WeakMap<object, string>();
  #count = 0;

  of(value: object): string {
    const id = this.#ids.get(value) ?? `object ${++this.#count}`;
    this.#ids.set(value, id);
    return id;
  }
}
