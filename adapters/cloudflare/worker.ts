import { createGuard } from './index.ts';

/** The Worker that `wrangler.toml` deploys. */
export default createGuard();
export { PomeriumAuth } from './index.ts';
