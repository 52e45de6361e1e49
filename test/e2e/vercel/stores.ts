import { tieredStore } from 'pomerium-edge';
import { createMiddleware, edgeConfigStore, runtimeCacheStore } from 'pomerium-edge/vercel';

export default createMiddleware({ store: tieredStore(runtimeCacheStore(), edgeConfigStore()) });
