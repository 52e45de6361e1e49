import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { foundModule, readFound } from './found.ts';
import { runTarget } from './run.ts';
import { defineTarget, type Target } from './target.ts';
import { TARGETS } from './targets.ts';

const seed = Number(process.env['PROPERTY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

function targetOf(name: string): Target {
  const target = TARGETS.find((one) => one.name === name);
  if (!target) throw new Error(`no target ${name}`);
  return target;
}

for (const target of TARGETS) {
  const { name, runs, seen, rare, broken } = target;
  describe(`fuzzing ${name} (PROPERTY_SEED=${seed})`, () => {
    test(`${runs} inputs break no rule`, { timeout: 300_000 }, async () => {
      const { found, tally } = await runTarget(target, { seed, runs });
      if (found) assert.fail(`${found.message}\n${foundModule(name, found, seed)}`);
      console.info(`PROPERTY_SEED=${seed}: ${name}`, tally);
      for (const [what, share] of Object.entries(seen)) assert.isAtLeast(tally[what] ?? 0, runs * share, what);
      for (const [what, share] of Object.entries(rare)) assert.isAtMost(tally[what] ?? 0, runs * share, what);
    });

    for (const one of broken) {
      test(`control: one ${one} is caught`, { timeout: 300_000 }, async () => {
        assert.isDefined((await runTarget(target, { seed, runs, broken: one })).found);
      });
    }
  });
}

describe('what was found once', () => {
  test('breaks no rule any more', { timeout: 300_000 }, async () => {
    for (const [file, { target, input }] of await readFound()) {
      await targetOf(target)
        .replay(input)
        .catch((error) => assert.fail(`${file}: ${error.message}`));
    }
  });
});

describe('the harness', () => {
  const parts = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 20 });
  const harness = defineTarget<number[], (part: number) => unknown>({
    name: 'harness',
    inputs: parts,
    subject: () => {},
    broken: {
      'that breaks at 500': (part) => assert.isBelow(part, 500),
      'that never ends at 500': (part) => (part < 500 ? undefined : new Promise(() => {})),
    },
    async check(input, work, count) {
      for (const one of input) await work(one);
      count('tried');
    },
    runs: 200,
    seen: {},
  });

  test('makes what it finds small, and the same seed finds the same', async () => {
    const options = { seed, runs: 200 };
    const { found } = await runTarget(breaking(harness, 'that breaks at 500'), options);
    assert.deepEqual(found?.input, [500]);
    assert.match(found?.message ?? '', /expected 500 to be below 500/);
    assert.deepEqual(await runTarget(breaking(harness, 'that breaks at 500'), options).then((one) => one.found), found);
  });

  test('finds an input that never ends', async () => {
    const { found } = await runTarget(harness, { seed, runs: 200, broken: 'that never ends at 500', inputLimit: 50 });
    assert.match(found?.message ?? '', /timeout: exceeded limit of 50 milliseconds/);
  });

  test('writes a case that has all that JSON has not', () => {
    const input = [undefined, -0, '\ud800', Number.POSITIVE_INFINITY, { ['__proto__']: 1 }];
    const text = foundModule('tokens', { input, message: 'end */ of it' }, 7);
    const [, literal = ''] = /^\s*input: (.*),\n\};/ms.exec(text) ?? [];
    assert.deepEqual(new Function(`return ${literal}`)(), input);
    assert.notInclude(text.replace('*/\nexport', ''), '*/');
  });
});

/** As if the broken subject were the one to try. */
function breaking(target: Target, broken: string): Target {
  return { ...target, property: (count) => target.property(count, broken) };
}
