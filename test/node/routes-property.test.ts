import fc from 'fast-check';
import { afterAll, assert, describe, test } from 'vitest';
import { createVerifier, PomeriumError, staticKeys } from '../../core/index.ts';
import { jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import {
  claimSets,
  configurationOf,
  decisionOf,
  recorded,
  listClaims as recordedListClaims,
} from '../support/route-vectors.ts';
import { errorOf } from '../support/verifying.ts';
import { configuration } from './generated-routes.ts';
import { type Answer, answer, isAllowed, loadRoutes, Refused, servicePath } from './interpreted-routes.ts';
import { compile, found, isForAll, isForwarded, load, people, scenario, seed, Tally } from './routes-scenarios.ts';

const FEW = 400;

const tally = new Tally();
afterAll(() => console.info(`PROPERTY_SEED=${seed}:`, tally.counts));

test('the interpreter decides as Pomerium did on the vectors', () => {
  const wrong: string[] = [];
  for (const one of recorded) {
    if (one.refused || one.ingress || /^(dup-redirect|toml)$/.test(one.id)) continue;
    const plain = loadRoutes(configurationOf(one));
    for (const [r, { method, url, headers: sent = {}, by, ...expected }] of (one.requests ?? []).entries()) {
      // The client of the vectors escapes it.
      if (url.includes('"')) continue;
      const headers = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
      const met = answer(plain, { method, url, headers });
      if (met.by !== by) wrong.push(`${one.id} ${method} ${url}: ${met.by}, not ${by}`);
      if (by !== 'policy' || met.by !== by || one.undecidable?.requests.includes(r)) continue;
      if (met.aud !== expected.aud || met.iss !== expected.iss) wrong.push(`${one.id} ${url}: ${met.aud} ${met.iss}`);
      if (expected.upstream && expected.upstream.path !== servicePath(met) + url.replace(/^[^?]*/, '')) {
        wrong.push(`${one.id} ${url}: ${servicePath(met)}, not ${expected.upstream.path}`);
      }
      for (const [i, set] of (one.claims ?? []).entries()) {
        const person = { claims: claimSets[set] ?? {}, listClaims: recordedListClaims };
        const isRight = isAllowed(met, { method, url, headers }, person) === decisionOf(one, i, r);
        if (!isRight) wrong.push(`${one.id} ${method} ${url} for ${one.identities?.[i]}`);
        tally.count('recorded decisions');
      }
    }
  }
  assert.deepEqual(wrong, []);
  tally.assertSeen(2_000, 'recorded decisions');
});

describe(`the routes through a verifier, compiled against interpreted (PROPERTY_SEED=${seed})`, () => {
  test(`${FEW} configurations: what is allowed is allowed there`, { timeout: 300_000 }, async () => {
    const key = await makeKey();
    const keys = staticKeys(jwks(key));
    const property = fc.asyncProperty(scenario(configuration()), fc.nat(), async ([document, all], who) => {
      const routes = compile(document);
      const plain = load(document);
      if (routes instanceof PomeriumError || plain instanceof Refused) return;
      const verifier = createVerifier({ routes, keys, now: () => NOW });
      const { claims, identity } = people[who % people.length] as (typeof people)[number];
      const refusal = async (one: (typeof all)[number], { aud, iss }: Answer) => {
        const assertion = await sign(key, { name: '', ...claims, aud, iss });
        const headers = { ...one.headers, 'x-pomerium-jwt-assertion': assertion };
        return errorOf(() => verifier.verifyRequest({ ...one, headers }));
      };
      for (const [i, one] of all.slice(0, 2).entries()) {
        const met = answer(plain, one);
        const there = isForwarded(met, one, claims);
        const error = await refusal(one, met);
        if (!error && !there && !isForAll(met, one, claims)) throw found('weaker', one, claims, met.by);
        const isStricter = error !== undefined && there && one.isPlain && identity.subject !== undefined;
        if (isStricter) throw found('stricter', one, claims, error.message);
        tally.count(`verified: ${error?.code ?? 'allowed'}`);

        const other = answer(plain, all[i + 2] ?? one);
        if (met.by !== 'policy' || other.aud.toLowerCase() === met.aud.toLowerCase()) continue;
        if (!(await refusal(one, other))) throw found('the assertion of another host', one, other.aud);
        tally.count(`verified: of another host`);
      }
    });
    await fc.assert(property, { seed, numRuns: FEW });
    for (const code of ['allowed', 'policy_denied', 'anonymous', 'audience_mismatch', 'issuer_mismatch']) {
      tally.assertSeen(1, `verified: ${code}`);
    }
    tally.assertSeen(1, 'verified: of another host');
  });
});
