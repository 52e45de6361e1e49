import { importJWK } from 'jose';
import { algorithmOf, type ImportVerifier, signatureLength } from './engine.ts';

const PARAMETERS = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  EdDSA: { name: 'Ed25519' },
} as const;

/** Every other runtime: WebCrypto. */
export const importVerifier: ImportVerifier = async (jwk) => {
  const algorithm = algorithmOf(jwk);
  const key = await importJWK(jwk, algorithm);
  if (key instanceof Uint8Array) throw new TypeError('a symmetric key verifies nothing here');
  const length = signatureLength(jwk);
  const parameters = PARAMETERS[algorithm];
  return async (signature, data) => {
    if (signature.length !== length) return false;
    try {
      return await crypto.subtle.verify(parameters, key, signature, data);
    } catch {
      return false;
    }
  };
};
