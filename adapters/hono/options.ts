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
  isPlainObject,
  KeptByContent,
  SOME_KEYS,
} from '../../core/adapter.ts';

/** Options of every gate (docs/gate.md). `onRefused` gets the request as it came. */
export type PomeriumOptions = GateOptions<Request>;

export const IS_WORKERD = getRuntimeKey() === 'workerd';

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
 * Ensures that the options can work, without an environment.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function checkOptions(options: PomeriumOptions): void {
  makeGate(options.routes ? SOME_KEYS : {}, options);
}

/** Options, or how to get them for a request. */
export type OptionsFor<Options> = Options | ((c: Context) => Options);

/** The gates of one middleware, one for each configuration: each remembers what it verified. */
export function gatesFor(options: OptionsFor<PomeriumOptions>): (c: Context) => Gate<Request> {
  const gates = new KeptByContent<Gate<Request>>();
  const isFunction = typeof options === 'function';
  return (c) => {
    const environment = environmentOf(c);
    const own = isFunction ? options(c) : options;
    // Options that are an object are the same for all requests, and need no comparing.
    return gates.get(environment, isFunction && isPlainObject(own) ? own : undefined, () =>
      gateOrBroken(() => makeGate(environment, own), { log, noStoreHeaders: NO_STORE }),
    );
  };
}

let processEnvironment: GateEnvironment | undefined;

/** Workers have theirs with each request; elsewhere it is the process's, which Deno copies whole for each who asks. */
function environmentOf(c: Context): GateEnvironment {
  if (IS_WORKERD) return c.env ?? {};
  processEnvironment ??= env<Record<string, string>>(c);
  return processEnvironment;
}
