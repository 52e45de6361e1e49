import { assert, describe, test } from 'vitest';
import { examine } from '../../../cli/routes/examine.ts';
import { compileRoutes, PomeriumError, type RoutesOptions } from '../../../core/index.ts';
import { configurationOf, listClaims, recorded } from '../../support/route-vectors.ts';

const OPTIONS: RoutesOptions = { listClaims };
const fileOf = (...documents: unknown[]) => ({ documents, placeOf: (path: string) => `file:${path}` });

function refusalOf(configuration: unknown): string | undefined {
  try {
    compileRoutes(configuration, OPTIONS);
    return undefined;
  } catch (error) {
    if (error instanceof PomeriumError) return error.message;
    throw error;
  }
}

describe('a file is examined', () => {
  for (const config of recorded.filter(({ ingress }) => ingress === undefined)) {
    test(`${config.id}: something is refused if compileRoutes refuses it, and that first`, () => {
      const configuration = configurationOf(config);
      const before = structuredClone(configuration);
      const { problems, routes } = examine(fileOf(configuration), OPTIONS);
      const refusal = refusalOf(configuration);
      assert.equal(problems.length > 0, refusal !== undefined);
      if (refusal !== undefined)
        assert.include(
          problems.map(({ message }) => message),
          refusal,
        );
      else assert.deepEqual(routes?.explain(), compileRoutes(configuration, OPTIONS).explain());
      assert.deepEqual(configuration, before, 'the file itself is not changed');
    });
  }

  const ROUTE = { from: 'https://a.example.com', to: 'http://a', allowed_domains: ['example.com'] };
  const POLICY = [{ allow: { or: [{ domain: 'example.com' }] } }, { deny: { or: [{ email: 'x@example.com' }] } }];
  const CONFIGURATION = {
    pass_identity_headers: true,
    jwt_claims_headers: { 'X-Team': 'team' },
    routes: [
      { ...ROUTE, set_request_headers: { a: 'b' }, cors_allow_preflight: true },
      { from: 'https://b.example.com', to: ['http://b', 'http://c'], regex: '/a.*', policy: POLICY },
      { from: 'https://c.example.com', redirect: { https_redirect: true } },
      {
        from: 'https://d.example.com',
        to: 'http://d',
        allowed_idp_claims: { team: ['a'] },
        sub_policies: [{ name: 'x' }],
      },
    ],
  };

  /** Every value of the configuration, each replaced by something else, or under another name. */
  function* mutations(value: unknown): Generator<unknown> {
    yield* ['text', 7, null, [], {}, [null], [{}], [['x']], { x: { y: 1 } }, ' ', true];
    if (Array.isArray(value)) {
      for (const [i, one] of value.entries()) for (const other of mutations(one)) yield value.with(i, other);
      yield [...value, ...value];
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, one] of Object.entries(value)) {
        for (const other of mutations(one)) yield { ...value, [key]: other };
        const { [key]: _, ...rest } = value as Record<string, unknown>;
        yield rest;
        yield { ...rest, [`${key}x`]: one };
        yield { ...value, [key.toUpperCase()]: one };
      }
    }
  }

  test('whatever is wrong with it: it ends, and says so if and only if compileRoutes does', () => {
    let refused = 0;
    for (const configuration of mutations(CONFIGURATION)) {
      if (typeof configuration !== 'object' || configuration === null) continue;
      const refusal = refusalOf(configuration);
      const { problems } = examine(fileOf(configuration), OPTIONS);
      assert.equal(problems.length > 0, refusal !== undefined, JSON.stringify(configuration));
      if (refusal !== undefined) refused++;
      for (const { message } of problems)
        assert.notMatch(message, /refused-\d|\.invalid/, JSON.stringify(configuration));
    }
    assert.isAbove(refused, 400);
  });

  test('what is wrong behind an anchor is wrong wherever it is named', () => {
    const policy = [{ allow: { or: [{ device: true }] } }];
    const { problems } = examine(
      fileOf([
        { ...ROUTE, policy },
        { ...ROUTE, from: 'https://b.example.com', policy },
      ]),
      {},
    );
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['[0][0].policy[0].allow.or[0].device', '[0][1].policy[0].allow.or[0].device'],
    );
  });

  test('the claims that jwt_claims_headers should name are not refused beside its misspelling', () => {
    const { problems } = examine(
      fileOf({ jwt_claim_headers: 7, routes: [{ ...ROUTE, allowed_idp_claims: { team: 'a' } }] }),
      {},
    );
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['[0].jwt_claim_headers'],
    );
  });
});
