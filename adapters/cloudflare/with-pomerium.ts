import { type Identity, problemResponse } from '../../core/index.ts';
import { identified } from './identify.ts';
import { logUnexpected } from './log.ts';
import {
  type CloudflareEnvironment,
  type CloudflareOptions,
  keepForEnvironment,
  type OptionsFor,
  optionsFor,
  verifierFor,
} from './options.ts';
import type { WaitUntil } from './platform.ts';

/** An `ExportedHandler` whose `fetch` is told for whom the request came. */
export interface IdentifiedHandler<Env, Context extends WaitUntil> {
  fetch(request: Request, env: Env, ctx: Context, identity: Identity): Response | Promise<Response>;
}

/** The same handler as Workers wants it: its other events as they were. */
export type ProtectedHandler<Handler, Env, Context extends WaitUntil> = Omit<Handler, 'fetch'> & {
  fetch(request: Request, env: Env, ctx: Context): Promise<Response>;
};

/**
 * Wraps a Worker: its `fetch` is only called for requests that came through Pomerium, with the identity as fourth argument
 * and a request whose unsigned identity headers are gone. All other requests are answered with a `problemResponse`.
 *
 * @example
 * export default withPomerium({
 *   fetch: (request, env, ctx, identity) => new Response(`Hello ${identity.email}`),
 * })
 */
export function withPomerium<
  Env = CloudflareEnvironment,
  Context extends WaitUntil = WaitUntil,
  Handler extends IdentifiedHandler<Env, Context> = IdentifiedHandler<Env, Context>,
>(handler: Handler, options: OptionsFor<CloudflareOptions, Env> = {}): ProtectedHandler<Handler, Env, Context> {
  const verifier = keepForEnvironment((env: Env) => verifierFor(env, optionsFor(options, env)));
  return {
    ...handler,
    async fetch(request: Request, env: Env, ctx: Context) {
      let identity: Identity;
      try {
        identity = await verifier(env).verifyRequest(request, ctx);
      } catch (error) {
        logUnexpected(error);
        return problemResponse(error, request);
      }
      return handler.fetch(identified(request, identity), env, ctx, identity);
    },
  };
}
