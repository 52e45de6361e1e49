import { assert, describe, test } from 'vitest';
import { distance, nearest } from '../../core/distance.ts';

/** By the definition: what the last letters cost, and what is left of both words. */
function defined(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [last, other] = [a.slice(-1), b.slice(-1)];
  const costs = [
    defined(a.slice(0, -1), b) + 1,
    defined(a, b.slice(0, -1)) + 1,
    defined(a.slice(0, -1), b.slice(0, -1)) + (last === other ? 0 : 1),
  ];
  const isSwapped = a.length > 1 && b.length > 1 && last === b.at(-2) && other === a.at(-2);
  if (isSwapped) costs.push(defined(a.slice(0, -2), b.slice(0, -2)) + 1);
  return Math.min(...costs);
}

describe('the distance of two words', () => {
  const words = [''];
  for (const word of words) if (word.length < 3) words.push(...['a', 'b', 'c'].map((letter) => word + letter));

  test('is as defined, for all words of up to three letters out of three', () => {
    assert.lengthOf(words, 1 + 3 + 9 + 27);
    for (const a of words) {
      for (const b of words) {
        if (distance(a, b) !== defined(a, b)) assert.fail(`${a}, ${b}: ${distance(a, b)}`);
      }
    }
  });
});

describe('the name that is meant', () => {
  const cases: [key: string, names: string[], meant: string | undefined][] = [
    ['rulex', ['routes', 'rules'], 'rules'],
    ['rluse', ['rules'], undefined],
    ['policx', ['policy'], 'policy'],
    ['polixx', ['policy'], 'policy'],
    ['poxxxy', ['policy'], undefined],
    ['POLICY', ['policy'], 'policy'],
    ['policy', ['POLICY'], 'POLICY'],
    ['policy', ['policx', 'policy', 'polixx'], 'policy'],
    ['to-a-b-c', ['to_a_b_c'], 'to_a_b_c'],
    ['policies', ['policy'], 'policy'],
    ['policies', ['polic', 'policy'], 'policy'],
    ['iespoli', ['ypoli'], undefined],
    ['suxs', ['sue'], 'sue'],
    ['rulx', ['rules'], 'rules'],
    ['m_a_x_a_g_e', ['max_age'], 'max_age'],
    ['policy-doc', ['policy_document'], 'policy_document'],
    ['policy', ['routes', 'Policy_Document'], 'Policy_Document'],
    ['allow', ['allow_public'], undefined],
    ['policy_document', ['routes', 'policy'], 'policy'],
    ['allow_something', ['allow'], undefined],
    ['something', ['policy', 'rules'], undefined],
    ['policy', [], undefined],
  ];
  for (const [key, names, meant] of cases) {
    test(`by ${key} of ${names.join(', ') || 'none'}: ${meant ?? 'none'}`, () => {
      assert.equal(nearest(key, names), meant);
    });
  }
});
