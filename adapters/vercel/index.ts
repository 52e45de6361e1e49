/**
 * Vercel: routing middleware and Web-standard functions, of any framework. For Next.js, see `pomerium-edge/next`.
 * `edgeConfigStore` needs `@vercel/edge-config`; nothing else needs a package beside this one.
 *
 * @module pomerium-edge/vercel
 */
export { type EdgeConfigLike, type EdgeConfigStoreOptions, edgeConfigStore } from './edge-config-store.ts';
export { createMiddleware, type Middleware, type NextMiddleware } from './middleware.ts';
export type { MiddlewareOptions, VercelOptions } from './options.ts';
export type { WaitUntil } from './platform.ts';
export { createRefreshRoute, type RefreshRouteOptions } from './refresh-route.ts';
export { type RuntimeCacheStoreOptions, runtimeCacheStore } from './runtime-cache-store.ts';
export { type IdentifiedHandler, withPomerium } from './with-pomerium.ts';
