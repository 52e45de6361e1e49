import { assert, describe, test } from 'vitest';
import type { RoutesOptions } from '../../core/index.ts';
import { type Ask, compiled, outcomeOf, type Person } from '../support/judged-routes.ts';

const APP = 'https://app.corp.example.com';
const PREFLIGHT = { Origin: 'https://x.example.com', 'Access-Control-Request-Method': 'PUT' };

type Rule = [rule: string, settings: object, ...answers: [ask: Person | Ask, answer: string][]];

/** One route in a whole configuration, and what it answers; `passes` where it lets the request through. */
function check(
  rules: readonly Rule[],
  { globals = {}, options = {} }: { globals?: object; options?: RoutesOptions } = {},
): void {
  for (const [rule, settings, ...answers] of rules) {
    test(rule, () => {
      const route = { name: 'passes', from: APP, to: 'http://app', ...settings };
      const routes = compiled({ jwt_claims_headers: ['department', 'roles'], ...globals, routes: [route] }, options);
      const answer = (ask: Person | Ask) =>
        outcomeOf(routes, { url: `${APP}/`, ...(typeof ask === 'string' ? { as: ask } : ask) });
      assert.deepEqual(
        answers.map(([ask]) => [ask, answer(ask)]),
        answers,
      );
    });
  }
}

const allow = (...criteria: object[]) => ({ allow: { or: criteria } });
const deny = (...criteria: object[]) => ({ deny: { or: criteria } });
const options = (headers: Record<string, string>, as: Person = 'nobody'): Ask => ({ method: 'OPTIONS', headers, as });

describe('a setting', () => {
  check([
    ['none: nobody passes', {}, ['alice', 'policy_denied'], ['nobody', 'anonymous']],
    ['an empty policy is none', { policy: [] }, ['alice', 'policy_denied'], ['nobody', 'anonymous']],
    ['so is null', { policy: null, allowed_users: ['u20'] }, ['alice', 'passes'], ['dave', 'policy_denied']],
    [
      'sub_policies of nothing add nothing',
      { sub_policies: [null, { rego: null }, { allowed_idp_claims: { roles: null } }], allowed_users: ['u20'] },
      ['alice', 'passes'],
      ['dave', 'policy_denied'],
    ],
    [
      'what follows a slash names a claim only behind claim',
      { policy: [allow({ 'user/groups': 'u20' }, { 'user/email': 'u20' })] },
      ['alice', 'passes'],
      ['dave', 'policy_denied'],
    ],
    [
      'allow_public_unauthenticated_access',
      { allow_public_unauthenticated_access: true },
      ['nobody', 'passes'],
      ['dave', 'passes'],
    ],
    [
      'allow_any_authenticated_user',
      { allow_any_authenticated_user: true },
      ['nobody', 'anonymous'],
      ['dave', 'passes'],
    ],
    [
      'allowed_domains, with case',
      { allowed_domains: ['example.com', 'OTHER.test'] },
      ['alice', 'passes'],
      ['dave', 'policy_denied'],
      ['nobody', 'anonymous'],
    ],
    [
      'allowed_users is an e-mail address or an id',
      { allowed_users: ['alice@example.com', 'u10'] },
      ['alice', 'passes'],
      ['dave', 'passes'],
      ['nobody', 'anonymous'],
    ],
    ['allowed_users, with case', { allowed_users: ['Alice@example.com', 'U10'] }, ['alice', 'policy_denied']],
    [
      'allowed_idp_claims: one value of one claim is enough',
      { allowed_idp_claims: { department: ['sales'], roles: ['x', 'owner'] } },
      ['alice', 'passes'],
      ['dave', 'policy_denied'],
    ],
    [
      'each of them is one more way in',
      { allowed_domains: ['example.com'], allowed_users: ['u10'], allowed_idp_claims: { roles: ['none'] } },
      ['alice', 'passes'],
      ['dave', 'passes'],
    ],
    [
      'sub_policies add to them',
      { allowed_users: ['nobody@x'], sub_policies: [{ name: 'x' }, { allowed_domains: ['other.test'], rego: [] }] },
      ['alice', 'policy_denied'],
      ['dave', 'passes'],
    ],
    [
      'claims of sub_policies, too',
      { sub_policies: [{ allowed_idp_claims: { roles: ['none'] } }, { allowed_idp_claims: { Roles: 'owner' } }] },
      ['alice', 'passes'],
      ['dave', 'policy_denied'],
    ],
    [
      'public beside claims or a policy is public',
      {
        allow_public_unauthenticated_access: true,
        allowed_idp_claims: { roles: ['x'] },
        policy: [allow({ reject: 1 })],
      },
      ['nobody', 'passes'],
    ],
  ]);
});

test('the settings are one rule in Pomerium’s language, with the claims in order', () => {
  const claims = { roles: ['x'], department: ['y'] };
  const route = { from: APP, to: 'http://app', allow_any_authenticated_user: true, allowed_idp_claims: claims };
  const routes = compiled({ jwt_claims_headers: ['roles', 'department'], routes: [route] });
  const criteria = [{ authenticated_user: true }, { 'claim/department': 'y' }, { 'claim/roles': 'x' }];
  assert.deepEqual(routes.explain()[0]?.policy, [{ allow: { or: criteria } }]);
});

test('a claim or a list that has no values is no criterion', () => {
  for (const settings of [{ allowed_idp_claims: { roles: null } }, { allowed_users: '' }, { allowed_domains: [] }]) {
    const route = { from: APP, to: 'http://app', ...settings };
    assert.deepEqual(compiled({ jwt_claims_headers: ['roles'], routes: [route] }).explain()[0]?.policy, []);
  }
});

describe('cors_allow_preflight', () => {
  const closed = { cors_allow_preflight: true, allowed_domains: ['other.test'] };
  check([
    [
      'lets preflights in, before anybody signs in',
      closed,
      [options(PREFLIGHT), 'passes'],
      [options(PREFLIGHT, 'alice'), 'passes'],
    ],
    [
      'nothing else',
      closed,
      [options({ origin: 'https://x.example.com' }), 'anonymous'],
      [options({ ...PREFLIGHT, Origin: '' }), 'anonymous'],
      [options({ ...PREFLIGHT, 'Access-Control-Request-Method': '' }), 'anonymous'],
      [options({}, 'alice'), 'policy_denied'],
      [{ method: 'GET', headers: PREFLIGHT, as: 'nobody' }, 'anonymous'],
      [options({}, 'dave'), 'passes'],
    ],
    [
      'none that a deny refuses',
      { ...closed, policy: [deny({ http_method: 'OPTIONS' })] },
      [options(PREFLIGHT), 'anonymous'],
    ],
    ['is off by default', { allowed_domains: ['other.test'] }, [options(PREFLIGHT), 'anonymous']],
  ]);
});

describe('a policy', () => {
  check([
    [
      'adds ways in to the settings',
      { allowed_domains: ['other.test'], policy: [allow({ groups: { has: 'admins' } })] },
      ['alice', 'passes'],
      ['dave', 'passes'],
      ['nobody', 'anonymous'],
    ],
    [
      'denies above everything, the settings too',
      { allow_any_authenticated_user: true, policy: [deny({ groups: { has: 'admins' } })] },
      ['alice', 'policy_denied'],
      ['dave', 'passes'],
    ],
    ['a deny alone lets nobody in', { policy: [deny({ reject: true })] }, ['alice', 'policy_denied']],
    [
      'may be one rule',
      { policy: allow({ email: 'alice@example.com' }) },
      ['alice', 'passes'],
      ['dave', 'policy_denied'],
    ],
    [
      'its operators beside each other are alternatives',
      { policy: { allow: { and: [{ accept: 1 }, { reject: 1 }], not: [{ user: 'u10' }] } } },
      ['alice', 'passes'],
      ['dave', 'policy_denied'],
    ],
    [
      'nor: at least one does not hold',
      { policy: { allow: { nor: [{ user: 'u10' }, { domain: 'example.com' }] } } },
      ['alice', 'passes'],
      ['dave', 'passes'],
    ],
    [
      'without groups a criterion about them is false, exclude too',
      { policy: allow({ groups: { exclude: 'admins' } }) },
      ['alice', 'policy_denied'],
      ['dave', 'policy_denied'],
    ],
    [
      'an absent claim is the empty list',
      { policy: allow({ 'claim/department': { exclude: 'R&D' } }) },
      ['alice', 'policy_denied'],
      ['dave', 'passes'],
    ],
    [
      'asks for the path without any escape, and for the method',
      {
        policy: [
          { allow: { and: [{ http_path: { starts_with: '/a b/é' } }, { http_method: { in: ['GET', 'HEAD'] } }] } },
        ],
      },
      [{ url: `${APP}/a%20b/%C3%A9?x=1` }, 'passes'],
      [{ url: `${APP}/a%20b/%C3%A9`, method: 'POST' }, 'policy_denied'],
      [{ url: `${APP}/a%20b` }, 'policy_denied'],
    ],
    [
      'that asks for the path refuses one that servers read in different ways',
      { allow_any_authenticated_user: true, policy: [deny({ http_path: '/admin' })] },
      [{ url: `${APP}/x` }, 'passes'],
      [{ url: `${APP}/admin` }, 'policy_denied'],
      [{ url: `${APP}/admin;x` }, 'policy_denied'],
      [{ url: `${APP}//admin` }, 'policy_denied'],
      [{ url: `${APP}/x/../y` }, 'policy_denied'],
    ],
  ]);
});

describe('for nobody', () => {
  check([
    ['accept', { policy: [allow({ accept: true })] }, ['nobody', 'passes']],
    ['a criterion about the request', { policy: [allow({ http_method: 'GET' })] }, ['nobody', 'passes']],
    [
      'a deny that asks who it is sends them to sign in',
      { allow_public_unauthenticated_access: true, policy: [deny({ email: 'dave@other.test' })] },
      ['nobody', 'anonymous'],
      ['alice', 'passes'],
      ['dave', 'policy_denied'],
    ],
    [
      'unless it needs a request that this is not',
      { policy: [allow({ accept: 1 }), { deny: { and: [{ http_path: '/admin' }, { email: 'dave@other.test' }] } }] },
      ['nobody', 'passes'],
      [{ url: `${APP}/admin`, as: 'nobody' }, 'anonymous'],
    ],
    [
      'not and nor about the user do not let them in',
      { policy: [{ allow: { not: [{ email: 'dave@other.test' }], nor: [{ groups: 'admins' }] } }] },
      ['nobody', 'anonymous'],
      ['alice', 'passes'],
    ],
    [
      'a deny of all who are not signed in',
      { policy: [allow({ accept: true }), { deny: { not: [{ authenticated_user: true }] } }] },
      ['nobody', 'anonymous'],
      ['alice', 'passes'],
    ],
  ]);
});

describe('a deny sends nobody to sign in, whatever it asks about the user:', () => {
  const criteria: object[] = [
    { authenticated_user: true },
    { user: 'u99' },
    { email: 'eve@evil.test' },
    { domain: 'evil.test' },
    { groups: 'none' },
    { 'claim/department': 'none' },
  ];
  for (const criterion of criteria) {
    const settings = { allow_public_unauthenticated_access: true, policy: [deny(criterion)] };
    check([[JSON.stringify(criterion), settings, ['nobody', 'anonymous']]]);
  }
});

describe('the file', () => {
  for (const yes of [true, 'true', 'True', 'TRUE', 't', 'T', 1, '1', 7]) {
    check([[`${JSON.stringify(yes)} is true`, { allow_any_authenticated_user: yes }, ['dave', 'passes']]]);
  }
  for (const no of [false, 'false', 'False', 'FALSE', 'f', 'F', 0, '0', '', null]) {
    check([[`${JSON.stringify(no)} is false`, { allow_any_authenticated_user: no }, ['dave', 'policy_denied']]]);
  }
  check([
    [
      'keys count without case',
      { Allowed_Domains: ['example.com'], POLICY: [{ Deny: { OR: [{ User: 'u10' }] } }] },
      ['alice', 'passes'],
    ],
    ['values with it', { allowed_users: ['ALICE@EXAMPLE.COM'] }, ['alice', 'policy_denied']],
    [
      'names of claims are lower-cased with the keys',
      { allowed_idp_claims: { Department: ['R&D'] } },
      ['alice', 'passes'],
    ],
    ['in a policy, too', { policy: allow({ 'Claim/Department': { IS: 'R&D' } }) }, ['alice', 'passes']],
    ['a text is a list of one', { allowed_users: 'u10' }, ['dave', 'passes'], ['alice', 'policy_denied']],
    ['and split at commas', { allowed_users: 'u99,u10' }, ['dave', 'passes']],
    ['spaces are part of it', { allowed_users: 'u99, u10' }, ['dave', 'policy_denied']],
    ['a number is text where one is asked for', { name: 7, allow_any_authenticated_user: true }, ['dave', '7']],
    ['a number is text', { allowed_users: [10, 'u10'], prefix: '/', name: 'passes' }, ['dave', 'passes']],
    ['an empty text is an empty list', { allowed_users: '', allowed_domains: 'other.test' }, ['dave', 'passes']],
    [
      'null is not set',
      { allow_public_unauthenticated_access: true, allowed_users: null, policy: null },
      ['nobody', 'passes'],
    ],
    ['claims may be text', { allowed_idp_claims: { roles: 'x,owner' } }, ['alice', 'passes']],
  ]);

  describe('names claims in any form:', () => {
    const asked = { policy: allow({ 'claim/department': 'R&D' }) };
    for (const claims of [
      ['department'],
      'roles,department',
      { 'X-Department': 'department' },
      ['department', 'roles'],
    ]) {
      check([[JSON.stringify(claims), asked, ['alice', 'passes']]], { globals: { jwt_claims_headers: claims } });
    }
  });

  describe('groups are the claim of the identity provider, where listClaims says so', () => {
    check(
      [
        [
          'in a policy',
          { policy: allow({ 'claim/groups': 'admins' }) },
          ['alice', 'passes'],
          ['dave', 'policy_denied'],
        ],
        [
          'in a setting',
          { allowed_idp_claims: { groups: ['admins'] } },
          ['alice', 'passes'],
          ['dave', 'policy_denied'],
        ],
        ['absent ones are none', { policy: allow({ 'claim/groups': { exclude: 'admins' } }) }, ['dave', 'passes']],
      ],
      { options: { listClaims: ['groups'] } },
    );
  });

  const route = { from: APP, to: 'http://app', name: 'passes', allowed_users: ['u10'] };
  const forms: [name: string, document: unknown][] = [
    ['whole', { routes: [route] }],
    ['with the old list', { policy: [route] }],
    ['with upper-case keys', { ROUTES: [{ FROM: APP, To: 'http://app', Name: 'passes', ALLOWED_USERS: ['u10'] }] }],
    ['a list', [route]],
    ['one route', route],
    ['one route under routes', { routes: route }],
    ['with an empty other list', { policy: null, routes: [route] }],
    ['with much else', { address: ':443', idp_provider: 'google', signing_key: 'x', unknown: [1], routes: [route] }],
    ['with several targets', { routes: [{ ...route, to: ['http://a', 'http://b:8080,3'] }] }],
  ];
  for (const [name, document] of forms) {
    test(`${name}: ${JSON.stringify(document).slice(0, 40)}…`, () => {
      const routes = compiled(document);
      assert.deepEqual(routes.hosts, ['app.corp.example.com']);
      assert.equal(outcomeOf(routes, { url: `${APP}/`, as: 'dave' }), 'passes');
      assert.equal(outcomeOf(routes, { url: `${APP}/`, as: 'alice' }), 'policy_denied');
    });
  }

  test('is not changed, and may change afterwards', () => {
    const document = { routes: [structuredClone(route)] };
    const before = structuredClone(document);
    const routes = compiled(document);
    assert.deepEqual(document, before);
    document.routes[0]?.allowed_users.push('u20');
    assert.equal(outcomeOf(routes, { url: `${APP}/`, as: 'alice' }), 'policy_denied');
  });
});
