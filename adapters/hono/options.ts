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
} from '../../core/adapter.ts';

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
 * The verifiers of one middleware, one for each configuration: they hold the keys. `store`, `onEvent` and `now` tell no
 * configurations apart, since an options function makes new ones each time; the first ones stay.
 */
export class Verifiers {
  readonly #kept = new Map<string, Verifier<Identity>>();
  readonly #environments = new WeakMap<object, string>();
  readonly #objects = new WeakMap<object, string>();
  #count = 0;

  /** Throws `invalid_configuration`. */
  for(c: Context, options: PomeriumOptions): Verifier<Identity> {
    const environment = environmentOf(c);
    const key = this.#keyOfEnvironment(environment) + this.#keyOfOptions(options);
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const verifier = makeVerifier(environment, options);
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(key, verifier);
    return verifier;
  }

  /** By its content: Pages hands over a new object with each request. */
  #keyOfEnvironment(environment: PomeriumEnvironment): string {
    const known = this.#environments.get(environment);
    if (known !== undefined) return known;
    const ours = Object.entries(environment).filter(([name]) => name.startsWith('POMERIUM_'));
    const key = JSON.stringify(ours.filter(([, value]) => typeof value === 'string'));
    this.#environments.set(environment, key);
    return key;
  }

  #keyOfOptions({ store, onEvent, now, ...rules }: PomeriumOptions): string {
    return JSON.stringify(rules, (name, value) => (OPAQUE.has(name) && value ? this.#nameOf(value) : value));
  }

  #nameOf(value: object): string {
    const name = this.#objects.get(value) ?? `object ${++this.#count}`;
    this.#objects.set(value, name);
    return name;
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
