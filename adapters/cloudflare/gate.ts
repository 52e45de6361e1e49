import {
  createGate,
  forward,
  type Gate,
  type GateSupport,
  gateOrBroken,
  type Identity,
  withHeaders,
} from '../../core/adapter.ts';
import { endAtExpiry } from './end-at-expiry.ts';
import {
  bindingsOf,
  type CloudflareEnvironment,
  type CloudflareOptions,
  defaultStore,
  keepForContent,
  keepForEnvironment,
  log,
  type OptionsFor,
  optionsFor,
} from './options.ts';
import type { WaitUntil } from './platform.ts';

/** A request that may go on, and for whom it is; undefined for nobody. */
export interface AllowedRequest {
  readonly identity: Identity | undefined;
  readonly headers: Headers;
}

export const PLATFORM = {
  // Cloudflare's caches may stand before a Worker and know no assertion; this header is for them alone.
  noStoreHeaders: { 'cloudflare-cdn-cache-control': 'no-store' },
  log,
  requestIdHeader: 'cf-ray',
};

/** A gate for each configuration. A configuration that cannot work refuses everything with a 500; the log says why. */
export function gatesFor<Env>(options: OptionsFor<CloudflareOptions, Env>): (env: Env) => Gate<Request> {
  const gates = keepForContent(options, createCloudflareGate);
  return keepForEnvironment((env: Env) =>
    gateOrBroken(() => gates(bindingsOf(env), optionsFor(options, env)), PLATFORM),
  );
}

const NO_STREAMS = 'it needs a compatibility_date of 2022-11-30 or later, or the flag streams_enable_constructors';

function canMakeStreams(): boolean {
  try {
    return Boolean(new ReadableStream());
  } catch {
    return false;
  }
}

/** @throws {PomeriumError} `invalid_configuration` */
export function createCloudflareGate(
  env: CloudflareEnvironment,
  options: CloudflareOptions,
  support: GateSupport = {},
): Gate<Request> {
  return createGate(env, options, {
    ...support,
    ...(!canMakeStreams() && { without: { endAtExpiry: NO_STREAMS } }),
    keys: { store: defaultStore(env) },
    ...PLATFORM,
  });
}

/**
 * Gets the keys before a request needs them. `own`: what the handler has to do on its schedule, which goes on whether or not
 * there are keys.
 */
export async function keepWarm(gate: Gate<Request>, ctx: WaitUntil, own?: () => unknown): Promise<void> {
  const ready = gate.ready({ waitUntil: (promise) => ctx.waitUntil(promise) });
  if (!own) return ready;
  // Why there are none is in the log already.
  ctx.waitUntil(ready.catch(() => {}));
  await own();
}

/** The answer to a request: of `next`, where it may go on. */
export async function respond(
  gate: Gate<Request>,
  request: Request,
  ctx: WaitUntil,
  next: (allowed: AllowedRequest) => Response | Promise<Response>,
): Promise<Response> {
  const { method, url, headers } = request;
  const result = await gate.authorize({ method, url, headers }, { waitUntil: (promise) => ctx.waitUntil(promise) });
  if (result.type === 'refuse') return gate.refuse(result.error, request, request);
  const { identity } = result;
  const answer = await next({ identity, headers: forward(headers, result.headers) });
  const marked = withHeaders(
    answer,
    gate.answerHeaders((name) => answer.headers.get(name)),
  );
  const secondsOpen = identity && gate.secondsOpen(identity);
  return secondsOpen === undefined ? marked : endAtExpiry(marked, secondsOpen * 1000);
}
