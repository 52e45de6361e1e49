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
  const verifier = keepForEnvironment((env: Env) => verifierFor(env, optionsFor(options, env)));
  return async (context) => {
    const { request, env, data } = context;
    let identity: Identity;
    try {
      identity = await verifier(env).verifyRequest(request, context);
    } catch (error) {
      logUnexpected(error);
      return problemResponse(error, request);
    }
    data['identity'] = identity;
    return context.next(identified(request, identity));
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
