import { withPomerium } from 'pomerium-edge/cloudflare';
// @ts-ignore: the build writes it.
import app from './.svelte-kit/cloudflare/_worker.js';

export default withPomerium(app);
