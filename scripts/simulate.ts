import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Kind } from '../test/simulation/library.ts';
import { describeFailures, type Report, simulate } from '../test/simulation/report.ts';
import { UserError } from './run.ts';

/** Simulated fleets, as many as one likes: `--seeds 10000`, or one with its whole story: `--seed 7 --family outage`. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    seed: { type: 'string' },
    family: { type: 'string' },
    kind: { type: 'string' },
  },
});
const kinds: readonly Kind[] =
  values.kind === 'node' || values.kind === 'workerd' ? [values.kind] : ['node', 'workerd'];
const { family } = values;

const failed = values.seed === undefined ? await runMany(Number(values.seeds)) : await tell(Number(values.seed));
if (failed > 0) process.exitCode = 1;

/** Runs the seeds on all cores, a slice of them at a time; prints the first failure of each family. */
async function runMany(seeds: number): Promise<number> {
  if (!Number.isInteger(seeds) || seeds < 1) throw new UserError('--seeds takes a whole number.');
  const slice = Math.min(50, Math.ceil((seeds * kinds.length) / cpus().length));
  const starts = Array.from({ length: Math.ceil(seeds / slice) }, (_, i) => 1 + i * slice);
  const queue = starts.flatMap((from) =>
    kinds.map((kind) => ({ kind, from, seeds: Math.min(slice, seeds + 1 - from) })),
  );
  const reports: Report[] = [];
  const told = new Set<string>();
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const found = await simulate({ ...next, family });
      reports.push(...found);
      for (const report of found.filter(({ failures }) => failures.length > 0)) {
        const name = `${report.kind} ${report.family}`;
        if (!told.has(name)) console.log(`\n${name}: ${describeFailures(report)}`);
        told.add(name);
      }
    }
  };
  await Promise.all(cpus().map(work));
  console.log(`\n| runtime | family | seeds | failed |\n| --- | --- | ---: | --- |`);
  for (const name of new Set(reports.map((report) => `${report.kind} | ${report.family}`))) {
    const own = reports.filter((report) => `${report.kind} | ${report.family}` === name);
    const failing = own.flatMap(({ failures }) => failures.map(({ seed }) => seed)).sort((a, b) => a - b);
    const shown =
      failing.length > 8 ? `${failing.length}: ${failing.slice(0, 8).join(' ')} …` : failing.join(' ') || '0';
    console.log(`| ${name} | ${own.reduce((sum, report) => sum + report.seeds, 0)} | ${shown} |`);
  }
  return reports.reduce((sum, { failures }) => sum + failures.length, 0);
}

async function tell(seed: number): Promise<number> {
  const all = await Promise.all(kinds.map((kind) => simulate({ kind, family, from: seed, seeds: 1, story: true })));
  const failures = all.flat().filter((report) => report.failures.length > 0);
  for (const report of failures) console.log(report.failures[0]?.details.map((text) => `✗ ${text}`).join('\n'));
  return failures.length;
}
