import { outage, rotation } from '../test/simulation/events.ts';
import { loadLibrary, type MakeKeys, type StoreKind } from '../test/simulation/library.ts';
import type { Fault } from '../test/simulation/origin.ts';
import { runSeed } from '../test/simulation/run.ts';
import { startJunk, startTraffic } from '../test/simulation/traffic.ts';
import type { World } from '../test/simulation/world.ts';

/** Simulated fleets of Workers in an outage of twenty minutes and then, with a made-up key id each 30 s, at a rotation. */
const FLEETS = [
  { dataCentres: 3, isolates: 10, requestEvery: 5, lifetime: 1200 },
  { dataCentres: 10, isolates: 20, requestEvery: 20, lifetime: 1200 },
];
const OUTAGES: readonly Fault[] = ['refused', '503', 'hang', 'HTML'];
const PEACE = 300;
const END = 1500;
const ROTATION = 1700;

const library = await loadLibrary('workerd');
const contestants: readonly { name: string; store: StoreKind; makeKeys: MakeKeys }[] = [
  { name: 'ours with the Cache API', store: 'cache', makeKeys: library.ours('cache') },
  { name: 'ours, memory only', store: 'none', makeKeys: library.ours('none') },
  { name: "jose's createRemoteJWKSet", store: 'none', makeKeys: library.jose },
];

const columns = ['> 100 ms', 'slowest, s', 'refused', 'asks', 'refused at the rotation', 'asks in peace'];
console.log(
  `| data centres × isolates | outage | keys | ${columns.join(' | ')} |\n${'| --- '.repeat(3)}${'| ---: '.repeat(6)}|`,
);
for (const fleet of FLEETS) {
  for (const fault of OUTAGES) {
    for (const { name, store, makeKeys } of contestants) {
      const world = await runSeed(
        {
          name: `bench ${fault}`,
          fleet: () => ({ ...fleet, store }),
          script(world, random) {
            outage(world, fault, PEACE, END);
            rotation(world, 'key-2', ROTATION, 0);
            startJunk(world, random.fork('junk'), { every: 30, from: END + 60, until: 1900 });
            startTraffic(world, random.fork('traffic'), { until: 1900, probes: [] });
            return 1900;
          },
        },
        1,
        { kind: 'workerd', makeKeysOf: () => makeKeys },
      );
      console.log(`| ${fleet.dataCentres} × ${fleet.isolates} | ${fault} | ${name} | ${cells(world).join(' | ')} |`);
    }
  }
}
console.log('\nasks: requests to the origin, a minute and data centre.');

function cells(world: World): string[] {
  const valid = world.answers.filter(({ purpose }) => purpose === 'valid');
  const between = (from: number, to: number) =>
    valid.filter(({ startedAt }) => startedAt >= from * 1000 && startedAt < to * 1000);
  const during = between(PEACE, END);
  const refused = (answers: typeof valid) => answers.filter(({ outcome }) => outcome !== 'key').length;
  const asks = (from: number, to: number) => {
    const count = world.origin.asks.filter(({ at }) => at >= from * 1000 && at < to * 1000).length;
    return (count / ((to - from) / 60) / world.fleet.dataCentres).toFixed(1);
  };
  const slow = during.filter(({ took }) => took > 100).length / during.length;
  return [
    `${(slow * 100).toFixed(1)} %`,
    (Math.max(...during.map(({ took }) => took)) / 1000).toFixed(1),
    `${refused(during)} of ${during.length}`,
    asks(PEACE, END),
    `${refused(between(ROTATION, 1900))} of ${between(ROTATION, 1900).length}`,
    // Without the first minute, in which every isolate starts.
    asks(60, PEACE),
  ];
}
