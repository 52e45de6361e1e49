import { decode } from 'jose/base64url';
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint';
import { toHex } from '../../hex.ts';
import type { PublicJwk } from '../../signature/algorithms.ts';

/** Pomerium's key id: the RFC 7638 SHA-256 thumbprint in lower-case hex (`pkg/cryptutil/jose.go`). */
export async function thumbprint(jwk: PublicJwk): Promise<string> {
  return toHex(decode(await calculateJwkThumbprint({ ...jwk }, 'sha256')));
}
