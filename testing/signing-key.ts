import { encodeBytes } from '../core/base64url.ts';
import { thumbprint } from '../core/keys/key-set.ts';
import type { Algorithm, PublicJwk } from '../core/signature/engine.ts';
import { seedBytes } from './seed.ts';

/** A private key and its public half, as Pomerium would publish it. */
export interface SigningKey {
  readonly algorithm: Algorithm;
  /** Pomerium's: the RFC 7638 thumbprint in lower-case hex (`pkg/cryptutil/jose.go`). */
  readonly kid: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly privateJwk: Readonly<Record<string, unknown>>;
  /** The public key as PEM. */
  readonly spki: string;
  /** The private key as PEM, PKCS #8. */
  readonly pkcs8: string;
  sign(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

const PARAMETERS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
} as const;

/** What stands before the 32 bytes of a private key in PKCS #8 (RFC 5915, RFC 8410). */
const PKCS8_PREFIXES = {
  ES256: '3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420',
  EdDSA: '302e020100300506032b657004220420',
} as const;

/** A new key; with a seed always the same one, for ES256 and EdDSA. */
export async function makeSigningKey(algorithm: Algorithm = 'ES256', seed?: string): Promise<SigningKey> {
  const parameters = PARAMETERS[algorithm];
  if (seed === undefined) {
    const pair = (await crypto.subtle.generateKey(parameters, true, ['sign', 'verify'])) as CryptoKeyPair;
    return toSigningKey(algorithm, pair.privateKey);
  }
  if (algorithm === 'RS256')
    throw new TypeError('An RSA key cannot be made from a seed; give one that you made before.');
  const prefix = Uint8Array.from(PKCS8_PREFIXES[algorithm].match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  const secret = await seedBytes(seed);
  // Below the order of P-256, which begins with 32 ones, and not zero.
  secret[0] = 1;
  const pkcs8 = new Uint8Array([...prefix, ...secret]);
  return toSigningKey(algorithm, await crypto.subtle.importKey('pkcs8', pkcs8, parameters, true, ['sign']));
}

/** A key that was made before: PKCS #8 in PEM. */
export async function readSigningKey(pem: string, algorithm: Algorithm = 'ES256'): Promise<SigningKey> {
  const base64 = pem.replace(/-----[^-]*-----|\s/g, '');
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return toSigningKey(algorithm, await crypto.subtle.importKey('pkcs8', bytes, PARAMETERS[algorithm], true, ['sign']));
}

async function toSigningKey(algorithm: Algorithm, privateKey: CryptoKey): Promise<SigningKey> {
  const parameters = PARAMETERS[algorithm];
  const { ext, key_ops, alg, ...exported } = await crypto.subtle.exportKey('jwk', privateKey);
  const privateJwk = defined(exported);
  const { kty, crv, x, y, n, e } = exported;
  const curve = crv !== undefined && { crv };
  const numbers = defined({ x, y, n, e });
  const jwk = { kty, ...curve, ...numbers } as JsonWebKey;
  const kid = await thumbprint(jwk as PublicJwk);
  // In the order in which go-jose writes it.
  const publicJwk = { use: 'sig', kty, kid, ...curve, alg: algorithm, ...numbers };
  const publicKey = await crypto.subtle.importKey('jwk', jwk, parameters, true, ['verify']);
  return {
    algorithm,
    kid,
    publicJwk,
    privateJwk: { ...privateJwk, kid },
    spki: toPem('PUBLIC KEY', await crypto.subtle.exportKey('spki', publicKey)),
    pkcs8: toPem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', privateKey)),
    sign: async (data) => new Uint8Array(await crypto.subtle.sign(parameters, privateKey, data)),
  };
}

/** workerd exports all members that a JWK may have. */
function defined(members: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function toPem(label: string, bytes: ArrayBuffer): string {
  const base64url = encodeBytes(new Uint8Array(bytes));
  const base64 = base64url
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .padEnd(Math.ceil(base64url.length / 4) * 4, '=');
  return `-----BEGIN ${label}-----\n${(base64.match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;
}
