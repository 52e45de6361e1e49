import { type RegexMatcher, toMatcher } from './regex/machine.ts';
import { parse } from './regex/parse.ts';
import { complete } from './regex/program.ts';

export { RegexError } from './regex/error.ts';
export type { RegexMatcher };

/**
 * Compiles a route's `regex`, in the syntax of RE2. As in Envoy, it must match the whole path, which is case-sensitive
 * and still percent-encoded.
 *
 * @throws {RegexError} for what RE2 refuses, and for what cannot be matched exactly as RE2 does
 */
export function compileRegex(pattern: string): RegexMatcher {
  return toMatcher(complete(parse(pattern)));
}
