import type { Context, MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { type Identity, PomeriumError } from '../../core/adapter.ts';
import { makeVerifier, type PomeriumOptions, Verifiers } from './options.ts';
import { refusal } from './refuse.ts';

/** What the middleware sets: `c.var.identity`. */
export interface IdentityVariables {
  identity: Identity;
}

/** What it sets with `optional: true`. */
export interface OptionalIdentityVariables {
  identity: Identity | undefined;
}

type OptionsFor<Options> = Options | ((c: Context) => Options);

/**
 * Lets requests through only if they came through Pomerium, and sets `c.var.identity`. Refusals are `HTTPException`s with a
 * `problemResponse`. Without options the environment configures it (`POMERIUM_AUDIENCE` and the like); each option replaces
 * what that says. Options that cannot work are an `invalid_configuration`: thrown at once where they are an object.
 *
 * Verifiers are kept by configuration, so an options function must not make `keys` or a policy anew for each request.
 *
 * @example
 * const app = new Hono().use(pomerium({ audience: 'app.corp.example.com' }))
 * app.get('/', (c) => c.text(`Hello ${c.var.identity.email}`))
 */
export function pomerium(
  options: OptionsFor<PomeriumOptions & { optional: true }>,
): MiddlewareHandler<{ Variables: OptionalIdentityVariables }>;
export function pomerium(
  options?: OptionsFor<PomeriumOptions & { optional?: false }>,
): MiddlewareHandler<{ Variables: IdentityVariables }>;
export function pomerium(options: OptionsFor<PomeriumOptions> = {}): MiddlewareHandler {
  // A mistake shows when the app is built, and not with its first request, wherever the environment is not needed to see it.
  if (typeof options === 'object' && options.audience !== undefined) makeVerifier({}, options);
  const verifiers = new Verifiers();
  return createMiddleware<{ Variables: OptionalIdentityVariables }>(async (c, next) => {
    const given = typeof options === 'function' ? options(c) : options;
    try {
      c.set('identity', await verifiers.for(c, given).verifyRequest(c.req.raw, { waitUntil: waitUntilOf(c) }));
    } catch (error) {
      if (!given.optional || !isForNobody(error)) throw refusal(error, c);
    }
    await next();
  });
}

/** Subject is the last that is judged: an `anonymous` assertion was good in every other way. */
function isForNobody(error: unknown): boolean {
  return error instanceof PomeriumError && ['missing_assertion', 'anonymous'].includes(error.code);
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
