import { globSync, readFileSync } from 'node:fs';
import { assert, describe, test } from 'vitest';
import { ROOT } from '../../scripts/run.ts';

/** What is between quotes or backticks in the code, comments left out. */
function textsOf(code: string): string[] {
  const withoutComments = code.replace(/\/\*.*?\*\//gs, '').replace(/^\s*\/\/.*$/gm, '');
  return withoutComments.match(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g) ?? [];
}

/** An option that adapters do not have, as something to write. */
const ADVISES_ANONYMOUS = /\b(write|set|use|pass|add|give|with)\b[^.;]*\ballowAnonymous/i;

describe('no message advises allowAnonymous, which no adapter has', () => {
  test('control: the sentence of an older version would be found', () => {
    assert.match('The assertion is for nobody. Set allowAnonymous: true to accept that.', ADVISES_ANONYMOUS);
    assert.deepEqual(textsOf("/* 'a' */ f('b'); // 'c'\n// 'd'\nconst e = `f\ng`;"), ["'b'", "'c'", '`f\ng`']);
  });

  for (const file of globSync(['core/**/*.ts', 'adapters/**/*.ts'], { cwd: ROOT })) {
    test(file, () => {
      const texts = textsOf(readFileSync(`${ROOT}${file}`, 'utf8'));
      assert.deepEqual(
        texts.filter((text) => ADVISES_ANONYMOUS.test(text)),
        [],
      );
    });
  }
});
