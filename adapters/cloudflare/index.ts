/**
 * Cloudflare Workers and Pages: a wrapper for your own Worker, the route guard, and where the keys are kept.
 *
 * @module pomerium-edge/cloudflare
 */
export { type AuthOptions, cacheStore, type JwksStore, type TieredStore, tieredStore } from '../../core/adapter.ts';
export { type AuthResult, type AuthService, createAuth, PomeriumAuth, verifyThrough } from './entrypoint.ts';
export { createGuard, type Guard } from './guard.ts';
export type { GuardEnvironment, GuardOptions, UpstreamFor, UpstreamTarget } from './guard-options.ts';
export { getIdentity } from './identify.ts';
export { kvStore } from './kv-store.ts';
export type { CloudflareEnvironment, CloudflareOptions, OptionsFor } from './options.ts';
export { createOnRequest, onRequest, type PagesContext } from './pages.ts';
export type { KvNamespace, ServiceBinding, WaitUntil } from './platform.ts';
export { type IdentifiedHandler, type ProtectedHandler, withPomerium } from './with-pomerium.ts';
