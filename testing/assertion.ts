import { encodeBytes } from '../core/base64url.ts';
import type { SigningKey } from './signing-key.ts';

/** Claims or header members; `undefined` leaves one out. */
export type Members = Readonly<Record<string, unknown>>;

/** A compact JWS with Pomerium's header (`getSignedJWT`), of which `header` replaces members. */
export function signClaims(key: SigningKey, claims: Members, header: Members = {}): Promise<string> {
  const joseHeader = { alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header };
  return signText(key, JSON.stringify(joseHeader), JSON.stringify(claims));
}

/** A signature that holds over any header and payload whatever. */
export async function signText(
  key: SigningKey,
  header: string | Uint8Array,
  payload: string | Uint8Array,
): Promise<string> {
  const input = `${toBase64url(header)}.${toBase64url(payload)}`;
  return `${input}.${toBase64url(await key.sign(new TextEncoder().encode(input)))}`;
}

export function toBase64url(data: string | Uint8Array): string {
  return encodeBytes(typeof data === 'string' ? new TextEncoder().encode(data) : data);
}
