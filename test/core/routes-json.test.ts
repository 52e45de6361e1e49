import { assert, describe, test } from 'vitest';
import { compileRoutes, PomeriumError, type Routes, type RoutesOptions } from '../../core/index.ts';
import { type Ask, compiled, outcomeOf, type Person, route } from '../support/judged-routes.ts';
import { configurationOf, listClaims, recorded } from '../support/route-vectors.ts';

const HOST = 'app.corp.example.com';
const APP = `https://${HOST}`;

const written = (routes: Routes) => JSON.parse(JSON.stringify(routes));

/** What is left of the vectors that cannot be decided whole. */
const OPTIONS: Record<string, RoutesOptions> = {
  'groups-policy': { leaveToPomerium: ['groups'] },
  'idp-claims': { leaveToPomerium: ['claim/groups'] },
  rewrite: { leaveToPomerium: ['http_path'] },
  mcp: { leaveToPomerium: ['mcp_tool'] },
  'groups-claim': { leaveToPomerium: ['claim/groups'] },
};

describe('compiled, written as JSON and compiled again, the vectors are decided alike:', () => {
  const usable = recorded.filter(({ refused, ingress }) => !refused && !ingress);
  let compared = 0;
  for (const one of usable) {
    test(one.id, () => {
      const options = { listClaims, ...OPTIONS[one.id] };
      const routes = compileOrSkip(configurationOf(one), options);
      if (!routes) return;
      const again = compileRoutes(written(routes), options);
      assert.deepEqual(again.hosts, routes.hosts);
      assert.deepEqual(written(again), written(routes));
      for (const { method, url, headers = {}, iss } of one.requests ?? []) {
        const path = url.replace(/^https:\/\/[^/?]*/, '') || '/';
        const [, host = ''] = /^https:\/\/([^:/?]*)/.exec(url) ?? [];
        for (const as of ['alice', 'dave', 'nobody'] as Person[]) {
          const common = { method, headers, as, aud: host, ...(iss !== undefined && { iss }) };
          const asks: Ask[] = [
            { ...common, url },
            { ...common, url: path },
          ];
          for (const ask of asks) {
            assert.equal(routeOf(again, ask), routeOf(routes, ask), `${method} ${ask.url} as ${as}`);
            compared += 1;
          }
        }
      }
    });
  }

  test('and these are nearly all of them', () => assert.isAbove(compared, 1_700));
});

/** The route, or `refused`: an issuer that only a redirect would have signed is refused here or there. */
function routeOf(routes: Routes, ask: Ask): string {
  const outcome = outcomeOf(routes, ask);
  return /_mismatch$|^policy_denied$|^anonymous$/.test(outcome) ? 'refused' : outcome;
}

/** Undefined for the few that are refused. */
function compileOrSkip(configuration: object, options: RoutesOptions): Routes | undefined {
  try {
    return compileRoutes(configuration, options);
  } catch (error) {
    if (error instanceof PomeriumError) return undefined;
    throw error;
  }
}

describe('the JSON', () => {
  const secret = {
    shared_secret: 's3cret',
    cookie_secret: 's3cret',
    signing_key: 's3cret',
    idp_client_id: 's3cret',
    idp_client_secret: 's3cret',
    idp_provider_url: 'https://s3cret.example.com',
    databroker_storage_connection_string: 'postgres://s3cret',
    authorize_service_url: 'https://s3cret.internal',
    certificates: [{ cert: 's3cret', key: 's3cret' }],
    jwt_claims_headers: { 'X-S3cret': 'department' },
  };
  const own = route('app', APP, {
    to: ['https://s3cret:s3cret@s3cret.internal:8443/base', 'http://s3cret'],
    prefix: '/app',
    regex_rewrite_pattern: '^/app',
    regex_rewrite_substitution: '/x',
    set_request_headers: { Authorization: 'Bearer s3cret' },
    set_response_headers: { 'X-S': 's3cret' },
    kubernetes_service_account_token: 's3cret',
    idp_client_secret: 's3cret',
    tls_client_key: 's3cret',
    tls_custom_ca: 's3cret',
    host_rewrite: 's3cret.internal',
    description: 's3cret',
    sub_policies: [{ name: 's3cret', explanation: 's3cret', allowed_users: ['u10'] }],
    allow_any_authenticated_user: null,
    policy: { allow: { or: [{ 'claim/department': 'R&D' }] } },
  });
  const other = {
    name: 's3cret',
    from: 'https://other.corp.example.com',
    to: 'http://s3cret.internal/s3cret',
    prefix: '/other',
    prefix_rewrite: '/s3cret',
    jwt_issuer_format: 'uri',
    allowed_users: ['s3cret@example.com'],
    allowed_idp_claims: { s3cret: ['s3cret'] },
    policy: { allow: { or: [{ email: 's3cret@example.com' }] } },
    pass_identity_headers: true,
  };
  const compileBoth = () => compiled({ ...secret, routes: [own, other] }, { hosts: [HOST] });

  test('has what decides of the hosts that are wanted', () => {
    assert.deepEqual(written(compileBoth()).routes[0], {
      name: 'app',
      from: APP,
      prefix: '/app',
      regex_rewrite_pattern: '^/app',
      regex_rewrite_substitution: '/x',
      to: 'http://upstream/base',
      policy: [
        { allow: { or: [{ user: { is: 'u10' } }, { email: { is: 'u10' } }] } },
        { allow: { or: [{ 'claim/department': 'R&D' }] } },
      ],
    });
  });

  test('has of the others only for which paths they are, and only where they hide a wildcard', () => {
    assert.lengthOf(written(compileBoth()).routes, 1);
    const wild = route('wild', 'https://*.corp.example.com');
    const hidden = compiled({ ...secret, routes: [own, other, wild] }, { hosts: ['*.corp.example.com'] });
    const { from, prefix, response, ...more } = written(hidden).routes[1];
    assert.deepEqual([from, prefix, Object.keys(more)], ['https://other.corp.example.com', '/other', []]);
    assert.equal(response.status, 404);
    assert.notMatch(JSON.stringify(hidden), /s3cret/i);
  });

  test('has no secret, no target, no header, and nothing of others', () => {
    assert.notMatch(JSON.stringify(compileBoth()), /s3cret/i);
    assert.notMatch(JSON.stringify(compiled({ ...secret, routes: [own] })), /s3cret/i);
  });

  test('has the settings for all routes that decide', () => {
    const globals = {
      jwt_claims_headers: ['department'],
      jwt_issuer_format: 'uri',
      authenticate_service_url: 'https://login.corp.example.com',
      authenticate_internal_service_url: 'https://login.internal.corp.example.com',
      services: 'proxy',
      normalize_path: false,
      path_with_escaped_slashes_action: 'keep_unchanged',
    };
    const wild = route('wild', 'https://*.corp.example.com');
    const { routes: list, ...rest } = written(compiled({ ...globals, routes: [wild] }));
    assert.deepEqual(rest, globals);
    assert.lengthOf(list, 1);
    assert.deepEqual(Object.keys(written(compiled({ routes: [route('app', APP)] }))), ['jwt_claims_headers', 'routes']);
  });

  test('has no host of the sign-in that hides none of these', () => {
    const globals = {
      authenticate_service_url: 'https://login.example.net',
      authenticate_internal_service_url: 'https://login.internal',
    };
    const { routes: _, ...rest } = written(compiled({ ...globals, routes: [route('app', APP)] }));
    assert.deepEqual(rest, { jwt_claims_headers: [] });
  });

  test('has of a route only what is set', () => {
    const bare = { from: APP, to: 'http://app', name: null, prefix: null };
    const passing = { ...bare, path: '/x', pass_identity_headers: 'true', to: 'http://app/a,1,2' };
    assert.deepEqual(compiled([bare, passing]).toJSON()['routes'], [
      { from: APP, to: 'http://upstream' },
      // The path ends like a weight.
      { from: APP, path: '/x', to: 'http://upstream/a,1,1', pass_identity_headers: true },
    ]);
  });

  test('has neither a sign-in nor a claim where there is none', () => {
    const all = [route('all', 'https://*')];
    assert.deepEqual(Object.keys(written(compiled(all))), ['routes']);
    const claims = { 'X-Department': 'department', 'X-Empty': '', 'X-Null': null };
    const json = written(compiled({ jwt_claims_headers: claims, routes: all }));
    assert.deepEqual(json.jwt_claims_headers, ['department']);
    assert.deepEqual(written(compiled(json)), json);
  });

  test('keeps the hosts when it is read and written again', () => {
    const again = compiled(written(compileBoth()));
    assert.deepEqual(written(again).hosts, [HOST]);
  });

  test('is the order of Pomerium in one list', () => {
    const { routes: list, policy } = written(
      compiled({ routes: [route('b', APP)], policy: [route('a', APP, { prefix: '/a' })] }),
    );
    assert.isUndefined(policy);
    assert.deepEqual(
      list.map(({ name }: { name: string }) => name),
      ['a', 'b'],
    );
  });

  test('is made anew each time', () => {
    const routes = compileBoth();
    const json = routes.toJSON() as { routes: unknown[] };
    json.routes.length = 0;
    assert.lengthOf(written(routes).routes, 1);
    assert.equal(outcomeOf(routes, { url: '/x', aud: HOST, as: 'dave' }), 'app');
  });
});

describe('written and read again, routes decide as before', () => {
  type Row = [rule: string, configuration: unknown, asks: Ask[]];
  const login = 'https://login.example.com';
  const rows: Row[] = [
    [
      'with claims of a list of routes',
      [
        route('app', APP, {
          allow_any_authenticated_user: null,
          policy: { allow: { or: [{ 'claim/roles': 'owner' }] } },
        }),
      ],
      [{ url: `${APP}/` }, { url: `${APP}/`, as: 'dave' }],
    ],
    [
      'with a rewrite of which the beginning is known',
      [
        route('app', APP, { prefix: '/a', regex_rewrite_pattern: '^/a', regex_rewrite_substitution: '/b' }),
        route('all', APP, { path: '/x' }),
      ],
      [
        { url: '/b/x', aud: HOST },
        { url: '/x', aud: HOST },
        { url: '/c', aud: HOST },
      ],
    ],
    [
      'with two routes for the same paths',
      [route('one', APP), route('two', APP, { to: 'http://other', allow_any_authenticated_user: false })],
      [{ url: `${APP}/` }, { url: `${APP}//x` }],
    ],
    [
      'with two for the same paths, of another host',
      [
        route('app', APP),
        route('one', 'https://b.example.com'),
        route('two', 'https://b.example.com', { to: 'http://other' }),
      ],
      [{ url: `${APP}/` }, { url: 'https://b.example.com/' }],
    ],
    [
      'with a server of MCP behind another route',
      [route('one', APP), route('mcp', APP, { to: 'http://mcp', mcp: { server: {} } })],
      [{ url: `${APP}/.well-known/oauth-authorization-server` }, { url: `${APP}/` }],
    ],
    [
      'with a redirect that is one',
      [route('one', APP, { mcp: { server: {} }, redirect: {}, path: '/x' }), route('all', APP)],
      [{ url: `${APP}/.well-known/oauth-authorization-server` }, { url: `${APP}/x` }, { url: `${APP}/` }],
    ],
    [
      'with two URLs of the sign-in',
      {
        authenticate_service_url: 'https://authenticate.example.com',
        authenticate_internal_service_url: login,
        routes: [route('login', login), route('all', 'https://*.example.com')],
      },
      [{ url: `${login}/` }, { url: `${login}/x` }, { url: 'https://authenticate.example.com/x' }],
    ],
    [
      'with a path that several servers may read',
      {
        path_with_escaped_slashes_action: 'unescape_and_forward',
        normalize_path: 0,
        routes: [route('app', APP, { prefix: '/%61' }), route('all', APP)],
      },
      [{ url: `${APP}/a%2Fb` }, { url: `${APP}/%61` }, { url: `${APP}/a` }],
    ],
    [
      'with nobody, and what they may ask for',
      [route('app', APP, { cors_allow_preflight: true, policy: { deny: { or: [{ http_path: '/x' }] } } })],
      [
        {
          url: `${APP}/`,
          as: 'nobody',
          method: 'OPTIONS',
          headers: { origin: 'x', 'access-control-request-method': 'PUT' },
        },
        { url: `${APP}/`, as: 'nobody' },
        { url: `${APP}/x` },
      ],
    ],
  ];
  for (const [rule, configuration, asks] of rows) {
    test(rule, () => {
      const routes = compiled(configuration);
      const again = compiled(written(routes));
      const answers = (from: Routes) => asks.map((ask) => outcomeOf(from, ask));
      assert.deepEqual(answers(again), answers(routes));
    });
  }

  test('with some hosts of a file that cannot be decided whole', () => {
    const file = [
      route('app', APP),
      route('closed', 'https://x.corp.example.com', { policy: [{ allow: { or: [{ date: 'x' }] } }] }),
      route('wild', 'https://*.corp.example.com'),
    ];
    const routes = compiled(file, { hosts: [HOST, '*.corp.example.com'] });
    const again = compiled(written(routes), { hosts: [HOST, '*.corp.example.com'] });
    for (const host of [HOST, 'x.corp.example.com', 'y.corp.example.com']) {
      assert.equal(outcomeOf(again, { url: `https://${host}/` }), outcomeOf(routes, { url: `https://${host}/` }), host);
    }
    assert.equal(outcomeOf(again, { url: 'https://x.corp.example.com/' }), 'audience_mismatch');
  });

  const APPS = 'https://*.apps.corp.example.com';
  const one = 'a.apps.corp.example.com';
  const some: [rule: string, file: object[], hosts: string[], asks: Ask[]][] = [
    [
      'with one host of a wildcard, and what of it ends at Pomerium',
      [route('moved', APPS, { prefix: '/moved', redirect: {} }), route('apps', APPS)],
      [one],
      [
        { url: '/x', aud: one },
        { url: '/moved', aud: one },
        { url: '/x', aud: 'b.apps.corp.example.com' },
      ],
    ],
    [
      'with one host of two wildcards, in their order',
      [
        route('closed', 'https://*.corp.example.com', { path: '/x', allow_any_authenticated_user: false }),
        route('apps', APPS),
      ],
      [one],
      [
        { url: '/x', aud: one },
        { url: '/y', aud: one },
      ],
    ],
    [
      'with one host of a wildcard, and another wildcard',
      [
        route('closed', 'https://*.corp.example.com', { allow_any_authenticated_user: false }),
        route('apps', APPS),
        route('b', 'https://*.b.example.com'),
      ],
      [one, '*.b.example.com'],
      [
        { url: '/x', aud: one },
        { url: '/x', aud: 'a.b.example.com' },
      ],
    ],
    [
      'with one host of a wildcard that has a port, and of one that has none',
      [
        route('closed', 'https://*.corp.example.com', { allow_any_authenticated_user: false }),
        route('8443', `${APPS}:8443`),
      ],
      [one],
      [{ url: `https://${one}:8443/` }, { url: `https://${one}/` }],
    ],
    [
      'with a host that has a port of its own, and others by a wildcard',
      [route('8443', `${APP}:8443`), route('wild', 'https://*.corp.example.com')],
      [HOST],
      [{ url: `${APP}:8443/` }, { url: `${APP}/` }, { url: '/', aud: HOST }],
    ],
  ];
  for (const [rule, file, hosts, asks] of some) {
    test(rule, () => {
      const routes = compiled(file, { hosts });
      const again = compiled(written(routes));
      const answers = (from: Routes) => asks.map((ask) => outcomeOf(from, ask));
      assert.deepEqual(answers(again), answers(routes));
    });
  }
});
