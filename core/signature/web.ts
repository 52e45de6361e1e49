import { decode } from 'jose/base64url';
import { importJWK } from 'jose/key/import';
import { algorithmOf, type SignatureVerifier, signatureLength } from './algorithms.ts';

export { decode as decodeBase64url } from 'jose/base64url';

const PARAMETERS = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  EdDSA: { name: 'Ed25519' },
};

const encoder = new TextEncoder();

/** Deno imports RSA keys whose signatures are longer, in bytes, and fails whenever it checks one. */
const LONG_RSA = 512;

/** Every other runtime: WebCrypto. Deno, too: its `crypto.verify` takes longer (docs/performance.md). */
export const signatureVerifier: SignatureVerifier = async (jwk) => {
  const algorithm = algorithmOf(jwk);
  const parameters = PARAMETERS[algorithm];
  const key = await importJWK({ ...jwk }, algorithm);
  if (key instanceof Uint8Array) throw new TypeError('A symmetric key');
  const length = signatureLength(jwk);
  // Fails here, as an import does; later, each assertion by that key would count as forged.
  if (length > LONG_RSA) await crypto.subtle.verify(parameters, key, new Uint8Array(length), new Uint8Array());
  return (signature, input) => {
    const bytes = new Uint8Array(decode(signature));
    if (bytes.length !== length) return false;
    return crypto.subtle.verify(parameters, key, bytes, encoder.encode(input)).catch(() => false);
  };
};
