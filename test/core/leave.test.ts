import { assert, describe, test } from 'vitest';
import { compilePolicy, compileRoutes, type MaybeAnonymous } from '../../core/index.ts';
import { HOST } from '../support/issuer.ts';
import { compiled, outcomeOf, route } from '../support/judged-routes.ts';
import { assertMisconfigured } from '../support/verifying.ts';

const APP = `https://${HOST}`;
const IP = { source_ip: '10.0.0.0/8' };
const DATE = { date: { after: '2026-01-01' } };
const ALICE = { email: 'alice@example.com' };

type Decision = 'allowed' | 'refused';

/** Alice's and Dave's decisions where source_ip and date are left to Pomerium, by the routes and by the policy alone. */
const decisions: [rule: string, policy: object, alice: Decision, dave: Decision, nobody: Decision, left: string[]][] = [
  [
    'an allow that needs it counts without it',
    { allow: { and: [ALICE, IP] } },
    'allowed',
    'refused',
    'refused',
    ['allow.and[1].source_ip'],
  ],
  ['an allow of it alone allows', { allow: { or: [IP] } }, 'allowed', 'allowed', 'refused', ['allow.or[0].source_ip']],
  ['beside others', { allow: { or: [ALICE, IP] } }, 'allowed', 'allowed', 'refused', ['allow.or[1].source_ip']],
  ['not of it may hold', { allow: { not: [IP] } }, 'allowed', 'allowed', 'refused', ['allow.not[0].source_ip']],
  [
    'not of it and of one that holds does not',
    { allow: { not: [IP, ALICE] } },
    'refused',
    'allowed',
    'refused',
    ['allow.not[0].source_ip'],
  ],
  ['nor of it may hold', { allow: { nor: [IP, ALICE] } }, 'allowed', 'allowed', 'refused', ['allow.nor[0].source_ip']],
  [
    'a deny that needs it does not deny',
    { allow: { or: [{ accept: true }] }, deny: { or: [IP] } },
    'allowed',
    'allowed',
    'allowed',
    ['deny.or[0].source_ip'],
  ],
  [
    'a deny that holds without it denies',
    { allow: { or: [{ accept: true }] }, deny: { or: [IP, ALICE] } },
    'refused',
    'allowed',
    'refused',
    ['deny.or[0].source_ip'],
  ],
  [
    'a deny that needs both does not deny',
    { allow: { or: [{ accept: true }] }, deny: { and: [IP, { domain: 'example.com' }] } },
    'allowed',
    'allowed',
    'allowed',
    ['deny.and[0].source_ip'],
  ],
  [
    'a deny of all other addresses does not deny',
    { allow: { or: [{ accept: true }] }, deny: { not: [IP] } },
    'allowed',
    'allowed',
    'allowed',
    ['deny.not[0].source_ip'],
  ],
  [
    'a deny with nor denies where the rest does not hold',
    { allow: { or: [{ accept: true }] }, deny: { nor: [IP, ALICE] } },
    'allowed',
    'refused',
    'refused',
    ['deny.nor[0].source_ip'],
  ],
  [
    'all of them are named',
    { allow: { and: [IP, DATE], or: [DATE] }, deny: { or: [ALICE, IP] } },
    'refused',
    'allowed',
    'refused',
    ['allow.and[0].source_ip', 'allow.and[1].date', 'allow.or[0].date', 'deny.or[1].source_ip'],
  ],
  ['where none is left nothing changes', { allow: { or: [ALICE] } }, 'allowed', 'refused', 'refused', []],
];

const people = {
  alice: { subject: 'u20', user: 'u20', email: 'alice@example.com', groups: [], claims: {} },
  dave: { subject: 'u10', user: 'u10', email: 'dave@other.test', groups: [], claims: {} },
} as unknown as Record<'alice' | 'dave', MaybeAnonymous>;

describe('with source_ip and date left to Pomerium,', () => {
  const options = { leaveToPomerium: ['source_ip', 'date'] };
  for (const [rule, document, alice, dave, nobody, left] of decisions) {
    test(`${rule}: ${JSON.stringify(document)}`, () => {
      const policy = compilePolicy(document, options);
      const decide = (identity: MaybeAnonymous) => (policy.decide({ identity }).allowed ? 'allowed' : 'refused');
      assert.deepEqual([decide(people.alice), decide(people.dave)], [alice, dave]);
      assert.deepEqual(policy.left, left);

      const routes = compiled([{ name: 'allowed', from: APP, to: 'http://app', policy: document }], options);
      const outcomes = (['alice', 'dave', 'nobody'] as const).map((as) => outcomeOf(routes, { url: `${APP}/`, as }));
      const expected = [alice, dave].map((one) => (one === 'allowed' ? one : 'policy_denied'));
      assert.deepEqual(outcomes, [...expected, nobody === 'allowed' ? nobody : 'anonymous']);
      assert.deepEqual(
        routes.explain()[0]?.left,
        left.map((path) => `[0].policy.${path}`),
      );
    });
  }

  test('by the policy alone, too, what is left lets nobody in who is not signed in', () => {
    const ACCEPT = { accept: true };
    const rules: [policy: object, allowed: boolean][] = [
      [{ allow: { or: [IP] } }, false],
      [{ allow: { or: [ALICE, IP] } }, false],
      [{ allow: { and: [ACCEPT, IP] } }, false],
      [{ allow: { not: [IP] } }, false],
      [{ allow: { nor: [ACCEPT, IP] } }, false],
      [{ allow: { or: [ACCEPT, IP] } }, true],
      [{ allow: { nor: [ALICE, IP] } }, true],
      [{ allow: { or: [ACCEPT] }, deny: { or: [IP] } }, true],
      [{ allow: { or: [ACCEPT] }, deny: { not: [IP] } }, true],
    ];
    const nobody = { ...people.alice, subject: undefined, user: undefined, email: undefined };
    for (const [document, allowed] of rules) {
      const policy = compilePolicy(document, options);
      assert.equal(policy.decide({ identity: nobody }).allowed, allowed, JSON.stringify(document));
      assert.equal(policy.explain({ identity: nobody }).allowed, allowed, JSON.stringify(document));
    }
    // Of somebody `policy test` may know one of these alone.
    for (const known of [{ subject: 'u-alice' }, { user: 'u-alice' }, { email: 'alice@example.com' }]) {
      assert.isTrue(
        compilePolicy({ allow: { or: [IP] } }, options).decide({ identity: { ...nobody, ...known } }).allowed,
      );
    }
  });

  test('a list of rules says which rule', () => {
    const policy = compilePolicy([{ allow: { or: [ALICE] } }, { deny: { or: [IP] } }], options);
    assert.deepEqual(policy.left, ['[1].deny.or[0].source_ip']);
    assert.isTrue(Object.isFrozen(policy.left));
    const explained = policy.explain({ identity: people.alice }).rules[1]?.operators[0]?.criteria[0];
    assert.deepEqual(explained, {
      path: '[1].deny.or[0].source_ip',
      criterion: 'source_ip',
      holds: false,
      isLeft: true,
    });
  });
});

describe('the names', () => {
  const claims = { allow: { and: [{ 'claim/level': '3' }, { 'claim/level/x': '3' }, { 'claim/roles': 'a' }] } };
  test('one claim is left by its whole name', () => {
    const { left } = compilePolicy(claims, { leaveToPomerium: ['claim/level'] });
    assert.deepEqual(left, ['allow.and[0].claim/level']);
  });

  test('all claims are left by claim', () => {
    assert.lengthOf(compilePolicy(claims, { leaveToPomerium: ['claim'] }).left ?? [], 3);
  });

  test('what can be answered may be left, too, and is then not asked for', () => {
    const policy = compilePolicy(
      { deny: { or: [{ http_path: '/x' }, { 'claim/x': { exclude: 'a' } }] } },
      {
        leaveToPomerium: ['http_path', 'claim/x'],
      },
    );
    assert.isFalse(policy.needsPath || policy.needsRequest);
    assert.lengthOf(policy.left ?? [], 2);
  });

  test('what stands below a criterion that is left is not read', () => {
    assert.doesNotThrow(() =>
      compilePolicy({ deny: { or: [{ email: { matches: 1 } }] } }, { leaveToPomerium: ['email'] }),
    );
  });

  test('what is not named is refused with what to write', () => {
    const build = (names: string[]) => () => compilePolicy({ allow: { and: [IP, DATE] } }, { leaveToPomerium: names });
    assertMisconfigured(build([]), /^allow\.and\[0\]\.source_ip: .* name it in leaveToPomerium \(--leave\)/);
    assertMisconfigured(build(['source_ip']), /^allow\.and\[1\]\.date: /);
    assert.doesNotThrow(build(['source_ip', 'date']));
  });

  const wrong: [names: unknown, message: RegExp][] = [
    [['source-ip'], /leaveToPomerium has "source-ip", which is no criterion; there are accept, .*source_ip/],
    [['sourceIp'], /leaveToPomerium has "sourceIp"/],
    [['source_ip', 'dates'], /leaveToPomerium has "dates"/],
    [['Source_IP'], /leaveToPomerium has "Source_IP"/],
    [['source_ip/x'], /leaveToPomerium has "source_ip\/x"/],
    [['claim/'], /leaveToPomerium has "claim\/"/],
    [['my-claim/x'], /leaveToPomerium has "my-claim\/x"/],
    [[['claim/x']], /leaveToPomerium has a list/],
    [['level'], /leaveToPomerium has "level"/],
    [[''], /leaveToPomerium has ""/],
    [[undefined], /leaveToPomerium has nothing/],
    [[null, 'source_ip'], /leaveToPomerium has null/],
    [['constructor'], /leaveToPomerium has "constructor"/],
    ['source_ip', /leaveToPomerium must be a list of criteria; write leaveToPomerium: \['source_ip'\]/],
    [{ source_ip: true }, /leaveToPomerium must be a list/],
    [null, /leaveToPomerium must be a list/],
  ];
  for (const [names, message] of wrong) {
    test(`${JSON.stringify(names)} is refused by policies and routes`, () => {
      const options = { leaveToPomerium: names as string[] };
      assertMisconfigured(() => compilePolicy({ allow: { or: [ALICE] } }, options), message);
      assertMisconfigured(() => compileRoutes([route('app', APP)], options), message);
    });
  }
});

describe('of a route may be left', () => {
  const asked = { policy: [{ allow: { or: [ALICE] } }, { deny: { or: [{ http_path: { starts_with: '/api' } }] } }] };
  const rewritten = { allow_any_authenticated_user: null, prefix: '/v1', prefix_rewrite: '/', ...asked };

  test('the path, where it is rewritten', () => {
    const build = (leaveToPomerium: string[]) => compiled([route('app', APP, rewritten)], { leaveToPomerium });
    assertMisconfigured(
      () => build([]),
      /^\[0\]\.policy\[1\]\.deny\.or\[0\]\.http_path cannot be decided: .*leave http_path/,
    );
    const routes = build(['http_path']);
    assert.equal(outcomeOf(routes, { url: '/api', aud: HOST }), 'app');
    assert.equal(outcomeOf(routes, { url: '/api', aud: HOST, as: 'dave' }), 'policy_denied');
  });

  test('whether the client’s certificate is valid', () => {
    const settings = { tls_downstream_client_ca: 'LS0t' };
    const globals = { downstream_mtls: { ca: 'LS0t' } };
    const own = () => compiled([route('app', APP, settings)]);
    const globally = () => compiled({ ...globals, routes: [route('app', APP)] });
    assertMisconfigured(own, /^\[0\]\.tls_downstream_client_ca: .* name invalid_client_certificate in leaveToPomerium/);
    assertMisconfigured(globally, /^downstream_mtls: .* name invalid_client_certificate in leaveToPomerium/);
    const routes = compiled(
      { ...globals, routes: [route('app', APP, settings), route('b', 'https://b.example.com')] },
      { leaveToPomerium: ['invalid_client_certificate'] },
    );
    assert.equal(outcomeOf(routes, { url: `${APP}/` }), 'app');
    assert.deepEqual(
      routes.explain().map(({ left }) => left),
      [['routes[0].tls_downstream_client_ca'], ['downstream_mtls']],
    );
  });

  const harmless = [
    { enforcement: 'policy', ca: 'LS0t' },
    { ca: '' },
    { crl: 'LS0t' },
    { max_verify_depth: 1 },
    {},
    null,
  ];
  for (const downstream_mtls of harmless) {
    test(`nothing, with downstream_mtls: ${JSON.stringify(downstream_mtls)}`, () => {
      assert.doesNotThrow(() => compiled({ downstream_mtls, routes: [route('app', APP)] }));
    });
  }

  test('claims of a setting', () => {
    const settings = { allow_any_authenticated_user: null, allowed_idp_claims: { level: ['3'], roles: ['none'] } };
    const build = (leaveToPomerium: string[]) =>
      compiled({ jwt_claims_headers: ['roles'], routes: [route('app', APP, settings)] }, { leaveToPomerium });
    assertMisconfigured(
      () => build([]),
      /^routes\[0\]\.allowed_idp_claims\.level\[0\]\.claim\/level cannot be decided/,
    );
    const routes = build(['claim/level']);
    assert.deepEqual(routes.explain()[0]?.left, ['routes[0].allowed_idp_claims.level[0].claim/level']);
    assert.equal(outcomeOf(routes, { url: `${APP}/`, as: 'dave' }), 'app');
    assert.equal(outcomeOf(routes, { url: `${APP}/`, as: 'nobody' }), 'anonymous');
  });
});
