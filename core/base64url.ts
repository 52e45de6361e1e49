const ALPHABET = /^[A-Za-z0-9_-]*$/;
/** Last characters whose unused low bits are zero, for a final group of two and of three characters. */
const CANONICAL_TWO = /[AQgw]$/;
const CANONICAL_THREE = /[AEIMQUYcgkosw048]$/;

/**
 * Whether this is base64url as RFC 7515 section 2 has it: no padding, no white space, no other alphabet, and
 * (RFC 4648 section 3.5) no bits set beyond the last byte. So every value has one spelling, on every runtime.
 */
export function isBase64url(segment: string): boolean {
  if (!ALPHABET.test(segment)) return false;
  const rest = segment.length % 4;
  if (rest === 0) return true;
  if (rest === 1) return false;
  return (rest === 2 ? CANONICAL_TWO : CANONICAL_THREE).test(segment);
}

/** The bytes of a segment that `isBase64url` accepted, one a character. */
function decodeBinary(segment: string): string {
  return atob(segment.replaceAll('-', '+').replaceAll('_', '/'));
}

export function bytesOf(binary: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export function decodeBytes(segment: string): Uint8Array<ArrayBuffer> {
  return bytesOf(decodeBinary(segment));
}

export function encodeBytes(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

const NON_ASCII = /[\u0080-\u00ff]/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The UTF-8 text in a segment that `isBase64url` accepted; throws where it is not UTF-8. A byte order mark stays. */
export function decodeText(segment: string): string {
  const binary = decodeBinary(segment);
  return NON_ASCII.test(binary) ? utf8.decode(bytesOf(binary)) : binary;
}
