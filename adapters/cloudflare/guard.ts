import {
  ASSERTION_FOR_HEADER,
  ASSERTION_HEADER,
  cleanHeaders,
  createVerifier,
  type Identity,
  optionsFromEnvironment,
  type PomeriumEnvironment,
  PomeriumError,
  problemResponse,
  type Verifier,
  type VerifierOptions,
} from '../../core/index.ts';
import { identityPage } from './identity-page.ts';
import { forward } from './upstream.ts';

export interface GuardEnvironment extends PomeriumEnvironment {
  /**
   * Where verified requests go: a URL's origin, or `route` for the origin server behind the Worker's own route.
   * Not set: the guard answers them itself, with a page that shows the identity.
   */
  readonly POMERIUM_UPSTREAM?: string;
}

/** Options of `createVerifier`; each one replaces what the environment says. */
export type GuardOptions = Partial<Omit<VerifierOptions, 'allowAnonymous'>>;

/** A Worker's `ExportedHandler`, as far as the guard is one. */
export interface Guard {
  fetch(
    request: Request,
    env: GuardEnvironment,
    ctx: { waitUntil(promise: Promise<unknown>): void },
  ): Promise<Response>;
}

/**
 * A Worker that lets requests through only if they came through Pomerium: it verifies the assertion, removes every
 * header that poses as Pomerium's word, keeps the assertion itself, and passes the request on.
 *
 * Refusals are `problemResponse`s. A configuration that cannot work refuses everything with a 500; the log says why.
 *
 * @example
 * export default createGuard()
 */
export function createGuard(options: GuardOptions | ((env: GuardEnvironment) => GuardOptions) = {}): Guard {
  const verifierFor = keepVerifier(options);
  return {
    async fetch(request, env, ctx) {
      let identity: Identity;
      try {
        identity = await verifierFor(env).verifyRequest(request, ctx);
      } catch (error) {
        logUnexpected(error);
        return problemResponse(error, request);
      }
      const headers = cleanHeaders(request.headers);
      headers.set(ASSERTION_HEADER, request.headers.get(ASSERTION_HEADER) ?? '');
      // Cleaned away unless it was verified, too.
      const original = identity.onBehalfOf && request.headers.get(ASSERTION_FOR_HEADER);
      if (original) headers.set(ASSERTION_FOR_HEADER, original);
      if (!env.POMERIUM_UPSTREAM) return identityPage(identity, request);
      return forward(request, headers, env.POMERIUM_UPSTREAM);
    },
  };
}

/** One verifier an isolate, made with the first request: only then is the environment known. */
function keepVerifier(options: GuardOptions | ((env: GuardEnvironment) => GuardOptions)) {
  let verifier: Verifier<Identity> | undefined;
  return (env: GuardEnvironment): Verifier<Identity> => {
    verifier ??= createVerifier({
      ...optionsFromEnvironment(env),
      ...(typeof options === 'function' ? options(env) : options),
      allowAnonymous: false,
    });
    return verifier;
  };
}

/** Refusals are the verifier's events; what only the operator can mend goes to the Worker's log. */
function logUnexpected(error: unknown): void {
  if (error instanceof PomeriumError && error.status < 500) return;
  console.error(error instanceof PomeriumError ? `pomerium-edge: ${error.code}: ${error.message}` : error);
}
