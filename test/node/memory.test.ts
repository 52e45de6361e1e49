import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assert, describe, test } from 'vitest';
import { day, growthOf, type Sample } from '../support/day.ts';

const VERIFICATIONS = 24 * 1_000;
/** Bytes: a third of the day's identities, or of its tokens, would be many times as much. */
const NOISE = 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

async function live(onIdentity: (identity: unknown) => void): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const one of day({ verifications: VERIFICATIONS, collectGarbage, onIdentity })) samples.push(one);
  return samples;
}

describe('a day of traffic in short', () => {
  test('holds the heap flat', async () => {
    const samples = await live(() => {});
    assert.deepInclude(samples.at(-1), { verified: VERIFICATIONS * 0.97, refused: VERIFICATIONS * 0.03 });
    assert.isBelow(growthOf(samples), NOISE);
  });

  test('control: one that keeps every other identity does not', async () => {
    const kept: unknown[] = [];
    let count = 0;
    const samples = await live((identity) => {
      if (count++ % 2 === 0) kept.push(identity);
    });
    assert.isAbove(growthOf(samples), NOISE);
    assert.isAbove(kept.length, 0);
  });
});
