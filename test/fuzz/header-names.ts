import fc from 'fast-check';

/** As CGI-like servers name a header's variable (RFC 3875 section 4.1.18, and what they make of other characters). */
export function cgiName(name: string): string {
  return `HTTP_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

const WORDS = ['X', 'Pomerium', 'Claim', 'Email', 'Jwt', 'Assertion', 'For', 'User', 'Groups', 'Edge', 'Truncated'];
const separator = fc.constantFrom('-', '-', '-', '_', '.', '!', '#', '$', '%', '&', "'", '*', '+', '^', '`', '|', '~');
const casing = fc.constantFrom<(word: string) => string>(
  (word) => word,
  (word) => word.toLowerCase(),
  (word) => word.toUpperCase(),
);
const rest = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 });

/** A header that a server could take for one of Pomerium's, in some spelling. */
export const forgedName: fc.Arbitrary<string> = fc
  .tuple(rest, fc.array(separator, { minLength: 6, maxLength: 6 }), casing)
  .map(([words, separators, spell]) =>
    ['X', 'Pomerium', ...words].map((word, i) => (i === 0 ? '' : separators[i % 6]) + spell(word)).join(''),
  )
  .filter((name) => name.toLowerCase() !== 'x-pomerium-jwt-assertion');
