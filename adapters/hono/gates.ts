import type { Context } from 'hono';
import { env } from 'hono/adapter';
import {
  cacheStore,
  callSafely,
  consoleLog,
  contentOfFixed,
  copyOfData,
  createGate,
  type Gate,
  type GateEnvironment,
  gateOrBroken,
  IS_WORKERD,
  isPlainObject,
  KeptByContent,
  someEnvironment,
} from '../../core/adapter.ts';
import { requireFixedAudience } from './fixed-audience.ts';
import type { OptionsFor, PomeriumOptions } from './options.ts';

/** On Workers Cloudflare's caches may stand before the app and know no assertion; this header is for them alone. */
const NO_STORE = IS_WORKERD ? { 'cloudflare-cdn-cache-control': 'no-store' } : {};

export const log = consoleLog(console);

const PLATFORM = { noStoreHeaders: NO_STORE, requestIdHeader: 'cf-ray', log };

/** @throws {PomeriumError} `invalid_configuration` */
function makeGate(environment: GateEnvironment, options: PomeriumOptions): Gate<Request> {
  return createGate(environment, options, {
    ...(IS_WORKERD && { keys: { store: cacheStore() } }),
    without: { endAtExpiry: 'Hono does not hold the socket: end it in your own handler at c.var.identity.expiresAt' },
    ...PLATFORM,
  });
}

/**
 * Ensures that the options can work, whatever the environment says.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function checkOptions(options: PomeriumOptions): void {
  makeGate(someEnvironment(options), options);
}

/** The gates of all middlewares whose options are an object: equal ones share a gate, and so what it verified. */
const gatesOfAll = new KeptByContent<Gate<Request>>();

/** The gates of one middleware, one for each configuration: each remembers what it verified. */
export function gatesFor(options: OptionsFor<PomeriumOptions>): (c: Context) => Gate<Request> {
  if (typeof options !== 'function') {
    const gates = new KeptByContent(gatesOfAll);
    const given = copyOfData(options);
    const content = contentOfFixed(given);
    return (c) => {
      const environment = environmentOf(c);
      return gates.get(environment, content, () => orBroken(() => makeGate(environment, given)));
    };
  }
  const gates = new KeptByContent<Gate<Request>>();
  return (c) => {
    const environment = environmentOf(c);
    const own = options(c);
    // An async one is refused; what it rejects with later is nobody's.
    callSafely(() => own);
    return gates.get(environment, isPlainObject(own) ? own : undefined, () =>
      orBroken(() => {
        const gate = makeGate(environment, own);
        requireFixedAudience(own, options, c);
        return gate;
      }),
    );
  };
}

function orBroken(make: () => Gate<Request>): Gate<Request> {
  return gateOrBroken(make, PLATFORM);
}

let processEnvironment: GateEnvironment | undefined;

/** Workers have theirs with each request; elsewhere it is the process's, which Deno copies whole for each who asks. */
function environmentOf(c: Context): GateEnvironment {
  if (IS_WORKERD) return c.env ?? {};
  processEnvironment ??= env<Record<string, string>>(c);
  return processEnvironment;
}
