import {
  compilePathRules,
  type Identity,
  isCorsPreflight,
  readAssertion,
  unexpectedLine,
  verifiedHeaders,
} from '../../core/adapter.ts';
import { lifetimeOf } from './lifetime.ts';
import { type MiddlewareOptions, verifierFor } from './options.ts';
import type { WaitUntil } from './platform.ts';
import { refusalFor } from './refusal.ts';

/** The headers with which a request may go on and for whom it is; or the answer to one that may not. */
export type Passage =
  | { readonly refusal: Response; readonly headers?: undefined; readonly identity?: undefined }
  | { readonly refusal?: undefined; readonly headers: Headers; readonly identity: Identity | undefined };

export type Gate<Req extends Request> = (request: Req, context: WaitUntil | undefined) => Promise<Passage>;

/**
 * Throws `invalid_configuration` for what can be seen to be wrong at once; the rest refuses every request with a 500.
 * `pathOf`: the URL or path that the rules are about.
 */
export function makeGate<Req extends Request>(
  options: MiddlewareOptions,
  pathOf: (request: Req) => string = ({ url }) => url,
): Gate<Req> {
  const { rules, allowPreflight = false, removeHeaders, ...verifierOptions } = options;
  const verifyRequest = verifierFor(verifierOptions);
  const compiled = rules && compilePathRules(rules);

  /** For whom the request is. On a public path what does not hold is not believed; everywhere else it is thrown. */
  const identify = async (request: Req, waitUntil: (promise: Promise<unknown>) => void) => {
    if (allowPreflight && isCorsPreflight(request.method, request.headers)) return undefined;
    const access = compiled?.accessTo(pathOf(request)) ?? 'authenticated';
    if (access === 'public' && readAssertion(request.headers) === undefined) return undefined;
    const policy = typeof access === 'string' ? undefined : access;
    const verified = verifyRequest(request, { policy, waitUntil });
    return access === 'public' ? verified.catch(() => undefined) : verified;
  };

  return async (request, context) => {
    const { waitUntil, settle } = lifetimeOf(context);
    try {
      const identity = await identify(request, waitUntil);
      return { identity, headers: verifiedHeaders(request.headers, identity, removeHeaders) };
    } catch (error) {
      const line = unexpectedLine(error);
      if (line !== undefined) console.error(line);
      return { refusal: await refusalFor(error, request) };
    } finally {
      await settle();
    }
  };
}
