import * as crypto from 'node:crypto';
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

/**
 * What a request may take longer, as a part of the check of one ES256 signature: 5 µs where that takes 60, and as much more on a
 * machine that is slower.
 */
const BUDGET = 1 / 12;
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

const BATCHES = 400;
const MOST_BATCHES = 8000;

type Work = (i: number) => unknown;

const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signed = Buffer.alloc(600);
const signature = crypto.sign('sha256', signed, privateKey);
const checkSignature: Work = () => assert.isTrue(crypto.verify('sha256', signed, publicKey, signature));

interface Costs {
  readonly without: number;
  readonly more: number;
  readonly check: number;
}

/** Microseconds each, measured in turn: noise only adds, so that the least counts, and more of it is waited out. */
async function costsOf(without: Work, withRoutes: Work): Promise<Costs> {
  const least = {
    without: Number.POSITIVE_INFINITY,
    withRoutes: Number.POSITIVE_INFINITY,
    check: Number.POSITIVE_INFINITY,
  };
  const measure = async (name: keyof typeof least, work: Work, from: number, count: number) => {
    const start = performance.now();
    for (let i = from; i < from + count; i++) await work(i);
    least[name] = Math.min(least[name], ((performance.now() - start) * 1000) / count);
  };
  const costs = () => ({ without: least.without, more: least.withRoutes - least.without, check: least.check });
  for (let batch = 0; batch < MOST_BATCHES; batch++) {
    await measure('without', without, batch * 100, 100);
    await measure('withRoutes', withRoutes, batch * 100, 100);
    await measure('check', checkSignature, 0, 10);
    if (batch > BATCHES && costs().more <= costs().check * BUDGET) break;
  }
  return costs();
}

describe(`${ROUTES} routes cost a request at most a twelfth of a signature more than none, as`, () => {
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
      const { without, more, check } = await costsOf(
        work(createVerifier({ audience: host, keys, now })),
        work(withAll),
      );
      console.info(
        `${name}: ${without.toFixed(1)} µs, ${more.toFixed(1)} µs more with routes, a signature ${check.toFixed(0)} µs`,
      );
      assert.isAtMost(more, check * BUDGET);
    });
  }
});
