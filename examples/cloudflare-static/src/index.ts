import { createGuard } from 'pomerium-edge/cloudflare';

export default createGuard<Env>((env) => ({ upstream: env.ASSETS })) satisfies ExportedHandler<Env>;
