import { assert } from 'chai';
import fc from 'fast-check';
import { RE2JS, RE2JSException } from 're2js';
import { compileRegex, RegexError, type RegexMatcher } from '../../core/routes/regex.ts';
import { pattern, text } from '../node/generated-regexes.ts';
import { defineTarget } from './target.ts';

type Compile = (pattern: string) => RegexMatcher;

/** Null where the pattern is refused with that error; another error is thrown. */
function orNull<T>(compile: () => T, refusal: new (...parameters: never[]) => Error): T | null {
  try {
    return compile();
  } catch (error) {
    if (error instanceof refusal) return null;
    throw error;
  }
}

/** Against re2js: the same patterns are refused, and the same texts match. */
export const regexTarget = defineTarget<[string, string[]], Compile>({
  name: 'regexes',
  inputs: fc.tuple(pattern, fc.array(text, { minLength: 6, maxLength: 6 })),
  subject: compileRegex,
  broken: {
    "that is JavaScript's own": (whole) => {
      const regex = orNull(() => new RegExp(`^(?:${whole})$`, 'u'), SyntaxError);
      if (!regex) throw new RegexError();
      return { matches: (one) => regex.test(one), literalPrefix: '' };
    },
    'that does not group alternatives': (whole) => ({ ...compileRegex(`^${whole}$`), literalPrefix: '' }),
    'that takes all literals for a prefix': (whole) => ({ ...compileRegex(whole), literalPrefix: whole }),
  },
  check([whole, texts], compile, count) {
    const re2 = orNull(() => RE2JS.compile(whole), RE2JSException);
    const ours = orNull(() => compile(whole), RegexError);
    if (!re2) {
      count('refused');
      assert.isNull(ours, 'RE2 refuses it');
      return;
    }
    if (!ours) {
      count('refused by us');
      return;
    }
    for (const one of texts) {
      const expected = re2.matches(one);
      assert.equal(ours.matches(one), expected, JSON.stringify(one));
      if (expected) assert.isTrue(one.startsWith(ours.literalPrefix), `${JSON.stringify(one)} has another beginning`);
      count(expected ? 'matched' : 'failed');
    }
  },
  runs: 6_000,
  seen: { matched: 0.25, failed: 0.25, refused: 0.05 },
  rare: { 'refused by us': 0.05 },
});
