import { assert, describe, test } from 'vitest';
import { spellingsOf } from '../../core/adapter.ts';

describe('a path that is decoded already may have been written', () => {
  const rows: [rule: string, decoded: string, spellings: readonly string[]][] = [
    ['in one way, of plain letters', '/a/b-c.d~e_f', ['/a/b-c.d~e_f']],
    ['with a space', '/a b', ['/a%20b']],
    ['with a quotation mark', '/a"b', ['/a%22b']],
    ['in either case of its escapes, which leaves its letters alone', '/É/Ab', ['/%C3%89/Ab', '/%c3%89/Ab']],
    ['with an emoji', '/\u{1f600}', ['/%F0%9F%98%80', '/%f0%9f%98%80']],
    ['with a needless escape of a sign', '/a/+/b', ['/a/+/b', '/a/%2B/b', '/a/%2b/b']],
    ['both', '/é:', ['/%C3%A9:', '/%c3%a9:', '/%C3%A9%3A', '/%c3%a9%3a']],
    ['with a percent sign', '/50%', ['/50%25']],
    ['with the sign of a query', '/a?b', ['/a%3Fb', '/a%3fb']],
    ['with that of a fragment', '/a#b', ['/a%23b']],
    ['as it stands, where it has no one reading', '/a//é', ['/a//é']],
    ['as it stands, where it is no Unicode', '/\ud800', ['/\ud800']],
    ['with nothing in it that begins a query, where it has no one reading', '/a?//b#', ['/a%3F//b%23']],
    ['as the empty text, where it is none', '*', ['']],
  ];
  for (const [rule, decoded, spellings] of rows) {
    test(rule, () => assert.deepEqual(spellingsOf(decoded), [...spellings]));
  }
});
