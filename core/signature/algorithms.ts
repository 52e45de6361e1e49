/** The algorithms that Pomerium signs, or ever signed, with (RFC 7518 section 3.1, RFC 8037). */
export type Algorithm = 'ES256' | 'RS256' | 'EdDSA';

export const ALGORITHMS: readonly Algorithm[] = ['ES256', 'RS256', 'EdDSA'];

/** A public key, reduced to the members that make it one. */
export type PublicJwk =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

/** The one algorithm that a key is used with: the key decides, never the token (RFC 8725 section 3.1). */
export function algorithmOf(jwk: PublicJwk): Algorithm {
  switch (jwk.kty) {
    case 'EC':
      return 'ES256';
    case 'RSA':
      return 'RS256';
    case 'OKP':
      return 'EdDSA';
  }
}

/**
 * The only length, in bytes, that a signature by this key may have: 64 for ES256 (RFC 7518 section 3.4) and
 * EdDSA (RFC 8032), the modulus' for RS256 (RFC 8017 section 8.2.2). Checked here because engines differ on the rest.
 */
export function signatureLength(jwk: PublicJwk): number {
  return jwk.kty === 'RSA' ? Math.floor((jwk.n.length * 3) / 4) : 64;
}

/**
 * Whether `signature` (base64url; R || S for ES256) is this key's over `input` (ASCII). Both are text, because each
 * runtime has its own fastest way to bytes. Never throws; false when in doubt.
 */
export type VerifySignature = (signature: string, input: string) => boolean | Promise<boolean>;

/**
 * What each file behind the import `#signature` exports as `signatureVerifier`, beside `decodeBase64url`. Fails where the engine does
 * not take the key.
 */
export type SignatureVerifier = (jwk: PublicJwk) => VerifySignature | Promise<VerifySignature>;
