import { type Identity, problemResponse } from '../../core/adapter.ts';
import { identified } from './identify.ts';
import { logUnexpected } from './log.ts';
import { type CloudflareOptions, type OptionsFor, verifiersFor } from './options.ts';
import type { WaitUntil } from './platform.ts';

/** A request that came through Pomerium, cleaned, and for whom it is; or the answer to one that did not. */
export type Passage =
  | { readonly refusal: Response; readonly identity?: undefined }
  | { readonly refusal?: undefined; readonly identity: Identity; readonly request: Request };

export type Gate<Env> = (request: Request, env: Env, ctx: WaitUntil) => Promise<Passage>;

export function makeGate<Env>(options: OptionsFor<CloudflareOptions, Env>): Gate<Env> {
  const verifiers = verifiersFor(options);
  return async (request, env, ctx) => {
    try {
      const identity = await verifiers(env).verifyRequest(request, {
        waitUntil: (promise) => ctx.waitUntil(promise),
      });
      return { identity, request: identified(request, identity) };
    } catch (error) {
      logUnexpected(error);
      return { refusal: problemResponse(error, request) };
    }
  };
}
