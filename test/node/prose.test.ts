import { assert, describe, test } from 'vitest';
import { proseOf } from '../../scripts/prose/markdown.ts';
import { findLongSentences } from '../../scripts/prose/sentences.ts';
import { createSpelling } from '../../scripts/prose/spelling.ts';
import { findTerms } from '../../scripts/prose/terms.ts';

describe('the linter of prose', () => {
  test('leaves out code, link targets and names, and keeps every line and column', () => {
    const markdown =
      'Use `verfiy()` of [the docs](docs/verfiy.md).\n```ts\nconst teh = 1;\n```\nSee gate.md, pomerium-edge and "polcy".';
    const prose = proseOf(markdown);
    assert.deepEqual(
      prose.split('\n').map(({ length }) => length),
      markdown.split('\n').map(({ length }) => length),
    );
    assert.equal(prose.replaceAll(/\s+/g, ' '), 'Use of [the docs] . See , and .');
  });

  const findUnknown = createSpelling(['workerd']);
  test.each([
    ["an honourable route's keys, in workerd", []],
    ['teh keys', ['teh']],
    ['an honorable color', ['honorable', 'color']],
    ['it optimizes', ['optimizes']],
    ['JWKS, JWTs, maxTtl, x509 and snake_case', []],
  ])('spelling: %s', (line, unknown) => {
    assert.deepEqual(
      findUnknown(line).map((finding) => finding.split('"')[1]),
      unknown,
    );
  });

  test.each([
    ['a Jwks, a keyset and a key-set', 3],
    ['NodeJS, node.js and Node 24', 3],
    ['Node.js 24', 0],
    ['they log in, are logged in, and login', 3],
    ['people sign-in at a sign in page', 2],
    ['they sign in at a sign-in page', 0],
    ['the hostname of an end point at run time', 3],
    ['a datacentre, whitespace, an email address', 3],
    ['simply, just, easily, obviously', 4],
    ['a HTTP header with an JWT', 2],
    ['a JWT over HTTP', 0],
    ['the the key', 1],
  ])('terms: %s', (line, count) => {
    assert.lengthOf(findTerms(line), count);
  });

  test('a sentence has at most 50 words; rows of tables and items of lists are no part of it', () => {
    const words = (count: number) => Array(count).fill('word').join(' ');
    assert.isEmpty(findLongSentences(`${words(50)}. ${words(50)}`.replaceAll('. w', '. W')));
    assert.isEmpty(findLongSentences(`${words(40)}:\n\n- ${words(40)};\n- ${words(40)}.`));
    assert.isEmpty(findLongSentences(`| ${words(60)} |`));
    assert.deepEqual(
      findLongSentences(`Short.\n\n${words(30)}\n${words(21)}.`).map(([line]) => line),
      [2],
    );
  });
});
