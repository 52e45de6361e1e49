import { describeFetchFailure, gateOrBroken, PomeriumError, problemResponse } from '../../core/adapter.ts';
import { createCloudflareGate, keepWarm, PLATFORM, respond } from './gate.ts';
import type { GuardOptions } from './guard-options.ts';
import { isLoop } from './loop.ts';
import { bindingsOf, keepForContent, keepForEnvironment, log, type OptionsFor, optionsFor } from './options.ts';
import { readUpstream, type Upstream } from './upstream.ts';
import type { ProtectedHandler } from './with-pomerium.ts';
import type { ProjectEnvironment } from './workers-types.ts';

/** A Worker's `ExportedHandler`, as far as the guard is one. `scheduled` keeps the stored keys warm: for a cron trigger. */
export type Guard<Env = ProjectEnvironment> = Pick<ProtectedHandler<Env>, 'fetch' | 'scheduled'>;

/**
 * A Worker that lets requests through only if they came through Pomerium: it verifies the assertion, removes every
 * unverified Pomerium header, writes claim headers from what was verified, and passes the request on.
 *
 * A configuration that cannot work refuses everything with a 500; the log says why. An upstream that cannot be reached is a
 * 502, and a host that leads straight back to the guard a 508.
 *
 * @example
 * ```ts
 * export default createGuard()
 * ```
 */
export function createGuard<Env = ProjectEnvironment>(options: OptionsFor<GuardOptions<Env>, Env> = {}): Guard<Env> {
  const gates = keepForContent(options, (bindings, { upstream, upstreamCache, ...gateOptions }) =>
    createCloudflareGate(bindings, gateOptions, { ownOptions: ['upstream', 'upstreamCache'], writesClaims: true }),
  );
  const guards = keepForEnvironment((env: Env) => {
    let upstream: Upstream<Env> | undefined;
    const gate = gateOrBroken<Request>(() => {
      const [bindings, own] = [bindingsOf(env), optionsFor(options, env)];
      // Not kept by content: a binding is always that of the environment at hand.
      upstream = readUpstream(bindings, own);
      return gates(bindings, own);
    }, PLATFORM);
    return { gate, upstream };
  });
  return {
    async fetch(request, env, ctx) {
      if (isLoop(request)) return loopDetected(request);
      const { gate, upstream } = guards(env);
      return respond(gate, request, ctx, ({ identity, headers }) =>
        upstream
          ? upstream(request, headers, env, ctx, identity).catch((error) => notReached(error, request))
          : Response.json(identity ?? null, { headers: { 'cache-control': 'no-store' } }),
      );
    },
    scheduled: (_controller, env, ctx) => keepWarm(guards(env).gate, ctx),
  };
}

function notReached(error: unknown, request: Request): Response {
  if (error instanceof PomeriumError) {
    log.failure(error);
    return problemResponse(error, request);
  }
  log.failure(`pomerium-edge: the upstream could not be reached: ${describeFetchFailure(error)}.`);
  return new Response(null, { status: 502, headers: { 'cache-control': 'no-store' } });
}

const LOOP =
  'The upstream leads back to this guard. "route" is only for a Worker on a route: on a Custom Domain, under wrangler dev and with global_fetch_strictly_public name the origin in POMERIUM_UPSTREAM, or a service binding.';

function loopDetected(request: Request): Response {
  log.failure(`pomerium-edge: ${LOOP}`);
  const problem = { type: 'about:blank', title: 'Loop Detected', status: 508, detail: 'The upstream leads back here.' };
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  return new Response(request.method === 'HEAD' ? null : JSON.stringify(problem), { status: 508, headers });
}
