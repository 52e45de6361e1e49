import { assert, describe, test } from 'vitest';
import { compileRegex } from '../../core/routes/regex.ts';
import { costOf } from '../support/cost.ts';

/** Work that grows as the length is 16 times as much, quadratic work 256 times. What takes no time is not measured. */
function assertLinear(workFor: (length: number) => () => unknown): void {
  const short = costOf(workFor(1_000));
  assert.isBelow(costOf(workFor(16_000)), 64 * Math.max(short, 0.05));
}

describe('a text is matched in linear time by', () => {
  for (const pattern of ['(a*)*b', '(.*a){20}', '(a|aa)+', '(a?a*){20}b', '(.*)*(.*)*x', '(\\b|a)*(^|$|a)*b']) {
    test(pattern, () => {
      const regex = compileRegex(pattern);
      assertLinear((length) => {
        const text = `${'a'.repeat(length)}!`;
        assert.isFalse(regex.matches(text));
        return () => regex.matches(text);
      });
    });
  }
});
