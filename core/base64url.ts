import { decodeBase64url } from '#signature';

const ALPHABET = /^[A-Za-z0-9_-]*$/;
/** Last characters whose unused low bits are zero, for a final group of two and of three characters. */
const CANONICAL_TWO = /[AQgw]$/;
const CANONICAL_THREE = /[AEIMQUYcgkosw048]$/;

/**
 * Whether this is base64url as RFC 7515 section 2 has it: no padding, no white space, no other alphabet, and
 * (RFC 4648 section 3.5) no bits set beyond the last byte. jose decodes all of these; here every value has one
 * spelling, on every runtime.
 */
export function isBase64url(segment: string): boolean {
  if (!ALPHABET.test(segment)) return false;
  const rest = segment.length % 4;
  if (rest === 0) return true;
  if (rest === 1) return false;
  return (rest === 2 ? CANONICAL_TWO : CANONICAL_THREE).test(segment);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The UTF-8 text in a segment that `isBase64url` accepted; throws where it is not UTF-8. A byte order mark stays. */
export function decodeText(segment: string): string {
  return utf8.decode(decodeBase64url(segment));
}
