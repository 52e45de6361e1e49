import type { Context } from 'hono';
import { env, getRuntimeKey } from 'hono/adapter';
import {
  cacheStore,
  consoleLog,
  createGate,
  type Gate,
  type GateEnvironment,
  type GateOptions,
  gateOrBroken,
} from '../../core/adapter.ts';

/** Options of every gate (docs/gate.md). `onRefused` gets the request as it came. */
export type PomeriumOptions = GateOptions<Request>;

export const IS_WORKERD = getRuntimeKey() === 'workerd';

/** More configurations than an app has; an options function that makes new ones for each request must not fill memory. */
const MAX_KEPT = 64;

/** On Workers Cloudflare's caches may stand before the app and know no assertion; this header is for them alone. */
const NO_STORE = IS_WORKERD ? { 'cloudflare-cdn-cache-control': 'no-store' } : {};

const log = consoleLog(console);

/** @throws {PomeriumError} `invalid_configuration` */
export function makeGate(environment: GateEnvironment, options: PomeriumOptions): Gate<Request> {
  return createGate(environment, options, {
    ...(IS_WORKERD && { keys: { store: cacheStore() } }),
    without: { endAtExpiry: 'Hono does not hold the socket: end it in your own handler at c.var.identity.expiresAt' },
    noStoreHeaders: NO_STORE,
    log,
  });
}

/**
 * The gates of one middleware, one for each configuration: they hold the keys. Functions and `store` tell no configurations
 * apart, since an options function makes new ones each time; the first ones stay.
 */
export class Gates {
  readonly #kept = new Map<string, Gate<Request>>();
  readonly #environments = new WeakMap<object, string>();
  readonly #objects = new WeakMap<object, string>();
  #count = 0;

  for(c: Context, options: PomeriumOptions): Gate<Request> {
    const environment = environmentOf(c);
    const key = this.#keyOfEnvironment(environment) + this.#keyOfOptions(options);
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const gate = gateOrBroken(() => makeGate(environment, options), log);
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(key, gate);
    return gate;
  }

  /** By its content: the Pages adapter of Hono hands over a new object with each request. */
  #keyOfEnvironment(environment: GateEnvironment): string {
    const known = this.#environments.get(environment);
    if (known !== undefined) return known;
    const key = JSON.stringify(Object.entries(environment).filter(([name]) => /^pomerium/i.test(name)));
    this.#environments.set(environment, key);
    return key;
  }

  #keyOfOptions({ store, ...options }: PomeriumOptions): string {
    return JSON.stringify(options, (_name, value) => (hasMethods(value) ? this.#nameOf(value) : value));
  }

  #nameOf(value: object): string {
    const name = this.#objects.get(value) ?? `object ${++this.#count}`;
    this.#objects.set(value, name);
    return name;
  }
}

/** Keys and compiled policies, which are only ever the same as themselves; the options themselves have functions, too. */
function hasMethods(value: unknown): value is object {
  const { find, decide } = (value ?? {}) as { find?: unknown; decide?: unknown };
  return !Array.isArray(value) && (typeof find === 'function' || typeof decide === 'function');
}

let processEnvironment: GateEnvironment | undefined;

/** Workers have theirs with each request; elsewhere it is the process's, which Deno copies whole for each who asks. */
function environmentOf(c: Context): GateEnvironment {
  if (IS_WORKERD) return c.env ?? {};
  processEnvironment ??= env<Record<string, string>>(c);
  return processEnvironment;
}
