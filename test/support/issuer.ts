import { base64url } from 'jose';
import { signClaims } from '../../testing/assertion.ts';
import type { SigningKey } from '../../testing/signing-key.ts';

export { signText } from '../../testing/assertion.ts';
/** Keys made for one run of the tests: they protect nothing. */
export { makeSigningKey as makeKey, type SigningKey as TestKey } from '../../testing/signing-key.ts';

export const HOST = 'app.corp.example.com';
/** The time of every test's clock, in seconds. */
export const NOW = 1_795_000_000;

/** What Pomerium signs for a signed-in user, in its order (`getJWTPayload`). */
export function userClaims(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    aud: HOST,
    email: 'alice@example.com',
    exp: NOW + 300,
    groups: ['g1', 'engineering'],
    iat: NOW,
    iss: HOST,
    jti: crypto.randomUUID(),
    name: 'Alice Liddell',
    sid: 's-alice',
    sub: 'u-alice',
    user: 'u-alice',
    ...overrides,
  };
}

/** An assertion as Pomerium signs it; an override of `undefined` leaves the member out. */
export function sign(
  key: SigningKey,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  return signClaims(key, userClaims(claims), header);
}

export function jwks(...keys: SigningKey[]): { keys: Readonly<Record<string, unknown>>[] } {
  return { keys: keys.map((key) => key.publicJwk) };
}

export const toBase64url = base64url.encode;

export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(base64url.decode(text));
}
