import { assert, describe, test } from 'vitest';
import { indexPaths } from '../../core/routes/path-index.ts';
import { type PathMatch, readPathMatch } from '../../core/routes/paths.ts';
import { Random } from '../support/random.ts';

interface Item {
  readonly match: PathMatch;
}

const item = (values: object): Item => ({ match: readPathMatch({ at: '', values: { ...values } }) });
const firstOf = (items: readonly Item[], path: string) => items.find(({ match }) => match.matches(path));

/** Texts of a few letters, so that many begin with one another; two of them are UTF-16's surrogates. */
const UNITS = ['a', 'b', '/', '-', '~', '\u{1f600}', 'é'] as const;
const textOf = (random: Random, longest: number) =>
  Array.from({ length: random.integer(0, longest) }, () => random.pick(UNITS)).join('');

const REGEXES = ['/a.*', '/[ab]+/.*', '.*b', '(/a|/b)x*', '/', '(?i)/A'] as const;

describe('the index finds what is found one by one', () => {
  for (let seed = 0; seed < 60; seed++) {
    test(`with the seed ${seed}`, () => {
      const random = new Random(`${seed}`);
      const items = Array.from({ length: random.integer(1, 60) }, () => {
        const kind = random.next();
        if (kind < 0.45) return item({ prefix: `/${textOf(random, 4)}` });
        if (kind < 0.75) return item({ path: `/${textOf(random, 4)}` });
        if (kind < 0.8) return item({});
        return item({ regex: random.pick(REGEXES) });
      });
      const find = indexPaths(items);
      for (let i = 0; i < 400; i++) {
        const path = `/${textOf(random, 7)}`;
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

describe('a path is held against', () => {
  const regexes = ['/a+', '/b+', '/c+', '/d+'].map((regex) => ({ regex }));
  const rows: [rule: string, items: readonly object[], paths: readonly string[], counts: readonly number[]][] = [
    [
      'what it begins with, and nothing behind what fits',
      [{ prefix: '/b' }, { prefix: '/a' }, { prefix: '/ab/c' }, { prefix: '/' }, { prefix: '/ab/x/y' }],
      ['/ab/x'],
      [0, 1, 0, 0, 0],
    ],
    [
      'what comes before the longest that fits, too',
      [{ path: '/' }, { prefix: '/a' }, { prefix: '/ab' }, { prefix: '/' }],
      ['/abc'],
      [1, 1, 1, 0],
    ],
    ['nothing where none begins it', [{ prefix: '/b' }, { prefix: '/d' }], ['/a', '/c', '/e'], [0, 0]],
    ['few regular expressions each time', [{ prefix: '/' }, ...regexes], ['/dd', '/dd'], [2, 0, 0, 0, 2]],
    ['many only once', [...regexes, { regex: '/.*' }, { prefix: '/' }], ['/dd', '/dd', '/x'], [0, 0, 0, 1, 1, 0]],
    ['many only once, where none fits', [...regexes, { regex: '/.+x' }], ['/dy', '/dy'], [0, 0, 0, 1, 1]],
  ];
  for (const [rule, settings, paths, expected] of rows) {
    test(rule, () => {
      const counts = settings.map(() => 0);
      const items = settings.map((values, position): Item => {
        const { match } = item(values);
        const matches = (path: string) => {
          counts[position] = (counts[position] ?? 0) + 1;
          return match.matches(path);
        };
        return { match: { ...match, matches } };
      });
      const find = indexPaths(items);
      for (const path of paths) find(path);
      assert.deepEqual(counts, expected);
    });
  }
});
