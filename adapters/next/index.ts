/**
 * Next.js, on Vercel and elsewhere: the gate and, behind it, who it is for.
 *
 * @module
 */
export {
  createIdentityFunctions,
  getIdentity,
  type IdentityFunctions,
  type RequireIdentityOptions,
  requireIdentity,
} from './identity.ts';
export { createProxy, type NextProxy, type Proxy, type ProxyOptions } from './proxy.ts';
export { type IdentifiedRouteHandler, withPomerium } from './with-pomerium.ts';
