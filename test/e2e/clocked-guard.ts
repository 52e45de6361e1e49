import { createGuard, type GuardEnvironment } from 'pomerium-edge/cloudflare';

/** The guard, with a clock that each request sets for its isolate. */
let now = 0;
const guard = createGuard({ now: () => now });

export default {
  fetch(request: Request, env: GuardEnvironment, ctx: { waitUntil(promise: Promise<unknown>): void }) {
    now = Number(request.headers.get('x-test-clock'));
    return guard.fetch(request, env, ctx);
  },
  scheduled(
    controller: { scheduledTime: number },
    env: GuardEnvironment,
    ctx: { waitUntil(p: Promise<unknown>): void },
  ) {
    now = controller.scheduledTime / 1000;
    return guard.scheduled(controller, env, ctx);
  },
};
