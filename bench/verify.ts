import { cpus } from 'node:os';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { bundleWorker, COMPATIBILITY_DATE } from '../scripts/bundle-worker.ts';
import { makeContestants } from './contestants.ts';
import { makeDecisions } from './decisions.ts';
import { type Measured, measure } from './measure.ts';

/** Microseconds a verification, and how much of the bare primitive's speed is left, on Node.js and on workerd. */
console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores\n`);
const onNode = await makeContestants();
print(`Node.js ${process.versions.node}`, 'bare node:crypto verify', await measure(onNode.contestants), onNode.absent);
const decisionsOnNode = await measure(await makeDecisions());
const { measured, absent, decisions } = await inWorkerd();
print('workerd', 'bare subtle.verify', measured, absent);
console.log('| one decision, µs | Node.js | workerd |\n| --- | ---: | ---: |');
for (const [i, { name, alone }] of decisionsOnNode.entries()) {
  console.log(`| ${name} | ${alone.toFixed(2)} | ${decisions[i]?.alone.toFixed(2)} |`);
}

function print(runtime: string, yardstick: string, measured: readonly Measured[], absent: readonly string[]): void {
  const bare = measured.find(({ name }) => name === yardstick);
  console.log(`| ${runtime} | one at a time, µs | of ${yardstick} | 64 at once, µs each | of ${yardstick} |`);
  console.log('| --- | ---: | ---: | ---: | ---: |');
  for (const { name, alone, together } of measured) {
    const ratios = bare ? [bare.alone / alone, bare.together / together] : [];
    const [one = '', many = ''] = ratios.map((ratio) => ratio.toFixed(2));
    console.log(`| ${name} | ${alone.toFixed(1)} | ${one} | ${together.toFixed(1)} | ${many} |`);
  }
  for (const reason of absent) console.log(`\nNot measured: ${reason}`);
  console.log('');
}

interface InWorkerd {
  measured: Measured[];
  absent: string[];
  decisions: Measured[];
}

async function inWorkerd(): Promise<InWorkerd> {
  const { code: contents } = await bundleWorker({ entry: 'bench/worker.ts', config: 'bench/wrangler.toml' });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      compatibilityDate: COMPATIBILITY_DATE,
      compatibilityFlags: ['nodejs_compat'],
      modules: [{ type: 'ESModule', path: 'worker.js', contents }],
    }),
  );
  try {
    const response = await miniflare.dispatchFetch('http://bench/');
    return (await response.json()) as InWorkerd;
  } finally {
    await miniflare.dispose();
  }
}
