import { createGuard } from 'pomerium-edge/cloudflare';

/** The guard for routes of its own, and beside it what other Workers verify with. */
export default createGuard();
export { PomeriumAuth } from 'pomerium-edge/cloudflare';
