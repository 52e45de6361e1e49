import { createRefreshRoute } from 'pomerium-edge/vercel';

/** Called by the cron in vercel.json; only needed with `edgeConfigStore()`. */
export const GET = createRefreshRoute();
