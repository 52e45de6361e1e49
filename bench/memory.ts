import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { day, growthOf, type Sample } from '../test/support/day.ts';

/** `npm run bench -- memory`: what a process holds over a day. */
const verifications = Number(process.env['VERIFICATIONS'] ?? 10_080_000);
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

console.log('| hour | verified | refused | heap, MB | RSS, MB |\n| ---: | ---: | ---: | ---: | ---: |');
const samples: Sample[] = [];
for await (const sample of day({ verifications, collectGarbage })) {
  const { verified, refused, heap, rss } = sample;
  const sizes = [heap, rss].map((bytes) => (bytes / 2 ** 20).toFixed(1));
  console.log(`| ${samples.length + 1} | ${verified} | ${refused} | ${sizes.join(' | ')} |`);
  samples.push(sample);
}
console.log(`\nThe heap grew by ${Math.round((growthOf(samples) / 2 ** 20) * 10) / 10} MB since noon.`);
