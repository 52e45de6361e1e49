import fc from 'fast-check';
import { afterAll, assert, describe, test } from 'vitest';
import { compileRoutes, PomeriumError } from '../../core/index.ts';
import type { RoutedRequest } from '../../core/routes/targets.ts';
import { configuration, type GeneratedRequest, MISTAKES } from './generated-routes.ts';
import { Refused } from './interpreted-routes.ts';
import { REFUSED_HERE } from './refused-here.ts';
import { compile, found, listClaims, load, passes, people, scenario, seed, Tally } from './routes-scenarios.ts';

const RUNS = 2_000;
const FEW = 400;

const tally = new Tally();
afterAll(() => console.info(`PROPERTY_SEED=${seed}:`, tally.counts));

const scenarios = scenario(fc.boolean().chain(configuration));

/** A request with the host for which assertions are in both formats: as it was sent, and without its host. */
function* asked(
  all: readonly GeneratedRequest[],
): Generator<[RoutedRequest, issued: { issuer: string; audience: string[] }]> {
  for (const { url, method, headers } of all) {
    const [origin = '', host = ''] = /^https:\/\/([^:/]*)[^/]*/.exec(url) ?? [];
    for (const issuer of [host, `https://${host}/`]) {
      yield [
        { url, method, headers },
        { issuer, audience: [host] },
      ];
      yield [
        { url: url.slice(origin.length), method, headers },
        { issuer, audience: [host] },
      ];
    }
  }
}

describe(`compiled routes (PROPERTY_SEED=${seed})`, () => {
  test(`${FEW} configurations, written anew by toJSON: the same answers`, { timeout: 300_000 }, () => {
    const property = fc.property(scenarios, ([document, all]) => {
      const routes = compile(document);
      if (routes instanceof PomeriumError) return;
      const again = compileRoutes(JSON.parse(JSON.stringify(routes)), { listClaims });
      // A host whose only service stands behind another route for the same paths is gone.
      assert.includeMembers([...routes.hosts], [...again.hosts]);
      for (const [request, issued] of asked(all)) {
        for (const { identity } of people) {
          const here = passes(routes, issued, identity, request);
          if (here !== passes(again, issued, identity, request))
            throw found('differs', here, request, issued, identity);
          tally.count(`written anew: ${here ? 'allowed' : 'refused'}`);
        }
      }
    });
    fc.assert(property, { seed, numRuns: FEW });
    tally.assertSeen(FEW, 'written anew: allowed', 'written anew: refused');
  });

  test(`${FEW} configurations of some hosts: the same answers for these, none for others`, { timeout: 300_000 }, () => {
    const property = fc.property(scenarios, fc.nat(7), ([document, all], pick) => {
      const routes = compile(document);
      if (routes instanceof PomeriumError) return;
      const name = routes.hosts[pick % routes.hosts.length] ?? '';
      const wanted = pick < 4 ? name.replaceAll('*', 'a') : name;
      const some = compileRoutes(document, { listClaims, hosts: [wanted] });
      assert.deepEqual(some.hosts, [wanted]);
      const again = compileRoutes(JSON.parse(JSON.stringify(some)), { listClaims });
      for (const [request, issued] of asked(all)) {
        for (const { identity } of people) {
          const here = passes(some, issued, identity, request);
          if (here !== passes(again, issued, identity, request)) {
            throw found('written anew it differs', wanted, request, issued, identity);
          }
          // Where no port is known, hosts says which one it may be.
          if (!URL.canParse(request.url ?? '')) continue;
          const there = passes(routes, issued, identity, request);
          if (here && !there) throw found('weaker', wanted, request, issued, identity);
          const isWanted = issued.audience[0]?.toLowerCase() === wanted.toLowerCase();
          if (isWanted && here !== there) throw found('differs', wanted, request, issued, identity);
          tally.count(`some hosts: ${here ? 'allowed' : there ? 'of another host' : 'refused'}`);
        }
      }
    });
    fc.assert(property, { seed, numRuns: FEW });
    tally.assertSeen(FEW / 4, 'some hosts: allowed', 'some hosts: of another host', 'some hosts: refused');
  });

  test(`${RUNS} configurations with mistakes: what Pomerium refuses is refused, other things for a reason`, () => {
    const reasons = new Map(REFUSED_HERE.map(([message]) => [message, 0]));
    const mistakes = fc.option(fc.constantFrom(...MISTAKES), { freq: 5 });
    const property = fc.property(configuration(), mistakes, (right, mistake) => {
      const document = mistake ? withMistake(right, mistake) : right;
      const routes = compile(document);
      const plain = load(document);
      if (mistake?.by === 'Pomerium') assert.instanceOf(plain, Refused);
      if (plain instanceof Refused) {
        assert.instanceOf(routes, PomeriumError, plain.message);
        tally.count('mistakes: refused by both');
      } else if (routes instanceof PomeriumError) {
        const reason = [...reasons.keys()].find((message) => message.test(routes.message));
        assert.isDefined(reason, `Pomerium takes it, and the list has no reason for "${routes.message}"`);
        if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      } else {
        assert.isNull(mistake);
        tally.count('mistakes: none');
      }
    });
    fc.assert(property, { seed, numRuns: RUNS });
    for (const [message, times] of reasons) assert.isAbove(times, 0, `${message}`);
    tally.assertSeen(RUNS / 20, 'mistakes: refused by both', 'mistakes: none');
  });
});

/** One more route in a whole configuration. */
function withMistake(document: unknown, { json, twice }: (typeof MISTAKES)[number]): object {
  const route = { from: 'https://app.corp.example.com', to: 'http://app.internal', path: '/mistake', ...json };
  const isWhole = Object.hasOwn(Object(document), 'routes');
  const { routes = [], ...globals } = (isWhole ? document : {}) as { routes?: object[] };
  const all = [...routes, route, ...(twice ? [route] : [])];
  return { jwt_claims_headers: ['department', 'roles'], ...globals, routes: all };
}
