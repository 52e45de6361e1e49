import type { Identity } from '../../core/adapter.ts';
import { makeGate } from './gate.ts';
import type { CloudflareEnvironment, CloudflareOptions, OptionsFor } from './options.ts';
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
  const gate = makeGate(options);
  return {
    ...handler,
    async fetch(request: Request, env: Env, ctx: Context) {
      const passage = await gate(request, env, ctx);
      return passage.refusal ?? handler.fetch(passage.request, env, ctx, passage.identity);
    },
  };
}
