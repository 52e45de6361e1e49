import { importJWK } from 'jose';
import { decodeBytes } from '../base64url.ts';
import { algorithmOf, type ImportVerifier, signatureLength } from './engine.ts';

const PARAMETERS = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  EdDSA: { name: 'Ed25519' },
} as const;

const encoder = new TextEncoder();

/** Every other runtime: WebCrypto. */
export const importVerifier: ImportVerifier = async (jwk) => {
  const algorithm = algorithmOf(jwk);
  const key = await importJWK(jwk, algorithm);
  if (key instanceof Uint8Array) throw new TypeError('a symmetric key verifies nothing here');
  const length = signatureLength(jwk);
  const parameters = PARAMETERS[algorithm];
  return (signature, input) => {
    const bytes = decodeBytes(signature);
    if (bytes.length !== length) return false;
    return crypto.subtle.verify(parameters, key, bytes, encoder.encode(input)).catch(() => false);
  };
};
