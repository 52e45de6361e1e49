import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { FAMILIES } from './families.ts';
import { loadLibrary } from './library.ts';
import type { Failure, Report } from './report.ts';
import { runSeed } from './run.ts';
import type { World } from './world.ts';

/** Runs seeds in this process, as Node.js or workerd would have them, and prints a report in JSON for each family. */
const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'node' },
    subject: { type: 'string', default: 'ours' },
    family: { type: 'string' },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    story: { type: 'boolean', default: false },
  },
});
const kind = values.kind === 'workerd' ? 'workerd' : 'node';
const library = await loadLibrary(kind);
const makeKeysOf = values.subject === 'jose' ? () => library.jose : library.ours;

for (const family of FAMILIES) {
  if (values.family !== undefined && values.family !== family.name) continue;
  if (!family.kinds.includes(kind)) continue;
  const checks: Record<string, number> = {};
  const failures: Failure[] = [];
  const digest = createHash('sha256');
  const from = Number(values.from);
  const seeds = Number(values.seeds);
  for (let seed = from; seed < from + seeds; seed++) {
    const world = await runSeed(family, seed, { kind, makeKeysOf });
    for (const line of world.story) digest.update(line);
    for (const [sentence, count] of world.checks) checks[sentence] = (checks[sentence] ?? 0) + count;
    if (values.story) console.error([JSON.stringify(world.fleet), ...world.story].join('\n'));
    if (world.violations.length > 0) failures.push(failureOf(world, seed, failures.length === 0));
  }
  const report: Report = { family: family.name, kind, seeds, checks, failures, digest: digest.digest('hex') };
  console.log(JSON.stringify(report));
}

/** `isFirst`: only the first one of a family tells its story. */
function failureOf({ violations, fleet, story }: World, seed: number, isFirst: boolean): Failure {
  const [first] = violations;
  const end = story.findIndex((line) => line.includes('✗✗')) + 1;
  const isPlan = (line: string, i: number) => i > end - 50 || line.includes(' ── ');
  return {
    seed,
    details: violations.map(({ sentence, detail }) => `${sentence}: ${detail}`).filter(isNewSentence()),
    first: `${first?.sentence}: ${first?.detail}`,
    story: isFirst ? [JSON.stringify(fleet), ...story.slice(0, end).filter(isPlan)] : [],
  };
}

/** Keeps the first of each promise. */
function isNewSentence(): (text: string) => boolean {
  const known = new Set<string>();
  return (text) => {
    const sentence = text.slice(0, text.indexOf(':'));
    return !known.has(sentence) && known.add(sentence) !== undefined;
  };
}
