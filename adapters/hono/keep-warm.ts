import { gatesFor } from './gates.ts';
import { makeContext, NO_HOST } from './made-up-context.ts';
import type { OptionsFor, PomeriumOptions } from './options.ts';

/** The part of a Worker's `ExecutionContext` that is used. */
interface WaitUntil {
  waitUntil(promise: Promise<unknown>): void;
}

/**
 * The `scheduled` handler of a Worker whose app is behind `pomerium()`: with a cron trigger it keeps the keys in the store
 * fresh, so that no request waits for Pomerium. Takes what `pomerium()` was given. A function of the context finds `env` there,
 * and a request that nobody sent.
 *
 * @example
 * ```ts
 * export default { fetch: app.fetch, scheduled: keepWarm() }
 * ```
 */
export function keepWarm(
  options: OptionsFor<PomeriumOptions> = {},
): (controller: unknown, env: unknown, ctx: WaitUntil) => Promise<void> {
  const gateFor = gatesFor(options);
  return async (_controller, env, ctx) => {
    const c = makeContext(new Request(`https://${NO_HOST}/`), { env, executionCtx: ctx });
    await gateFor(c).ready({ waitUntil: (promise) => ctx.waitUntil(promise) });
  };
}
