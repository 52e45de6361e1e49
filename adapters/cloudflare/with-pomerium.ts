import type { Identity, SignedInOptions } from '../../core/adapter.ts';
import { gatesFor, respond } from './gate.ts';
import { withIdentity } from './identify.ts';
import type { CloudflareEnvironment, CloudflareOptions, OptionsFor } from './options.ts';
import type { WaitUntil } from './platform.ts';

/** An `ExportedHandler` whose `fetch` is told for whom the request came. */
export interface IdentifiedHandler<Env, Context extends WaitUntil, Who = Identity> {
  fetch(request: Request, env: Env, ctx: Context, identity: Who): Response | Promise<Response>;
}

/** The same handler as Workers wants it: its other events as they were. */
export type ProtectedHandler<Handler, Env, Context extends WaitUntil> = Omit<Handler, 'fetch'> & {
  fetch(request: Request, env: Env, ctx: Context): Promise<Response>;
};

/**
 * Wraps a Worker: its `fetch` is only called for requests that came through Pomerium, with the identity as fourth argument
 * and a request without unverified Pomerium headers. Where `routes`, `optional`, `rules` or `allowPreflight` let requests for
 * nobody pass, the identity is undefined for them.
 *
 * @example
 * ```ts
 * export default withPomerium({
 *   fetch: (request, env, ctx, identity) => new Response(`Hello ${identity.email}`),
 * })
 * ```
 */
export function withPomerium<
  Env = CloudflareEnvironment,
  Context extends WaitUntil = WaitUntil,
  Handler extends IdentifiedHandler<Env, Context> = IdentifiedHandler<Env, Context>,
>(
  handler: Handler,
  options?: OptionsFor<SignedInOptions<CloudflareOptions>, Env>,
): ProtectedHandler<Handler, Env, Context>;
export function withPomerium<
  Env = CloudflareEnvironment,
  Context extends WaitUntil = WaitUntil,
  Handler extends IdentifiedHandler<Env, Context, Identity | undefined> = IdentifiedHandler<
    Env,
    Context,
    Identity | undefined
  >,
>(handler: Handler, options: OptionsFor<CloudflareOptions, Env>): ProtectedHandler<Handler, Env, Context>;
export function withPomerium<Env, Context extends WaitUntil>(
  handler: IdentifiedHandler<Env, Context, Identity | undefined>,
  options: OptionsFor<CloudflareOptions, Env> = {},
): ProtectedHandler<IdentifiedHandler<Env, Context, Identity | undefined>, Env, Context> {
  const gates = gatesFor(options);
  return {
    ...handler,
    async fetch(request: Request, env: Env, ctx: Context) {
      return respond(gates(env), request, ctx, (allowed) =>
        handler.fetch(withIdentity(request, allowed), env, ctx, allowed.identity),
      );
    },
  };
}
