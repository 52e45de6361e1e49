import { cpus } from 'node:os';
import { type ColdStart, makeColdSetting, type Name } from '../../test/e2e/lambda/cold-setting.ts';
import { median } from '../../test/support/cost.ts';
import { makeQuota } from './quota.ts';

/** `npm run bench -- cold`: cold starts side by side, in fresh processes, in rounds so that a slow moment falls on all of them. */
const NAMES: readonly Name[] = ['ours, keys in /tmp', 'ours', 'aws-jwt-verify', 'jose', 'nothing'];
const ROUNDS = 21;

const quota = makeQuota();
const setting = await makeColdSetting({ distance: 10 });
const starts = new Map<Name, ColdStart[]>(NAMES.map((name) => [name, []]));
try {
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of NAMES) starts.get(name)?.push(await setting.start(name, quota.limit));
  }
} finally {
  quota.remove();
}

const sum = ({ init, first }: ColdStart) => init + first;
const of = (name: Name) => starts.get(name) ?? [];
/** The median of what each round gave. */
const ratio = (name: Name) => median(of(name).map((one, i) => sum(one) / sum(of('aws-jwt-verify')[i] ?? one)));

console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores; Node.js ${process.versions.node}; ${quota.name}\n`);
console.log('| authorizer, with Powertools | bytes | init, ms | first request, ms | sum, ms | of aws-jwt-verify |');
console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
for (const name of NAMES) {
  const row = of(name);
  const [init, first, both] = [(one: ColdStart) => one.init, (one: ColdStart) => one.first, sum].map((read) =>
    median(row.map(read)).toFixed(1),
  );
  console.log(`| ${name} | ${setting.size(name)} | ${init} | ${first} | ${both} | ${ratio(name).toFixed(2)} |`);
}
setting.close();
