import {
  base64url,
  type CryptoKey,
  exportJWK,
  exportPKCS8,
  exportSPKI,
  generateKeyPair,
  importJWK,
  importPKCS8,
} from 'jose';
import { thumbprint } from '../core/keys/material/thumbprint.ts';
import type { Algorithm, PublicJwk } from '../core/signature/algorithms.ts';
import { seedBytes } from './seed.ts';

/** A private key and its public half, as Pomerium would publish it. */
export interface SigningKey {
  readonly algorithm: Algorithm;
  /** Pomerium's: the RFC 7638 thumbprint in lower-case hex (`pkg/cryptutil/jose.go`). */
  readonly kid: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly privateJwk: Readonly<Record<string, unknown>>;
  /** The private key as jose and WebCrypto take it, extractable. */
  readonly privateKey: CryptoKey;
  /** The public key as PEM. */
  readonly spki: string;
  /** The private key as PEM, PKCS #8. */
  readonly pkcs8: string;
  /** A bare signature over any bytes. jose signs whole tokens only. */
  sign(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

const EXTRACTABLE = { extractable: true } as const;

/** A new key; with a seed always the same one, for ES256 and EdDSA. */
export async function makeSigningKey(algorithm: Algorithm = 'ES256', seed?: string): Promise<SigningKey> {
  const privateKey =
    seed === undefined
      ? (await generateKeyPair(algorithm, EXTRACTABLE)).privateKey
      : await makeSeededKey(algorithm, seed);
  return toSigningKey(algorithm, privateKey);
}

/**
 * A key that was made before: PKCS #8 in PEM, or its base64 alone. jose takes the block alone, with its own label: white
 * space around it and other labels are tidied up here.
 */
export async function readSigningKey(pem: string, algorithm: Algorithm = 'ES256'): Promise<SigningKey> {
  const base64 = pem.replace(/-----[^-]*-----|\s/g, '');
  const block = `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----`;
  return toSigningKey(algorithm, await importPKCS8(block, algorithm, EXTRACTABLE));
}

/**
 * PKCS #8 up to the secret, which is the rest. A seed gives a secret alone, and neither jose nor WebCrypto has another form
 * that can do without the public half: a JWK must have it.
 */
const PKCS8_WITHOUT_SECRET = {
  ES256: 'MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCA',
  EdDSA: 'MC4CAQAwBQYDK2VwBCIEIA',
} as const;

const IMPORT_PARAMETERS = { ES256: { name: 'ECDSA', namedCurve: 'P-256' }, EdDSA: { name: 'Ed25519' } } as const;

async function makeSeededKey(algorithm: Algorithm, seed: string): Promise<CryptoKey> {
  if (algorithm === 'RS256')
    throw new TypeError('An RSA key cannot be made from a seed; give one that you made before.');
  const secret = await seedBytes(seed);
  // Below the order of P-256, which begins with 32 ones, and not zero.
  secret[0] = 1;
  const pkcs8 = new Uint8Array([...base64url.decode(PKCS8_WITHOUT_SECRET[algorithm]), ...secret]);
  return crypto.subtle.importKey('pkcs8', pkcs8, IMPORT_PARAMETERS[algorithm], true, ['sign']);
}

const SIGN_PARAMETERS = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  EdDSA: { name: 'Ed25519' },
} as const;

async function toSigningKey(algorithm: Algorithm, privateKey: CryptoKey): Promise<SigningKey> {
  const privateJwk = await exportJWK(privateKey);
  const { kty, crv, x, y, n, e } = privateJwk;
  const curve = withoutUndefined({ crv });
  const numbers = withoutUndefined({ x, y, n, e });
  const jwk = { kty, ...curve, ...numbers } as PublicJwk;
  const kid = await thumbprint(jwk);
  const publicKey = await importJWK({ ...jwk }, algorithm, EXTRACTABLE);
  return {
    algorithm,
    kid,
    // In the order in which go-jose writes it.
    publicJwk: { use: 'sig', kty, kid, ...curve, alg: algorithm, ...numbers },
    privateJwk: { ...privateJwk, kid },
    privateKey,
    spki: `${await exportSPKI(publicKey)}\n`,
    pkcs8: `${await exportPKCS8(privateKey)}\n`,
    sign: async (data) => new Uint8Array(await crypto.subtle.sign(SIGN_PARAMETERS[algorithm], privateKey, data)),
  };
}

function withoutUndefined(members: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
