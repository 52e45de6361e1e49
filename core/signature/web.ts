import { decodeBytes } from '../base64url.ts';
import { algorithmOf, type ImportVerifier, signatureLength } from './engine.ts';

/** For `importKey` and for `verify`, each of which ignores what is the other's. */
const PARAMETERS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
} as const;

const encoder = new TextEncoder();

/** Every other runtime: WebCrypto. */
export const importVerifier: ImportVerifier = async (jwk) => {
  const parameters = PARAMETERS[algorithmOf(jwk)];
  const key = await crypto.subtle.importKey('jwk', jwk, parameters, false, ['verify']);
  const length = signatureLength(jwk);
  return (signature, input) => {
    const bytes = decodeBytes(signature);
    if (bytes.length !== length) return false;
    return crypto.subtle.verify(parameters, key, bytes, encoder.encode(input)).catch(() => false);
  };
};
