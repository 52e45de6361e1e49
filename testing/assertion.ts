import { base64url, CompactSign } from 'jose';
import { toBytes } from './bytes.ts';
import type { SigningKey } from './signing-key.ts';

/** Claims or header members; `undefined` leaves one out. */
export type Members = Readonly<Record<string, unknown>>;

/** A compact JWS with Pomerium's header (`getSignedJWT`), of which `header` replaces members. */
export function signClaims(key: SigningKey, claims: Members, header: Members = {}): Promise<string> {
  const joseHeader = { alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header };
  const payload = JSON.stringify(claims);
  if (!canJoseSign(key, joseHeader)) return signText(key, JSON.stringify(joseHeader), payload);
  return new CompactSign(toBytes(payload))
    .setProtectedHeader({ ...joseHeader, alg: key.algorithm })
    .sign(key.privateKey);
}

const MIN_RSA_BITS = 2048;

/** jose makes nothing that a verifier must refuse: another `alg` than the key's, `crit`, `b64`, a short RSA key. */
function canJoseSign({ algorithm, privateKey }: SigningKey, header: Members): boolean {
  if (header['alg'] !== algorithm || 'crit' in header || 'b64' in header) return false;
  const parameters = privateKey.algorithm;
  return !('modulusLength' in parameters) || Number(parameters.modulusLength) >= MIN_RSA_BITS;
}

/** A signature that holds over any header and payload whatever. */
export async function signText(
  key: SigningKey,
  header: string | Uint8Array,
  payload: string | Uint8Array,
): Promise<string> {
  const input = `${base64url.encode(header)}.${base64url.encode(payload)}`;
  return `${input}.${base64url.encode(await key.sign(toBytes(input)))}`;
}
