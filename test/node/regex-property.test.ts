import fc from 'fast-check';
import { RE2JS, RE2JSException } from 're2js';
import { assert, describe, test } from 'vitest';
import { compileRegex, RegexError, type RegexMatcher } from '../../core/routes/regex.ts';
import { pattern, text } from './generated-regexes.ts';

const RUNS = 20_000;
const seed = Number(process.env['PROPERTY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

type Compile = (pattern: string) => RegexMatcher;

interface Tally {
  refused: number;
  refusedByUs: number;
  matched: number;
  failed: number;
}

function newTally(): Tally {
  return { refused: 0, refusedByUs: 0, matched: 0, failed: 0 };
}

/** Null where the pattern is refused with that error; another error is thrown. */
function orNull<T>(compile: () => T, refusal: new (...parameters: never[]) => Error): T | null {
  try {
    return compile();
  } catch (error) {
    if (error instanceof refusal) return null;
    throw error;
  }
}

function agreesWithRe2(compile: Compile, tally: Tally) {
  return fc.property(pattern, fc.array(text, { minLength: 6, maxLength: 6 }), (whole, texts) => {
    const re2 = orNull(() => RE2JS.compile(whole), RE2JSException);
    const ours = orNull(() => compile(whole), RegexError);
    if (!re2) {
      tally.refused += 1;
      assert.isNull(ours, 'RE2 refuses it');
      return;
    }
    if (!ours) {
      tally.refusedByUs += 1;
      return;
    }
    for (const one of texts) {
      const expected = re2.matches(one);
      assert.equal(ours.matches(one), expected, JSON.stringify(one));
      if (expected) assert.isTrue(one.startsWith(ours.literalPrefix), `${JSON.stringify(one)} has another beginning`);
      tally[expected ? 'matched' : 'failed'] += 1;
    }
  });
}

describe(`against re2js (PROPERTY_SEED=${seed})`, () => {
  test(`${RUNS} patterns and six texts each: the same are refused, and the same match`, { timeout: 120_000 }, () => {
    const tally = newTally();
    fc.assert(agreesWithRe2(compileRegex, tally), { seed, numRuns: RUNS });
    console.info(`PROPERTY_SEED=${seed}:`, tally);
    assert.isAbove(tally.matched, RUNS / 4);
    assert.isAbove(tally.failed, RUNS / 4);
    assert.isAbove(tally.refused, RUNS / 20);
    assert.isBelow(tally.refusedByUs, RUNS / 20);
  });

  const controls: [string, Compile][] = [
    [
      "that is JavaScript's own",
      (whole) => {
        const regex = orNull(() => new RegExp(`^(?:${whole})$`, 'u'), SyntaxError);
        if (!regex) throw new RegexError();
        return { matches: (one) => regex.test(one), literalPrefix: '' };
      },
    ],
    ['that does not group alternatives', (whole) => ({ ...compileRegex(`^${whole}$`), literalPrefix: '' })],
    ['that takes all literals for a prefix', (whole) => ({ ...compileRegex(whole), literalPrefix: whole })],
  ];
  for (const [name, compile] of controls) {
    test(`control: a matcher ${name} is caught`, () => {
      assert.isTrue(fc.check(agreesWithRe2(compile, newTally()), { seed, numRuns: RUNS, endOnFailure: true }).failed);
    });
  }
});

describe('where re2js differs from RE2, RE2 is followed', () => {
  test('[: that no :] follows begins no POSIX class', () => {
    assert.isTrue(compileRegex('[[:]').matches(':'));
    assert.throws(() => RE2JS.compile('[[:]'), RE2JSException);
  });

  test('two groups may have one name', () => {
    assert.isTrue(compileRegex('(?P<n>a)(?P<n>b)').matches('ab'));
    assert.throws(() => RE2JS.compile('(?P<n>a)(?P<n>b)'), RE2JSException);
  });

  test('repeats in what is repeated 0 times count, too', () => {
    assert.throws(() => compileRegex('((a{1000}){0}b){2}'), RegexError);
    assert.isTrue(RE2JS.compile('((a{1000}){0}b){2}').matches('bb'));
  });
});
