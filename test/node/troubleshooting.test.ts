import { globSync, readFileSync } from 'node:fs';
import { assert, describe, test } from 'vitest';

/** People search docs/troubleshooting.md for the words of their log line, so its first column has to be what the code says. */
const PAGE = readFileSync('docs/troubleshooting.md', 'utf8');
const CODE = globSync(['core/**/*.ts', 'adapters/**/*.ts'])
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

const said = PAGE.split(/^## /m)
  .filter((section) => section.includes('| the log says |'))
  .flatMap((section) => section.split('\n').filter((line) => line.startsWith('| ')))
  .flatMap((row) => row.split('|')[1]?.match(/`[^`]+`/g) ?? [])
  .map((phrase) => phrase.slice(1, -1));

describe('docs/troubleshooting.md quotes what the log says:', () => {
  test('control: there are rows, and a sentence of nobody is not found', () => {
    assert.isAbove(said.length, 20);
    assert.isFalse(CODE.includes('The assertion has expired yesterday'));
  });

  for (const phrase of said) {
    test(phrase, () => {
      assert.isTrue(CODE.includes(phrase));
    });
  }
});
