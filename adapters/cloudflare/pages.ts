import { gatesFor, respond } from './gate.ts';
import { withIdentity } from './identify.ts';
import type { CloudflareEnvironment, CloudflareOptions, OptionsFor } from './options.ts';
import type { WaitUntil } from './platform.ts';

/** What of a Pages function's context is used. */
export interface PagesContext<Env> extends WaitUntil {
  readonly request: Request;
  readonly env: Env;
  readonly data: Record<string, unknown>;
  next(request?: Request): Promise<Response>;
}

/** A Pages middleware: see `onRequest`. */
export function createOnRequest<Env = CloudflareEnvironment>(
  options: OptionsFor<CloudflareOptions, Env> = {},
): (context: PagesContext<Env>) => Promise<Response> {
  const gates = gatesFor(options);
  return async (context) =>
    respond(gates(context.env), context.request, context, (allowed) => {
      context.data['identity'] = allowed.identity;
      return context.next(withIdentity(context.request, allowed));
    });
}

/**
 * For `functions/_middleware.ts` of a Pages project, configured by the environment: what does not come through Pomerium is
 * refused, functions find the identity in `context.data.identity`, and assets are behind it, too.
 *
 * @example
 * ```ts
 * export { onRequest } from 'pomerium-edge/cloudflare'
 * ```
 */
export const onRequest: (context: PagesContext<object>) => Promise<Response> = createOnRequest<object>();
