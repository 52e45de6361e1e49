import { assert, describe, test } from 'vitest';
import {
  ASSERTION_HEADER,
  compileRoutes,
  createVerifier,
  type MaybeAnonymous,
  staticKeys,
  type Verifier,
} from '../../core/index.ts';
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
const MOST_BATCHES = 8000;

type Work = (i: number) => Promise<unknown>;

/** Microseconds a request, of two in turn: noise only adds, so that the least counts, and more of it is waited out. */
async function costs(works: readonly [Work, Work]): Promise<[without: number, withRoutes: number]> {
  const least: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let batch = 0; batch < MOST_BATCHES; batch++) {
    for (const w of [0, 1] as const) {
      const start = performance.now();
      for (let i = 0; i < BATCH; i++) await works[w](batch * BATCH + i);
      least[w] = Math.min(least[w], ((performance.now() - start) * 1000) / BATCH);
    }
    if (batch > BATCHES && least[1] - least[0] <= BUDGET) break;
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
      const work =
        (verifier: Verifier<MaybeAnonymous>): Work =>
        (i) => {
          const request = requests[i % requests.length];
          return request ? verifier.verifyRequest(request) : assert.fail();
        };
      const withAll = createVerifier({ routes: compileRoutes(routes), keys, now });
      for (const request of requests) assert.equal((await withAll.verifyRequest(request)).subject, 'u-alice');
      const [without, withRoutes] = await costs([work(createVerifier({ audience: host, keys, now })), work(withAll)]);
      const more = withRoutes - without;
      console.info(`${name}: ${without.toFixed(1)} µs, and ${more.toFixed(1)} µs more with routes`);
      assert.isAtMost(more, BUDGET);
    });
  }
});
