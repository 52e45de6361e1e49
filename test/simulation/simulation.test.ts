import { assert, beforeAll, describe, test } from 'vitest';
import { FAMILIES } from './families.ts';
import type { Kind } from './library.ts';
import { describeFailures, type Report, simulate } from './report.ts';
import { TRUST } from './trust.ts';
import { WAITS } from './waits.ts';

/** Of each family, on each kind of runtime. More: `npm run simulate -- --seeds 10000`. */
const SEEDS = 10;

const KINDS: readonly Kind[] = ['node', 'workerd'];
/** Milliseconds: a busy machine takes several times as long. */
const LIMIT = 240_000;

const reports = new Map<Kind, readonly Report[]>();
// Not while tests are collected: a run of none of these tests must not pay for it.
beforeAll(async () => {
  await Promise.all(KINDS.map(async (kind) => reports.set(kind, await simulate({ kind, seeds: SEEDS }))));
}, LIMIT);

describe.each(KINDS)('a simulated fleet, where promises are those of %s', (kind) => {
  test.each(FAMILIES.filter(({ kinds }) => kinds.includes(kind)))('$rule', ({ name }) => {
    const report = reports.get(kind)?.find(({ family }) => family === name);
    assert(report && report.seeds === SEEDS, 'it ran');
    assert.lengthOf(report.failures, 0, describeFailures(report));
  });
});

describe('the simulation', () => {
  test.each([...WAITS, ...TRUST].map((make) => make().sentence))('checks: %s', (sentence) => {
    assert.isAbove(count([...reports.values()].flat(), sentence), 10);
  });

  test(
    'does the same for the same seed',
    async () => {
      const again = await simulate({ kind: 'node', seeds: SEEDS, family: 'rotation' });
      const before = reports.get('node')?.find(({ family }) => family === 'rotation');
      assert.equal(again[0]?.digest, before?.digest);
    },
    LIMIT,
  );

  test('finds what a library does not hold that never promised it', async () => {
    const [outage] = await simulate({ kind: 'node', seeds: 2, family: 'outage', subject: 'jose' });
    const [rotation] = await simulate({ kind: 'node', seeds: 2, family: 'rotation', subject: 'jose' });
    assert.lengthOf(outage?.failures ?? [], 2);
    assert.lengthOf(rotation?.failures ?? [], 2);
  });
});

function count(all: readonly Report[], sentence: string): number {
  return all.reduce((sum, { checks }) => sum + (checks[sentence] ?? 0), 0);
}
