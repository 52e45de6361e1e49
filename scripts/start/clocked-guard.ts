import { createGuard, type GuardEnvironment } from 'pomerium-edge/cloudflare';

/** The guard with a clock that this local start sets. The deployed Worker (`worker.ts`) has no such variable. */
export default createGuard((env: GuardEnvironment & { LOCAL_CLOCK?: string }) => ({
  now: () => Number(env.LOCAL_CLOCK),
}));
