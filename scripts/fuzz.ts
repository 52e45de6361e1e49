import { parseArgs } from 'node:util';
import { writeFound } from '../test/fuzz/found.ts';
import { runTarget } from '../test/fuzz/run.ts';
import type { Target } from '../test/fuzz/target.ts';
import { TARGETS } from '../test/fuzz/targets.ts';
import { UserError } from './run.ts';

/** `npm run fuzz -- --minutes 10 [--target NAME]… [--seed N]`: the targets of test/fuzz by turns, until the time is over. */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true },
    seed: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
if (!(minutes > 0)) throw new UserError('--minutes takes a number above 0.');
if (!Number.isSafeInteger(firstSeed)) throw new UserError('--seed takes a whole number.');

interface Score {
  inputs: number;
  milliseconds: number;
  found: string | undefined;
  readonly tally: Record<string, number>;
}

const scores = new Map(
  chosen(values.target ?? []).map((target): [Target, Score] => [
    target,
    { inputs: 0, milliseconds: 0, found: undefined, tally: {} },
  ]),
);
const end = Date.now() + minutes * 60_000;

// Each gets the same time, and all of them something of the first minute.
for (let seed = firstSeed; Date.now() < end; ) {
  const [next] = [...scores]
    .filter(([, { found }]) => found === undefined)
    .sort(([, a], [, b]) => a.milliseconds - b.milliseconds);
  if (!next) break;
  await turn(next, seed);
  seed = (seed + 1) % 2 ** 31;
}

console.log(
  `\nFirst seed ${firstSeed}, Node.js ${process.versions.node}\n\n| target | inputs | a second | found |\n| --- | ---: | ---: | --- |`,
);
for (const [{ name }, { inputs, milliseconds, found }] of scores) {
  console.log(`| ${name} | ${inputs} | ${Math.round((inputs * 1000) / milliseconds)} | ${found ?? 'nothing'} |`);
}
process.exit([...scores.values()].some(({ found }) => found) ? 1 : 0);

/** As many inputs as `npm test` tries. */
async function turn([target, score]: [Target, Score], seed: number): Promise<void> {
  const start = Date.now();
  const { runs, tally, found } = await runTarget(target, { seed, runs: target.runs });
  score.milliseconds += Date.now() - start;
  score.inputs += runs;
  for (const [what, times] of Object.entries(tally)) score.tally[what] = (score.tally[what] ?? 0) + times;
  console.log(`${target.name}: seed ${seed}, ${runs} inputs in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  if (!found) return;
  score.found = writeFound(target, found, { seed });
  console.log(`\n${found.message}\n→ ${score.found}; again: npm run fuzz -- --target ${target.name} --seed ${seed}\n`);
}

function chosen(names: readonly string[]): readonly Target[] {
  const unknown = names.filter((name) => !TARGETS.some((target) => target.name === name));
  if (unknown.length > 0) {
    throw new UserError(
      `There is no target ${unknown.join(', ')}; there are ${TARGETS.map(({ name }) => name).join(', ')}.`,
    );
  }
  return TARGETS.filter(({ name }) => names.length === 0 || names.includes(name));
}
