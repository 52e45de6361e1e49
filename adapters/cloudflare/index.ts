/**
 * Cloudflare Workers: the route guard.
 *
 * @module
 */
export { createGuard, type Guard, type GuardEnvironment, type GuardOptions } from './guard.ts';
