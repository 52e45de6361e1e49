import { assert, describe, test } from 'vitest';
import { ASSERTION_HEADER, compileRoutes, createVerifier, staticKeys } from '../../core/index.ts';
import { jwks, makeKey, NOW, sign } from '../support/issuer.ts';

/** Microseconds that a request may take longer. */
const BUDGET = 5;
const ROUTES = 500;
const LAST = ROUTES - 1;

const key = await makeKey();
const keys = staticKeys(jwks(key));
const HOST = 'app.example.com';
const to = { to: 'http://app', allow_any_authenticated_user: true };
const numbers = Array.from({ length: ROUTES }, (_, i) => i);

interface Case {
  readonly name: string;
  readonly routes: readonly object[];
  readonly host?: string;
  /** The paths that are asked for in turn. */
  readonly paths: readonly string[];
}

const manyPaths = (pathOf: (i: number) => string) => Array.from({ length: 2000 }, (_, i) => pathOf(i));
const onHost = (routeOf: (i: number) => object) =>
  numbers.map((i) => ({ from: `https://${HOST}`, ...routeOf(i), ...to }));

const prefixes = onHost((i) => ({ prefix: `/service-${i}/` }));
const CASES: Case[] = [
  { name: 'prefixes of one host, the last of which fits', routes: prefixes, paths: [`/service-${LAST}/x/y`] },
  {
    name: 'the same, asked for other paths each time',
    routes: prefixes,
    paths: manyPaths((i) => `/service-${LAST}/${i}`),
  },
  {
    name: 'prefixes that begin with one another',
    routes: onHost((i) => ({ prefix: `/${'a/'.repeat(LAST - i)}` })),
    paths: [`/a/a/b`],
  },
  { name: 'paths of one host', routes: onHost((i) => ({ path: `/p/${i}` })), paths: [`/p/${LAST}`] },
  {
    name: 'hosts',
    routes: numbers.map((i) => ({ from: `https://h${i}.example.com`, ...to })),
    host: `h${LAST}.example.com`,
    paths: ['/x/y'],
  },
  {
    name: 'regular expressions of one host',
    routes: onHost((i) => ({ regex: `/[a-z]+/item-${i}(/.*)?` })),
    paths: [`/abc/item-${LAST}/x`],
  },
  {
    name: 'those that begin otherwise, asked for other paths each time',
    routes: onHost((i) => ({ regex: `/s-${i}/[a-z]+/\\d+` })),
    paths: manyPaths((i) => `/s-${LAST}/abc/${i}`),
  },
  {
    name: 'wildcards',
    routes: numbers.map((i) => ({ from: `https://*.apps${i}.example.com`, ...to })),
    host: `new.apps${LAST}.example.com`,
    paths: ['/x/y'],
  },
];

const BATCH = 100;
const BATCHES = 400;

/** Microseconds a request, of both in turn: noise only adds, so that the least counts. */
async function costs(works: readonly ((i: number) => Promise<unknown>)[]): Promise<number[]> {
  const least = works.map(() => Number.POSITIVE_INFINITY);
  for (let batch = 0; batch < BATCHES; batch++) {
    for (const [w, work] of works.entries()) {
      const start = performance.now();
      for (let i = 0; i < BATCH; i++) await work(batch * BATCH + i);
      least[w] = Math.min(least[w] ?? 0, ((performance.now() - start) * 1000) / BATCH);
    }
  }
  return least;
}

describe(`${ROUTES} routes cost at most ${BUDGET} µs a request more than none, as`, () => {
  for (const { name, routes, host = HOST, paths } of CASES) {
    test(name, async () => {
      // The same assertion each time, which is remembered: else its signature would be all there is to see.
      const headers = { [ASSERTION_HEADER]: await sign(key, { aud: host, iss: host }) };
      const requests = paths.map((path) => ({ method: 'GET', url: `https://${host}${path}`, headers }));
      const now = () => NOW;
      const verifiers = [
        createVerifier({ audience: host, keys, now }),
        createVerifier({ routes: compileRoutes(routes), keys, now }),
      ];
      const ask = verifiers.map((verifier) => (i: number) => {
        const request = requests[i % requests.length];
        return request ? verifier.verifyRequest(request) : assert.fail();
      });
      for (const one of ask) assert.equal(((await one(0)) as { subject?: string }).subject, 'u-alice');
      const [without = 0, withRoutes = 0] = await costs(ask);
      const more = withRoutes - without;
      console.info(`${name}: ${without.toFixed(1)} µs, and ${more.toFixed(1)} µs more with routes`);
      assert.isAtMost(more, BUDGET);
    });
  }
});
