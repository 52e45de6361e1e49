import { createGuard } from './index.ts';

/** The Worker that `wrangler.toml` deploys. */
export default createGuard();
