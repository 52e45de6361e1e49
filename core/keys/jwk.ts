import { sentence } from '#sentences';
import { decodeBytes, isBase64url } from '../base64url.ts';
import { shown } from '../errors.ts';
import { isObject, type JsonObject } from '../json.ts';
import { algorithmOf, type PublicJwk } from '../signature/engine.ts';

/** Why a key of a set is not used. */
export type SkipReason =
  | 'not_a_jwk'
  | 'private_key'
  | 'symmetric_key'
  | 'not_for_signatures'
  | 'unsupported_key_type'
  | 'algorithm_mismatch'
  | 'invalid_parameters'
  | 'weak_key'
  | 'duplicate_kid'
  | 'too_many_keys';

export interface SkippedKey {
  readonly reason: SkipReason;
  readonly keyId: string | undefined;
  readonly message: string | undefined;
}

export interface UsableJwk {
  readonly jwk: PublicJwk;
  /** Undefined where the key has none: it is then given Pomerium's, its thumbprint. */
  readonly keyId: string | undefined;
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'];
/** RFC 7518 section 3.3. */
const MIN_RSA_BITS = 2048;
/** Above this a single verification costs milliseconds. */
const MAX_RSA_BITS = 8192;

/**
 * A JWK (RFC 7517) as a public key for one of our algorithms, or why it is not one. Everything is checked here,
 * before any engine sees the key, so that every runtime uses the same keys.
 */
export function readJwk(value: unknown): UsableJwk | SkippedKey {
  if (!isObject(value)) return { reason: 'not_a_jwk', keyId: undefined, message: sentence('It is not a JSON object.') };
  const { kid } = value;
  const keyId = typeof kid === 'string' && kid !== '' ? kid : undefined;
  const result = readPublicKey(value);
  return 'kty' in result ? { jwk: result, keyId } : { ...result, keyId };
}

type Refusal = Pick<SkippedKey, 'reason' | 'message'>;

function readPublicKey(jwk: JsonObject): PublicJwk | Refusal {
  if (jwk['kty'] === 'oct' || Object.hasOwn(jwk, 'k')) {
    return refuse('symmetric_key', sentence('A shared secret cannot prove who signed; Pomerium never publishes one.'));
  }
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) {
    return refuse(
      'private_key',
      sentence('It holds a private key. Publish the public half only, and replace this key.'),
    );
  }
  const { use, key_ops } = jwk;
  if (use !== undefined && use !== 'sig')
    return refuse('not_for_signatures', sentence(`Its use is ${shown(use)}, not "sig".`));
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes('verify'))) {
    return refuse('not_for_signatures', sentence('Its key_ops do not include "verify".'));
  }
  const key = readParameters(jwk);
  if ('reason' in key) return key;
  const { alg } = jwk;
  const fits = alg === undefined || alg === algorithmOf(key) || (alg === 'Ed25519' && key.kty === 'OKP');
  return fits
    ? key
    : refuse('algorithm_mismatch', sentence(`Its alg is ${shown(alg)}, but the key is one for ${algorithmOf(key)}.`));
}

function readParameters(jwk: JsonObject): PublicJwk | Refusal {
  const { kty, crv } = jwk;
  if (kty === 'EC' && crv === 'P-256') return readP256(jwk);
  if (kty === 'RSA') return readRsa(jwk);
  if (kty === 'OKP' && crv === 'Ed25519') return readEd25519(jwk);
  if (kty === 'EC' && jwk['alg'] === 'ES256') {
    // What Pomerium publishes when its signing_key is P-384; it cannot sign with it, either.
    return refuse(
      'algorithm_mismatch',
      sentence(
        `It is labelled ES256 but lies on ${shown(crv)}. Pomerium needs a P-256 signing key (openssl ecparam -genkey -name prime256v1 -noout).`,
      ),
    );
  }
  return refuse(
    'unsupported_key_type',
    sentence(`Keys of kty ${shown(kty)} and crv ${shown(crv)} are not used by Pomerium.`),
  );
}

function readP256(jwk: JsonObject): PublicJwk | Refusal {
  const x = readBytes(jwk['x'], 32);
  const y = readBytes(jwk['y'], 32);
  if (!x || !y) return refuse('invalid_parameters', sentence('Its x and y are not 32 bytes of base64url each.'));
  if (!isOnP256(toInteger(x.bytes), toInteger(y.bytes))) {
    return refuse('invalid_parameters', sentence('Its point does not lie on P-256.'));
  }
  return { kty: 'EC', crv: 'P-256', x: x.text, y: y.text };
}

function readRsa(jwk: JsonObject): PublicJwk | Refusal {
  const n = readBytes(jwk['n']);
  const e = readBytes(jwk['e']);
  if (!n || !e || n.bytes[0] === 0 || e.bytes[0] === 0) {
    return refuse('invalid_parameters', sentence('Its n and e are not base64url integers without leading zeros.'));
  }
  const bits = n.bytes.length * 8 - Math.clz32(n.bytes[0] ?? 0) + 24;
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    return refuse(
      'weak_key',
      sentence(`Its modulus has ${bits} bits; ${MIN_RSA_BITS} to ${MAX_RSA_BITS} are accepted.`),
    );
  }
  // With e = 1 everybody can sign. 65537 (AQAB) is what every tool writes; no more than four bytes are of any use.
  const exponent = toInteger(e.bytes);
  if (exponent < 3n || exponent % 2n === 0n || e.bytes.length > 4) {
    return refuse('weak_key', sentence('Its public exponent is not an odd number from 3 to 2^32.'));
  }
  return { kty: 'RSA', n: n.text, e: e.text };
}

function readEd25519(jwk: JsonObject): PublicJwk | Refusal {
  const x = readBytes(jwk['x'], 32);
  if (!x) return refuse('invalid_parameters', sentence('Its x is not 32 bytes of base64url.'));
  return { kty: 'OKP', crv: 'Ed25519', x: x.text };
}

function readBytes(value: unknown, length?: number): { text: string; bytes: Uint8Array } | undefined {
  if (typeof value !== 'string' || value === '' || !isBase64url(value)) return undefined;
  const bytes = decodeBytes(value);
  return length === undefined || bytes.length === length ? { text: value, bytes } : undefined;
}

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** y² = x³ - 3x + b over P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3). Public values: no need for constant time. */
function isOnP256(x: bigint, y: bigint): boolean {
  return x < P && y < P && (y * y - (x * x * x - 3n * x + B)) % P === 0n;
}

function toInteger(bytes: Uint8Array): bigint {
  let integer = 0n;
  for (const byte of bytes) integer = (integer << 8n) | BigInt(byte);
  return integer;
}

function refuse(reason: SkipReason, message: string | undefined): Refusal {
  return { reason, message };
}
