import { calculateJwkThumbprint, exportJWK, exportSPKI } from 'jose';

/** Keys made for one run of the tests: they protect nothing. */
export interface TestKey {
  readonly algorithm: 'ES256' | 'RS256' | 'EdDSA';
  readonly kid: string;
  readonly publicJwk: Record<string, unknown>;
  readonly privateJwk: Record<string, unknown>;
  readonly spki: string;
  sign(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

const PARAMETERS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
} as const;

export async function makeKey(algorithm: TestKey['algorithm'] = 'ES256'): Promise<TestKey> {
  const parameters = PARAMETERS[algorithm];
  const pair = (await crypto.subtle.generateKey(parameters, true, ['sign', 'verify'])) as CryptoKeyPair;
  const { ext, key_ops, alg, ...jwk } = await exportJWK(pair.publicKey);
  const kid = hex(fromBase64url(await calculateJwkThumbprint(jwk)));
  return {
    algorithm,
    kid,
    publicJwk: { use: 'sig', ...jwk, alg: algorithm, kid },
    privateJwk: { ...(await exportJWK(pair.privateKey)), kid },
    spki: await exportSPKI(pair.publicKey),
    sign: async (data) => new Uint8Array(await crypto.subtle.sign(parameters, pair.privateKey, data)),
  };
}

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
  key: TestKey,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const joseHeader = { alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header };
  return signText(key, JSON.stringify(joseHeader), JSON.stringify(userClaims(claims)));
}

/** A signature that holds over any header and payload whatever. */
export async function signText(
  key: TestKey,
  header: string | Uint8Array,
  payload: string | Uint8Array,
): Promise<string> {
  const input = `${toBase64url(header)}.${toBase64url(payload)}`;
  return `${input}.${toBase64url(await key.sign(new TextEncoder().encode(input)))}`;
}

export function jwks(...keys: TestKey[]): { keys: Record<string, unknown>[] } {
  return { keys: keys.map((key) => key.publicJwk) };
}

export function toBase64url(data: string | Uint8Array): string {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
