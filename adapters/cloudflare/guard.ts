import {
  ASSERTION_FOR_HEADER,
  ASSERTION_HEADER,
  describeFetchFailure,
  type Identity,
  isCorsPreflight,
  problemResponse,
  setClaimHeaders,
  verifiedHeaders,
} from '../../core/adapter.ts';
import { type GuardEnvironment, type GuardOptions, type GuardSettings, readGuardOptions } from './guard-options.ts';
import { logUnexpected } from './log.ts';
import { keepForEnvironment, type OptionsFor, optionsFor } from './options.ts';
import type { WaitUntil } from './platform.ts';
import { varyOnIdentity } from './upstream.ts';

/** A Worker's `ExportedHandler`, as far as the guard is one. */
export interface Guard<Env = GuardEnvironment> {
  fetch(request: Request, env: Env, ctx: WaitUntil): Promise<Response>;
  /** Keeps the stored keys warm: for a cron trigger. */
  scheduled(controller: unknown, env: Env, ctx: WaitUntil): Promise<void>;
}

/**
 * A Worker that lets requests through only if they came through Pomerium: it verifies the assertion, removes every
 * unverified Pomerium header, writes claim headers from what was verified, and passes the request on.
 *
 * Refusals are `problemResponse`s. A configuration that cannot work refuses everything with a 500; the log says why.
 *
 * @example
 * export default createGuard()
 */
export function createGuard<Env = GuardEnvironment>(options: OptionsFor<GuardOptions, Env> = {}): Guard<Env> {
  const settingsFor = keepForEnvironment((env: Env) =>
    readGuardOptions(env as GuardEnvironment, optionsFor(options, env)),
  );
  return {
    async fetch(request, env, ctx) {
      try {
        const settings = settingsFor(env);
        const identity = await identify(request, settings, ctx);
        return await passOn(request, identity, settings);
      } catch (error) {
        logUnexpected(error);
        return problemResponse(error, request);
      }
    },
    async scheduled(_controller, env, ctx) {
      await settingsFor(env).verifier.ready({ waitUntil: (promise) => ctx.waitUntil(promise) });
    },
  };
}

/** For whom the request is. On a public path what does not hold is not believed; everywhere else it is thrown. */
async function identify(request: Request, settings: GuardSettings, ctx: WaitUntil): Promise<Identity | undefined> {
  const { verifier, rules, allowPreflight } = settings;
  if (allowPreflight && isCorsPreflight(request.method, request.headers)) return undefined;
  const access = rules?.accessTo(request.url) ?? 'authenticated';
  const policy = typeof access === 'string' ? undefined : access;
  const verified = verifier.verifyRequest(request, {
    policy,
    waitUntil: (promise) => ctx.waitUntil(promise),
  });
  return access === 'public' ? verified.catch(() => undefined) : verified;
}

async function passOn(request: Request, identity: Identity | undefined, settings: GuardSettings): Promise<Response> {
  const { upstream, claimHeaders, keepAssertion } = settings;
  const headers = verifiedHeaders(request.headers, identity, [...claimHeaders.keys()]);
  if (identity) setClaimHeaders(headers, identity, claimHeaders);
  if (!keepAssertion) for (const name of [ASSERTION_HEADER, ASSERTION_FOR_HEADER]) headers.delete(name);
  if (!upstream) return Response.json(identity ?? null, { headers: { 'cache-control': 'no-store' } });
  try {
    return varyOnIdentity(await upstream(request, headers));
  } catch (error) {
    console.error(`pomerium-edge: the upstream could not be reached: ${describeFetchFailure(error)}.`);
    return new Response(null, { status: 502, headers: { 'cache-control': 'no-store' } });
  }
}
