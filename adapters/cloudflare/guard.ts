import { describeFetchFailure, gateOrBroken } from '../../core/adapter.ts';
import { createCloudflareGate, PLATFORM, respond } from './gate.ts';
import type { GuardEnvironment, GuardOptions } from './guard-options.ts';
import { keepForContent, keepForEnvironment, log, type OptionsFor, optionsFor } from './options.ts';
import type { WaitUntil } from './platform.ts';
import { readUpstream, type Upstream } from './upstream.ts';

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
 * A configuration that cannot work refuses everything with a 500; the log says why.
 *
 * @example
 * ```ts
 * export default createGuard()
 * ```
 */
export function createGuard<Env = GuardEnvironment>(options: OptionsFor<GuardOptions, Env> = {}): Guard<Env> {
  const gates = keepForContent(options, (env: Env, { upstream, upstreamCache, ...gateOptions }) =>
    createCloudflareGate(env, gateOptions, { ownOptions: ['upstream', 'upstreamCache'], writesClaims: true }),
  );
  const guards = keepForEnvironment((env: Env) => {
    let upstream: Upstream | undefined;
    const gate = gateOrBroken<Request>(() => {
      const own = optionsFor(options, env);
      // Not kept by content: a binding is always that of the environment at hand.
      upstream = readUpstream((env ?? {}) as GuardEnvironment, own.upstream, own.upstreamCache);
      return gates(env, own);
    }, PLATFORM);
    return { gate, upstream };
  });
  return {
    async fetch(request, env, ctx) {
      const { gate, upstream } = guards(env);
      return respond(gate, request, ctx, ({ identity, headers }) => {
        if (upstream) return passOn(upstream, request, headers);
        return Response.json(identity ?? null, { headers: { 'cache-control': 'no-store' } });
      });
    },
    async scheduled(_controller, env, ctx) {
      await guards(env).gate.ready({ waitUntil: (promise) => ctx.waitUntil(promise) });
    },
  };
}

async function passOn(upstream: Upstream, request: Request, headers: Headers): Promise<Response> {
  try {
    return await upstream(request, headers);
  } catch (error) {
    log.failure(`pomerium-edge: the upstream could not be reached: ${describeFetchFailure(error)}.`);
    return new Response(null, { status: 502, headers: { 'cache-control': 'no-store' } });
  }
}
