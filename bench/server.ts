import { cpus } from 'node:os';
import { median } from '../test/support/cost.ts';
import { canPin, loadServers, type Name, type Turn } from '../test/support/load/servers.ts';

/** `npm run bench -- server`: the same Hono app behind two middlewares, under 64 connections that send tokens which are all different. */
const SETTING = { names: ['pomerium', 'createVerifier', 'jwtVerify', 'nothing'], rounds: 9, turn: 2_500 } as const;

console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores; Node.js ${process.versions.node}\n`);
console.log('| cores of the server | middleware | requests a second | of jose | p50, ms | p99, ms |');
console.log('| --- | --- | ---: | ---: | ---: | ---: |');
if (canPin()) print('one', await loadServers({ ...SETTING, onOneCore: true }));
print('all', await loadServers({ ...SETTING, onOneCore: false }));
if (!canPin()) console.log('\nNot measured: one core (no taskset here, or only one core).');

/** Medians of the rounds; the ratio is that of what each round gave. */
function print(cores: string, turns: ReadonlyMap<Name, readonly Turn[]>): void {
  const jose = turns.get('jwtVerify') ?? [];
  for (const [name, all] of turns) {
    const of = (read: (turn: Turn) => number) => median(all.map(read));
    const ratio = median(all.map(({ rate }, i) => rate / (jose[i]?.rate ?? Number.NaN)));
    const cells = [of(({ rate }) => rate).toFixed(0), ratio.toFixed(2)];
    const times = [of(({ p50 }) => p50), of(({ p99 }) => p99)].map((time) => time.toFixed(1));
    console.log(`| ${cores} | ${name} | ${[...cells, ...times].join(' | ')} |`);
  }
}
