import { makeGate } from './gate.ts';
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
  const gate = makeGate(options);
  return async (context) => {
    const passage = await gate(context.request, context.env, context);
    if (passage.refusal) return passage.refusal;
    context.data['identity'] = passage.identity;
    return context.next(passage.request);
  };
}

/**
 * For `functions/_middleware.ts` of a Pages project, configured by the environment: what does not come through Pomerium is
 * refused, functions find the identity in `context.data.identity`, and assets are behind it, too.
 *
 * @example
 * export { onRequest } from 'pomerium-edge/cloudflare'
 */
export const onRequest = createOnRequest();
