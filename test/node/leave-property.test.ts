import fc from 'fast-check';
import { afterAll, assert, describe, test } from 'vitest';
import { compilePolicy, compileRoutes } from '../../core/index.ts';
import { HOST } from '../support/issuer.ts';
import { criterion } from './generated-routes.ts';
import { interpret } from './interpreted-policy.ts';
import { found, listClaims, passes, people, seed, Tally } from './routes-scenarios.ts';

const RUNS = 1_500;

type Body = Record<string, Record<string, unknown>[]>;
type Rule = Record<string, Body>;

const tally = new Tally();
afterAll(() => console.info(`PROPERTY_SEED=${seed}:`, tally.counts));

/** What no assertion answers is always left; of the others some. */
const UNANSWERABLE = ['source_ip', 'date', 'claim/level', 'device'];
const ANSWERABLE = ['groups', 'http_path', 'claim', 'claim/roles', 'email', 'authenticated_user', 'accept'];
const leftNames = fc.subarray(ANSWERABLE).map((names) => [...UNANSWERABLE, ...names]);

const anyCriterion = fc.oneof(
  { weight: 2, arbitrary: criterion(true).map(lowerKeys) },
  { weight: 1, arbitrary: fc.constantFrom(...UNANSWERABLE).map((name) => ({ [name]: 'x' })) },
);
const criteria = fc.array(anyCriterion, { maxLength: 3 });
const body = fc.record({ and: criteria, or: criteria, not: criteria, nor: criteria }, { requiredKeys: [] });
const rule = fc.record({ allow: body, deny: body }, { requiredKeys: [] });
const documents = fc.array(rule, { minLength: 1, maxLength: 3 }) as fc.Arbitrary<Rule[]>;
const requests = fc.record({
  method: fc.constantFrom('GET', 'OPTIONS'),
  path: fc.constantFrom('/', '/admin', '/admin/'),
  headers: fc.constantFrom({}, { origin: 'https://x.example.com', 'access-control-request-method': 'PUT' }),
});

function lowerKeys(json: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key.toLowerCase(),
      typeof value === 'object' && value !== null && !Array.isArray(value) ? lowerKeys({ ...value }) : value,
    ]),
  );
}

interface Place {
  readonly path: string;
  readonly action: string;
  readonly operator: string;
}

/** The document with its left criteria as `decide` says, and where they stand. */
function replaceLeft(document: Rule[], left: readonly string[], decide: (place: Place, i: number) => boolean) {
  const places: Place[] = [];
  const replaced = document.map((one, r) =>
    mapValues(one, (own, action) =>
      mapValues(own, (list, operator) =>
        list.map((data, i) => {
          const [key = ''] = Object.keys(data);
          if (!left.includes(key) && !left.includes(key.replace(/\/.*/, ''))) return data;
          const place = { path: `[${r}].${action}.${operator}[${i}].${key}`, action, operator };
          places.push(place);
          return { [decide(place, places.length - 1) ? 'accept' : 'reject']: true };
        }),
      ),
    ),
  );
  return { replaced, places };
}

function mapValues<T, U>(object: Record<string, T>, map: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
}

/** Every way in which Pomerium may decide what is left to it. */
function* assignments(count: number): Generator<(i: number) => boolean> {
  for (let bits = 0; bits < 2 ** count; bits++) yield (i) => Boolean((bits >> i) & 1);
}

/** That a deny which needs what is left to Pomerium does not deny. */
const isNoDenial = ({ operator }: Place) => operator === 'not' || operator === 'nor';

describe(`what is left to Pomerium (PROPERTY_SEED=${seed})`, () => {
  test(`${RUNS} policies: whoever is refused would be refused whatever Pomerium decides`, { timeout: 300_000 }, () => {
    const property = fc.property(documents, leftNames, requests, (document, leaveToPomerium, request) => {
      const { places } = replaceLeft(document, leaveToPomerium, () => true);
      fc.pre(places.length <= 6);
      const policy = compilePolicy(document, { listClaims, leaveToPomerium });
      const routes = compileRoutes(
        {
          jwt_claims_headers: ['department', 'roles'],
          routes: [{ from: `https://${HOST}`, to: 'http://app', policy: document }],
        },
        { listClaims, leaveToPomerium },
      );
      const paths = places.map(({ path }) => path);
      assert.deepEqual(policy.left, paths);
      assert.deepEqual(
        routes.explain()[0]?.left,
        paths.map((path) => `routes[0].policy${path}`),
      );

      const url = `https://${HOST}${request.path}`;
      for (const { claims, identity } of people) {
        const isAllowedUnder = (decide: (place: Place, i: number) => boolean) =>
          interpret(replaceLeft(document, leaveToPomerium, decide).replaced, { claims, ...request }, listClaims);
        const here = passes(routes, { issuer: HOST, audience: [HOST] }, identity, { ...request, url });
        if (identity.subject !== undefined) {
          const decisions = [...assignments(places.length)].map((bits) => isAllowedUnder((_, i) => bits(i)));
          const may = decisions.includes(true);
          if (here !== may)
            throw found('not what Pomerium may decide', document, leaveToPomerium, claims, request, here);
          assert.equal(policy.decide({ identity, ...request }).allowed, may);
          const isSure = new Set(decisions).size === 1;
          tally.count(`somebody: ${may ? (isSure ? 'allowed' : 'left to Pomerium') : 'refused'}`);
        } else {
          // For nobody what is unknown in an allow does not allow.
          const must = [...assignments(places.length)].every((bits) =>
            isAllowedUnder((place, i) => (place.action === 'deny' ? isNoDenial(place) : bits(i))),
          );
          if (here && !must) throw found('nobody passes by what is left', document, leaveToPomerium, request);
          tally.count(`nobody: ${here ? 'allowed' : must ? 'stricter' : 'refused'}`);
        }
      }
    });
    fc.assert(property, { seed, numRuns: RUNS });
    tally.assertSeen(RUNS / 4, 'somebody: allowed', 'somebody: left to Pomerium', 'somebody: refused');
    tally.assertSeen(RUNS / 50, 'nobody: allowed', 'nobody: stricter', 'nobody: refused');
  });
});
