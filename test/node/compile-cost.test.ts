import { assert, describe, test } from 'vitest';
import { compileRoutes } from '../../core/index.ts';

const FEW = 1_000;
const MANY = 10 * FEW;

const route = { from: 'https://app.corp.example.com', to: 'http://app' };
const SHAPES: [name: string, settings: (i: number) => object][] = [
  ['of one host', (i) => ({ prefix: `/p${i}`, allowed_users: [`u${i}`] })],
  ['of many hosts', (i) => ({ from: `https://h${i}.example.com`, allowed_domains: ['example.com'] })],
  ['of many ports', (i) => ({ from: `https://app.corp.example.com:${10_000 + i}` })],
  ['of many wildcards', (i) => ({ from: `https://*.h${i}.example.com`, allow_any_authenticated_user: true })],
  ['that rewrite', (i) => ({ prefix: `/p${i}`, prefix_rewrite: `/q${i}` })],
  ['with a regex each', (i) => ({ regex: `/users/${i}/[0-9]+` })],
  ['to one more target each', (i) => ({ to: Array.from({ length: 3 }, (_, j) => `http://app${i}-${j}`) })],
];

/** Linear work is ten times as much, quadratic work a hundred times. */
describe(`${MANY} routes are compiled in linear time,`, () => {
  for (const [name, settings] of SHAPES) {
    test(name, () => {
      const all = Array.from({ length: MANY }, (_, i) => ({ ...route, ...settings(i) }));
      const cost = (count: number) => {
        const some = all.slice(0, count);
        const start = performance.now();
        assert.lengthOf(compileRoutes(some).explain(), count);
        return performance.now() - start;
      };
      // The first run makes the code fast; of the others the shorter counts, since noise only adds.
      const few = [cost(FEW), cost(FEW), cost(FEW)];
      assert.isBelow(Math.min(cost(MANY), cost(MANY)), 40 * Math.max(Math.min(...few), 5));
    });
  }

  test('and the compiled ones are written as JSON in linear time', () => {
    const routes = compileRoutes(Array.from({ length: MANY }, (_, i) => ({ ...route, prefix: `/p${i}` })));
    assert.lengthOf(JSON.parse(JSON.stringify(routes)).routes, MANY);
  });
});
