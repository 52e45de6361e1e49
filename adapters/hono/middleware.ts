import type { Context, MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import {
  type ForwardedHeaders,
  forward,
  type Gate,
  type GateContext,
  type GateRequest,
  type Identity,
  IS_WORKERD,
  requireOptions,
  requirePossible,
  type SignedInOptions,
} from '../../core/adapter.ts';
import { checkOptions, gatesFor } from './gates.ts';
import type { OptionsFor, PomeriumOptions } from './options.ts';
import { refuse } from './refuse.ts';

/** What the middleware sets: `c.var.identity`. */
export interface IdentityVariables {
  identity: Identity;
}

/** What it sets where options let requests for nobody pass. */
export interface OptionalIdentityVariables {
  identity: Identity | undefined;
}

/** A request that a gate let pass: the reading of it as it came, whatever becomes of `native`. */
interface AllowedRequest {
  readonly gate: Gate<Request>;
  readonly request: GateRequest;
  readonly native: Request;
  readonly context: GateContext;
}

/**
 * On the context itself: a `WeakMap` with an entry for each request makes the garbage collector stop the process for tens of
 * milliseconds under load (docs/performance.md).
 */
const ALLOWED = Symbol('allowed request');

type WithAllowed = object & { [ALLOWED]?: AllowedRequest };

/** What `pomerium()` let pass, for policies of routes behind it. */
export function allowedRequest(c: WithAllowed): AllowedRequest | undefined {
  return c[ALLOWED];
}

/** Not by `Reflect.set`, which takes a microsecond. */
function setAllowedRequest(c: WithAllowed, allowed: AllowedRequest): void {
  c[ALLOWED] = allowed;
}

/**
 * Lets requests through only if they came through Pomerium, and sets `c.var.identity`. Refusals are `HTTPException`s with the
 * answer. Without options the environment configures it (`POMERIUM_AUDIENCE` and the like); each option replaces what that
 * says.
 *
 * An options function must not be async, nor take audience or issuer from the request. Gates are kept by configuration, so it
 * must not make `keys`, a compiled policy or routes anew for each request; of functions (`onRefused`, `onEvent`, `now`) those
 * of the first request with a configuration stay, so they must not depend on `c`.
 *
 * @throws {PomeriumError} `invalid_configuration` at once for options that cannot work, where they are an object
 *
 * @example
 * ```ts
 * const app = new Hono().use(pomerium({ audience: 'app.corp.example.com' }))
 * app.get('/', (c) => c.text(`Hello ${c.var.identity.email}`))
 * ```
 */
export function pomerium(
  options?: OptionsFor<SignedInOptions<PomeriumOptions>>,
): MiddlewareHandler<{ Variables: IdentityVariables }>;
export function pomerium(
  options: OptionsFor<PomeriumOptions>,
): MiddlewareHandler<{ Variables: OptionalIdentityVariables }>;
export function pomerium(options: OptionsFor<PomeriumOptions> = {}): MiddlewareHandler {
  // A mistake shows when the app is built, and not with its first request; one of the environment is not known yet.
  if (typeof options !== 'function') {
    requireOptions(options);
    requirePossible(checkOptions, options);
  }
  const gateFor = gatesFor(options);
  return createMiddleware<{ Variables: OptionalIdentityVariables }>(async (c, next) => {
    const gate = gateFor(c);
    const native = c.req.raw;
    const { method, url, headers } = native;
    const request = { method, url, headers };
    const context: GateContext = { waitUntil: waitUntilOf(c) };
    const result = await gate.authorize(request, context);
    if (result.type === 'refuse') throw await refuse(result.error, gate, native);
    setAllowedRequest(c, { gate, request, native, context });
    c.set('identity', result.identity);
    forwardHeaders(c, result.headers);
    await next();
    const { status, headers: answered } = c.res;
    // An upgrade is the client's and the handler's alone.
    if (status === 101) return;
    for (const [name, value] of gate.answerHeaders((one) => answered.get(one))) setHeader(c, name, value);
  });
}

/** Hono makes an answer anew for each header that `c.header` sets, which takes longer than all of a gate's own work. */
function setHeader(c: Context, name: string, value: string): void {
  try {
    c.res.headers.set(name, value);
  } catch {
    // An answer of fetch() cannot be changed.
    c.header(name, value);
  }
}

/** The request for the code behind: with the headers that may go on. */
export function forwardHeaders(c: Context, forwarded: ForwardedHeaders): void {
  const { raw } = c.req;
  if (isClean(raw.headers, forwarded)) return;
  const headers = forward(raw.headers, forwarded);
  // Bun and Deno upgrade only the very request that came; on Workers it may be sent on, and then counts what it is made of.
  const isUpgrade = raw.headers.has('upgrade') && !IS_WORKERD;
  // Of one whose body was read, no other can be made; Hono keeps what was read.
  if (isUpgrade || raw.bodyUsed) Object.defineProperty(raw, 'headers', { value: headers, configurable: true });
  else c.req.raw = new Request(raw, { headers });
}

/** Whether all of them may go on, and no more. */
function isClean(headers: Headers, { keeps, added }: ForwardedHeaders): boolean {
  for (const [name, value] of headers) if (!keeps(name, value)) return false;
  return added.length === 0;
}

function waitUntilOf(c: Context): (promise: Promise<unknown>) => void {
  return (promise) => {
    try {
      c.executionCtx.waitUntil(promise);
    } catch {
      // This runtime has no execution context: there the process goes on by itself.
    }
  };
}
