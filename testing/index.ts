/**
 * A test kit: an issuer that signs like Pomerium, and every kind of request that must be refused.
 *
 * @module pomerium-edge/testing
 */
export type { Members } from './assertion.ts';
export type { BadRequest } from './bad-assertions.ts';
export { createTestIssuer, type SignOptions, type TestIssuer, type TestIssuerOptions } from './issuer.ts';
export type { Fault } from './jwks-answer.ts';
export type { JwksServer } from './jwks-server.ts';
export { type InterceptedRoute, type RoutableContext, signInAs } from './sign-in.ts';
export { makeSigningKey, readSigningKey, type SigningKey } from './signing-key.ts';
