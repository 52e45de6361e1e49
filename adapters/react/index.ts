/**
 * React 19, in the browser and on the server: who is signed in, for what a page shows.
 *
 * @module pomerium-edge/react
 */
export { type PomeriumUrls, type PomeriumUrlsOptions, pomeriumUrls } from '../../core/pomerium-urls.ts';
export { type ClientIdentity, toClientIdentity } from './client-identity.ts';
export { type IdentityProviderProps, useIdentity } from './identity-context.ts';
export { IdentityProvider } from './identity-provider.ts';
export { isSignedOut } from './signed-out.ts';
