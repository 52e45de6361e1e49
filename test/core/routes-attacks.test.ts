import { assert, describe, test } from 'vitest';
import { compileRoutes, type MaybeAnonymous, PomeriumError, type RoutesOptions } from '../../core/index.ts';
import { jsonReader, readVariables } from '../../core/variables.ts';
import { makeGateRig, SENDERS } from '../support/gate.ts';
import { assertMisconfigured } from '../support/verifying.ts';

/** What an attacker tried, and must not have. */

const HOST = 'app.corp.example.com';
const to = 'http://app.internal';
const forAny = { allow_any_authenticated_user: true };
const forAlice = { allowed_users: ['alice@example.com'] };

function somebody(claims: Partial<MaybeAnonymous> = {}): MaybeAnonymous {
  const [host = HOST] = claims.audience ?? [];
  return {
    subject: 'u-bob',
    user: 'u-bob',
    email: 'bob@example.com',
    groups: [],
    issuer: host,
    audience: [host],
    issuedAt: 0,
    expiresAt: 0,
    claims: {},
    ...claims,
  };
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'allowed';
  } catch (error) {
    if (!(error instanceof PomeriumError)) throw error;
    return error.code;
  }
}

function judge(configuration: unknown, options: RoutesOptions, host: string, asked: readonly string[] = []): string[] {
  const original = compileRoutes(configuration, options);
  const { hosts: _, ...others } = options;
  const again = compileRoutes(JSON.parse(JSON.stringify(original)), others);
  return [original, again].map((routes) =>
    codeOf(() => {
      routes.requireIssued({ iss: host, aud: [host] }, asked);
      routes.check(somebody({ audience: [host] }), { method: 'GET', path: '/', headers: {} });
    }),
  );
}

describe('routes as JSON are for no other host', () => {
  const routes = [
    { from: 'https://*.a.corp.example.com', to, ...forAny },
    { from: 'https://*.corp.example.com', to: 'http://other', ...forAny },
    { from: 'https://own.a.corp.example.com', to: 'http://own', ...forAny },
  ];
  test('of several wildcards', () => {
    const options = { hosts: ['*.a.corp.example.com'] };
    assert.deepEqual(judge(routes, options, 'x.a.corp.example.com'), ['allowed', 'allowed']);
    assert.deepEqual(judge(routes, options, 'x.corp.example.com'), ['audience_mismatch', 'audience_mismatch']);
    assert.deepEqual(judge(routes, options, 'own.a.corp.example.com'), ['audience_mismatch', 'audience_mismatch']);
  });
  test('of one that a wildcard takes', () => {
    const options = { hosts: ['x.a.corp.example.com'] };
    const refused = ['audience_mismatch', 'audience_mismatch'];
    assert.deepEqual(judge(routes, options, 'x.a.corp.example.com'), ['allowed', 'allowed']);
    assert.deepEqual(judge(routes, options, 'y.a.corp.example.com'), refused);
    assert.deepEqual(judge(routes, options, 'x.a.corp.example.com', ['y.a.corp.example.com']), refused);
  });
  test('do not name a more specific host that takes none of their requests', () => {
    const text = JSON.stringify(
      compileRoutes([...routes, { from: 'https://secret.example.com', prefix: '/x', to, ...forAny }], {
        hosts: ['own.a.corp.example.com'],
      }),
    );
    assert.notInclude(text, 'secret');
    assert.notInclude(text, '*');
  });
});

describe('a target that was really asked for counts', () => {
  const asked = (routes: object[], request: object) =>
    codeOf(() => compileRoutes(routes).check(somebody(), { method: 'GET', headers: {}, ...request }));
  const from = `https://${HOST}`;
  const open = { from, to, ...forAny };
  const targets = ['/prod/internal', '/internal'];

  test('where Pomerium answers it', () => {
    assert.equal(
      asked([{ from, prefix: '/prod/internal', response: { status: 403 } }, open], { targets }),
      'policy_denied',
    );
    assert.equal(asked([open], { targets }), 'allowed');
  });
  test('but not one that no route is for', () => {
    assert.equal(asked([{ ...open, prefix: '/internal' }], { targets }), 'allowed');
    assert.equal(asked([{ ...open, prefix: '/other' }], { targets }), 'policy_denied');
  });
  test('where its route has another issuer', () => {
    const closed = { from, prefix: '/prod/internal', to: 'http://closed', jwt_issuer_format: 'uri', ...forAlice };
    assert.equal(asked([closed, open], { targets }), 'issuer_mismatch');
  });
  test('and an empty list of them is as none: a route must let the request through', () => {
    const closed = { from, to, ...forAlice };
    assert.equal(asked([closed], { targets: [] }), 'policy_denied');
    assert.equal(asked([open], { targets: [] }), 'allowed');
    const byPath = [
      { ...open, prefix: '/a' },
      { ...closed, prefix: '/b' },
    ];
    assert.equal(asked(byPath, { targets: [] }), 'invalid_configuration');
    assert.equal(asked(byPath, { targets: [], path: '/b' }), 'policy_denied');
  });
  test('by a policy that asks about the path: one path alone, of all targets and aliases', () => {
    const paths = [{ ...open, policy: { deny: { or: [{ http_path: { starts_with: '/admin' } }] } } }];
    assert.equal(asked(paths, { targets: ['/x', '/%78'], aliases: ['/x?y'] }), 'allowed');
    assert.equal(asked(paths, { targets: ['/x'], aliases: ['/admin/x'] }), 'policy_denied');
    assert.equal(asked(paths, { targets: ['/x', '/admin'] }), 'policy_denied');
    assert.equal(asked(paths, { targets: ['/x', '/y'] }), 'policy_denied');
  });
  test('by a policy that asks about a path that is decoded already, also where nobody can tell how it was escaped', () => {
    const paths = [{ ...open, policy: { deny: { or: [{ http_path: { starts_with: '/x/' } }] } } }];
    const unnormalized = { normalize_path: false, routes: paths };
    const ask = (path: string) =>
      codeOf(() => compileRoutes(unnormalized).check(somebody(), { method: 'GET', headers: {}, path }));
    assert.deepEqual([ask('/x/y'), ask('/y/x')], ['policy_denied', 'allowed']);
  });
  test('but not one that Envoy refuses, where another one has a route', () => {
    assert.equal(asked([open], { targets: ['/x%2fy', '/x'] }), 'allowed');
    assert.equal(asked([open], { targets: ['/x%2fy'] }), 'policy_denied');
  });
  test('where any route will do, whatever Pomerium answers itself on that host', () => {
    const ask = (access: object) => {
      const routes = [
        { from, prefix: '/moved', redirect: { https_redirect: true } },
        { from, to, ...access },
      ];
      return codeOf(() => compileRoutes(routes).check(somebody(), { method: 'GET' }, true));
    };
    assert.deepEqual([ask(forAny), ask(forAlice)], ['allowed', 'policy_denied']);
  });
  test('and an alias, whatever the issuer of its route', () => {
    const closed = { from, prefix: '/admin', to: 'http://closed', jwt_issuer_format: 'uri', ...forAlice };
    const request = { targets: ['/_next/image'], aliases: ['/admin/x.png'] };
    assert.equal(asked([closed, open], request), 'policy_denied');
    assert.equal(
      asked([{ from, prefix: '/admin', redirect: { https_redirect: true } }, open], request),
      'policy_denied',
    );
  });
  test('and an alias that Envoy would refuse, or make a path of Pomerium’s own: it never sees what is served', () => {
    const closed = { from, prefix: '/admin/', to: 'http://closed', ...forAlice };
    const ask = (alias: string) => asked([closed, open], { targets: ['/_next/image'], aliases: [alias] });
    const served = ['/admin%2fx.png', '/admin%5Cx.png', '/admin/%00', '/.pomerium/../admin/x.png', '/admin/./ping'];
    for (const alias of served) assert.equal(ask(alias), 'policy_denied', alias);
    for (const alias of ['/x.png', '/ping']) assert.equal(ask(alias), 'allowed', alias);
  });
});

describe('nobody is nobody, whatever the assertion says', () => {
  const nobody = somebody({
    subject: undefined,
    user: undefined,
    email: 'alice@example.com',
    groups: ['admins'],
    claims: { department: 'it', groups: ['admins'] },
  });
  const policies = [
    { groups: 'admins' },
    { email: 'alice@example.com' },
    { domain: 'example.com' },
    { 'claim/department': 'it' },
    { groups: { exclude: 'contractors' } },
  ];
  for (const criterion of policies) {
    test(JSON.stringify(criterion), () => {
      const routes = compileRoutes([{ from: `https://${HOST}`, to, policy: { allow: { or: [criterion] } } }]);
      assert.equal(
        codeOf(() => routes.check(nobody, { method: 'GET', path: '/', headers: {} })),
        'anonymous',
      );
      assert.equal(
        codeOf(() => routes.check({ ...nobody, subject: 'u', user: 'u' }, { method: 'GET', path: '/' })),
        'allowed',
      );
    });
  }
});

test('names of claims have no case, as in the file', () => {
  const configuration = {
    jwt_claims_headers: ['roles'],
    routes: [{ from: `https://${HOST}`, to, ...forAny, policy: { deny: { or: [{ 'claim/Roles': 'contractor' }] } } }],
  };
  for (const name of ['roles', 'Roles']) {
    const routes = compileRoutes(configuration, { listClaims: [name] });
    const contractor = somebody({ claims: { roles: 'dev,contractor' } });
    assert.equal(
      codeOf(() => routes.check(contractor, { method: 'GET', path: '/', headers: {} })),
      'policy_denied',
    );
  }
});

test('a groups filter, of the route or of all, keeps a deny from being decided', () => {
  const route = { from: `https://${HOST}`, to, ...forAny, jwt_groups_filter: ['a'] };
  assertMisconfigured(
    () => compileRoutes([{ ...route, policy: { deny: { or: [{ groups: 'contractors' }] } } }]),
    /groups cannot be decided: jwt_groups_filter/,
  );
  const denied = { from: `https://${HOST}`, to, ...forAny, policy: { deny: { or: [{ groups: 'contractors' }] } } };
  const build = (filter: unknown) => [
    () => compileRoutes([{ ...denied, jwt_groups_filter: filter }]),
    () => compileRoutes({ jwt_groups_filter: filter, routes: [denied] }),
  ];
  for (const one of [['a'], 'a', { groups: ['a'] }].flatMap(build)) {
    assertMisconfigured(one, /groups cannot be decided: jwt_groups_filter/);
  }
  for (const one of [[], '', null].flatMap(build)) assert.doesNotThrow(one);
  assert.doesNotThrow(() => compileRoutes([{ ...route, policy: { allow: { or: [{ groups: 'staff' }] } } }]));
  assert.doesNotThrow(() => compileRoutes([{ ...route, policy: { deny: { or: [{ email: 'a@example.com' }] } } }]));
});

test('policies that only Enterprise knows are not left out in silence', () => {
  for (const key of ['policies', 'policy_ids', 'enforced_policies']) {
    const build = () => compileRoutes([{ from: `https://${HOST}`, to, ...forAny, [key]: ['abc'] }]);
    assertMisconfigured(build, new RegExp(`\\[0\\]\\.${key} cannot be decided: only Enterprise`));
  }
});

describe('JSON with a key twice in one object', () => {
  const read = (text: string) => readVariables({ X: text }, { x: ['X', jsonReader('{}')] });
  for (const text of [
    '{"policy":[{"deny":{}}],"policy":[]}',
    '[{"a":{"b":1,"\\u0062":2}}]',
    '{"a":"x","b":[{"c":1}],"a" :2}',
  ]) {
    test(`${text} is refused`, () => assertMisconfigured(() => read(text), /twice in one object/));
  }
  for (const text of [
    '{"a":{"a":{"a":"{\\"a\\":1"}}}',
    '[{"a":1},{"a":2}]',
    '{"a":["b","b"],"b":"a"}',
    '"a"',
    '{"a\\\\":1,"a":2}',
  ]) {
    test(`${text} is not`, () => assert.deepEqual(read(text), { x: JSON.parse(text) }));
  }
});

describe('what a client can make long or odd', () => {
  test('of many images of one request one cannot be read', async () => {
    const admins = { allow: { or: [{ groups: 'admins' }] } };
    const rig = makeGateRig({
      rules: [
        { prefix: '/admin', access: admins },
        { prefix: '/', access: 'authenticated' },
      ],
    });
    const ask = (count: number) => {
      const images = Array.from({ length: count }, (_, i) => `url=/${i}`).join('&');
      return rig.ask({ url: `/_next/image?${images}`, headers: SENDERS.alice });
    };
    assert.equal(await ask(8), 'u-alice');
    assert.equal(await ask(9), 'policy_denied');
  });

  const routes = [
    { from: `https://${HOST}`, to, ...forAny },
    { from: 'https://closed.corp.example.com', to, ...forAlice },
  ];
  const rig = makeGateRig({ routes }, { env: { POMERIUM_AUDIENCE: undefined } });
  const odd = [
    'closed.corp.example.com..',
    'x@closed.corp.example.com',
    'closed.corp.example.com/',
    'closed.corp.example.com:44a',
    '[closed.corp.example.com]',
    'http://closed.corp.example.com',
    'app.corp.example.com, closed.corp.example.com',
    'closed.corp.example.com.',
    'CLOSED.corp.example.com:8443',
    Array.from({ length: 9 }, (_, i) => `h${i}`).join(','),
  ];
  for (const host of odd) {
    test(`Host: ${host}`, async () => {
      const request = { url: 'https://service.test/', headers: { ...SENDERS.alice, host } };
      assert.equal(await rig.ask(request), 'audience_mismatch');
    });
  }
  for (const host of ['service.test', 'app.corp.example.com:443', '[::1]:80', '127.0.0.1', 'a,b,c']) {
    test(`Host: ${host} is as good as none`, async () => {
      const request = { url: 'https://service.test/', headers: { ...SENDERS.alice, host } };
      assert.equal(await rig.ask(request), 'u-alice');
    });
  }
});

describe('what Envoy would make a path of Pomerium’s own is for no route', () => {
  const ask = (configuration: object, path: string) =>
    codeOf(() =>
      compileRoutes(configuration).check(somebody(), { method: 'GET', url: `https://${HOST}${path}`, headers: {} }),
    );
  const routes = [{ from: `https://${HOST}`, to, ...forAny }];
  const own = [
    '/./ping',
    '//ping',
    '/x/../healthz',
    '/./%70ing',
    '/./.pomerium/jwt',
    '/%2epomerium/./x',
    '/.well-known/./pomerium',
  ];
  for (const path of own) test(path, () => assert.equal(ask(routes, path), 'policy_denied'));
  for (const path of ['/./x', '//x', '/./ping/x', '/./pings']) {
    test(`control: ${path} is no path of Pomerium’s own`, () => assert.equal(ask(routes, path), 'allowed'));
  }
  test('on the host of the sign-in it may be any', () => {
    const configuration = { authenticate_service_url: `https://${HOST}`, routes };
    assert.equal(ask(configuration, '/./x'), 'policy_denied');
    assert.equal(ask(configuration, '/x'), 'allowed');
  });
});

test('a decoded path whose slash may have been sent as %2F must be allowed by every route, where Envoy keeps those', () => {
  const routes = [
    { from: `https://${HOST}`, to, regex: '/admin(/.*)?', ...forAny },
    { from: `https://${HOST}`, to, prefix: '/', ...forAlice },
  ];
  const codesOf = (path: string) =>
    ['reject', 'keep_unchanged'].map((action) => {
      const compiled = compileRoutes({ path_with_escaped_slashes_action: action, routes });
      return codeOf(() => compiled.check(somebody(), { method: 'GET', path, headers: {} }));
    });
  assert.deepEqual(codesOf('/admin'), ['allowed', 'allowed']);
  assert.deepEqual(codesOf('/admin/x'), ['allowed', 'policy_denied']);
});
