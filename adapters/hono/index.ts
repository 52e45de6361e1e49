/**
 * Hono, on every runtime that Hono runs on.
 *
 * @module pomerium-edge/hono
 */
export { keepWarm } from './keep-warm.ts';
export { type IdentityVariables, type OptionalIdentityVariables, pomerium } from './middleware.ts';
export type { PomeriumOptions } from './options.ts';
export { requirePolicy } from './require-policy.ts';
