import { decode } from 'jose/base64url';
import { isBase64url } from '../../base64url.ts';
import { describeValue } from '../../errors.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { algorithmOf, type PublicJwk } from '../../signature/algorithms.ts';

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
  readonly message: string;
}

export interface UsableJwk {
  readonly jwk: PublicJwk;
  /** Undefined where the key has none: it then gets Pomerium's, its thumbprint. */
  readonly keyId: string | undefined;
}

/** Just one of the two is there. */
export type ReadJwk =
  | { readonly usable: UsableJwk; readonly skipped?: undefined }
  | { readonly usable?: undefined; readonly skipped: SkippedKey };

/**
 * A JWK (RFC 7517) as a public key for one of our algorithms, or why it is not one. jose imports it afterwards, but the
 * engines under jose differ in what they accept: RSA with an exponent of 1 (Node.js), points that are not on the curve
 * (Deno), coordinates with leading zeros (all). So the rules stand here, each with a reason, the same on every runtime
 * (test/core/engines.test.ts).
 */
export function readJwk(value: unknown): ReadJwk {
  if (!isObject(value))
    return { skipped: { reason: 'not_a_jwk', keyId: undefined, message: 'It is not a JSON object.' } };
  const { kid } = value;
  const keyId = typeof kid === 'string' && kid !== '' ? kid : undefined;
  const { jwk, refusal } = readPublicKey(value);
  return refusal ? { skipped: { ...refusal, keyId } } : { usable: { jwk, keyId } };
}

type PublicKey =
  | { readonly jwk: PublicJwk; readonly refusal?: undefined }
  | { readonly jwk?: undefined; readonly refusal: Pick<SkippedKey, 'reason' | 'message'> };

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'];

function readPublicKey(value: JsonObject): PublicKey {
  if (value['kty'] === 'oct' || Object.hasOwn(value, 'k')) {
    return refuse('symmetric_key', 'A shared secret cannot prove who signed.');
  }
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(value, name))) {
    return refuse('private_key', 'It holds a private key. Publish the public half only, and replace this key.');
  }
  const { use, key_ops, alg } = value;
  if (use !== undefined && use !== 'sig') {
    return refuse('not_for_signatures', `Its use is ${describeValue(use)}, not "sig".`);
  }
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes('verify'))) {
    return refuse('not_for_signatures', 'Its key_ops do not include "verify".');
  }
  const read = readParameters(value);
  if (read.refusal) return read;
  const algorithm = algorithmOf(read.jwk);
  if (alg === undefined || alg === algorithm || (alg === 'Ed25519' && algorithm === 'EdDSA')) return read;
  return refuse('algorithm_mismatch', `Its alg is ${describeValue(alg)}, but the key is one for ${algorithm}.`);
}

function readParameters(value: JsonObject): PublicKey {
  const { kty, crv, alg } = value;
  if (kty === 'EC' && crv === 'P-256') return readP256(value);
  if (kty === 'RSA') return readRsa(value);
  if (kty === 'OKP' && crv === 'Ed25519') return readEd25519(value);
  if (kty === 'EC') {
    // What Pomerium publishes when its signing_key is P-384 is labelled ES256; it cannot sign with it, either.
    return refuse(
      alg === 'ES256' ? 'algorithm_mismatch' : 'unsupported_key_type',
      `It lies on ${describeValue(crv)}. Pomerium needs a P-256 signing key (openssl ecparam -genkey -name prime256v1 -noout).`,
    );
  }
  if (kty === undefined) return refuse('unsupported_key_type', 'It is no JWK: it has no kty.');
  return refuse(
    'unsupported_key_type',
    `Keys of kty ${describeValue(kty)} and crv ${describeValue(crv)} are not used by Pomerium.`,
  );
}

function readP256(value: JsonObject): PublicKey {
  const x = readBytes(value['x'], 32);
  const y = readBytes(value['y'], 32);
  if (!x || !y) return refuse('invalid_parameters', 'Its x and y are not 32 bytes of base64url each.');
  if (!isOnP256(toInteger(x.bytes), toInteger(y.bytes))) {
    return refuse('invalid_parameters', 'Its point does not lie on P-256.');
  }
  return { jwk: { kty: 'EC', crv: 'P-256', x: x.text, y: y.text } };
}

/** RFC 7518 section 3.3. */
const MIN_RSA_BITS = 2048;
/** Above this a single verification costs milliseconds. */
const MAX_RSA_BITS = 8192;

function readRsa(value: JsonObject): PublicKey {
  const n = readBytes(value['n']);
  const e = readBytes(value['e']);
  if (!n || !e || n.bytes[0] === 0 || e.bytes[0] === 0) {
    return refuse('invalid_parameters', 'Its n and e are not base64url integers without leading zeros.');
  }
  const bits = n.bytes.length * 8 - Math.clz32(n.bytes[0] ?? 0) + 24;
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    return refuse('weak_key', `Its modulus has ${bits} bits; ${MIN_RSA_BITS} to ${MAX_RSA_BITS} are accepted.`);
  }
  // With e = 1 everybody can sign. 65537 (AQAB) is what every tool writes; no more than four bytes are of any use.
  const exponent = toInteger(e.bytes);
  if (exponent < 3n || exponent % 2n === 0n || e.bytes.length > 4) {
    return refuse('weak_key', 'Its public exponent is not an odd number from 3 to 2^32.');
  }
  return { jwk: { kty: 'RSA', n: n.text, e: e.text } };
}

function readEd25519(value: JsonObject): PublicKey {
  const x = readBytes(value['x'], 32);
  if (!x) return refuse('invalid_parameters', 'Its x is not 32 bytes of base64url.');
  return { jwk: { kty: 'OKP', crv: 'Ed25519', x: x.text } };
}

function readBytes(value: unknown, length?: number): { text: string; bytes: Uint8Array } | undefined {
  if (typeof value !== 'string' || value === '' || !isBase64url(value)) return undefined;
  const bytes = decode(value);
  return length === undefined || bytes.length === length ? { text: value, bytes } : undefined;
}

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/**
 * y² = x³ - 3x + b over P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3). Deno imports points that are not on the curve.
 * Public values: no need for constant time.
 */
function isOnP256(x: bigint, y: bigint): boolean {
  return x < P && y < P && (y * y - (x * x * x - 3n * x + B)) % P === 0n;
}

function toInteger(bytes: Uint8Array): bigint {
  let integer = 0n;
  for (const byte of bytes) integer = (integer << 8n) | BigInt(byte);
  return integer;
}

function refuse(reason: SkipReason, message: string): PublicKey {
  return { refusal: { reason, message } };
}
