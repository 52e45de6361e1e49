import { assert, describe, test } from 'vitest';
import { indexPaths } from '../../core/routes/path-index.ts';
import { type PathMatch, readPathMatch } from '../../core/routes/paths.ts';

interface Item {
  readonly match: PathMatch;
}

const item = (values: object): Item => ({ match: readPathMatch({ at: '', values: { ...values } }) });
const firstOf = (items: readonly Item[], path: string) => items.find(({ match }) => match.matches(path));

/** The same numbers in each run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Texts of a few letters, so that many begin with one another; two of them are UTF-16's surrogates. */
const UNITS = ['a', 'b', '/', '-', '~', '\u{1f600}', 'é'];
const textOf = (random: () => number, length: number) =>
  Array.from({ length: Math.floor(random() * length) }, () => UNITS[Math.floor(random() * UNITS.length)]).join('');

describe('the index finds what is found one by one', () => {
  for (let seed = 0; seed < 60; seed++) {
    test(`with the seed ${seed}`, () => {
      const random = randomFrom(seed);
      const items = Array.from({ length: 1 + Math.floor(random() * 60) }, () => {
        const kind = random();
        if (kind < 0.45) return item({ prefix: `/${textOf(random, 5)}` });
        if (kind < 0.75) return item({ path: `/${textOf(random, 5)}` });
        if (kind < 0.8) return item({});
        return item({ regex: ['/a.*', '/[ab]+/.*', '.*b', '(/a|/b)x*', '/', '(?i)/A'][Math.floor(random() * 6)] });
      });
      const find = indexPaths(items);
      for (let i = 0; i < 400; i++) {
        const path = `/${textOf(random, 8)}`;
        // Twice: what was found may be remembered.
        for (let round = 0; round < 2; round++) assert.equal(find(path), firstOf(items, path), path);
      }
    });
  }

  test('where there are no routes at all', () => assert.isUndefined(indexPaths([])('/')));

  test('for a path that is too long to be remembered', () => {
    const items = Array.from({ length: 10 }, (_, i) => item({ regex: `/${i}.*` }));
    const path = `/7${'x'.repeat(100_000)}`;
    assert.equal(indexPaths(items)(path), items[7]);
  });
});
