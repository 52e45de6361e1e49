import { assert, describe, test } from 'vitest';
import { compileRoutes, PomeriumError, type RoutesOptions } from '../../core/index.ts';

const APP = 'https://app.corp.example.com';
const route = { from: APP, to: 'http://app' };

type Refusal = [what: string, settings: object, path: string, message: RegExp];

/** One route in a whole configuration is refused: where, and with what to write. */
function refuses(refusals: readonly Refusal[], globals: object = {}, options: RoutesOptions = {}): void {
  for (const [what, settings, path, message] of refusals) {
    test(what, () => {
      const configuration = { jwt_claims_headers: ['department'], ...globals, routes: [{ ...route, ...settings }] };
      assertRefused(() => compileRoutes(configuration, { listClaims: [], ...options }), path, message);
    });
  }
}

function assertRefused(build: () => unknown, path: string | undefined, message: RegExp): void {
  const error = errorOf(build);
  assert.match(error.message, message);
  assert.equal(error.path, path);
}

function errorOf(build: () => unknown): PomeriumError {
  try {
    build();
  } catch (error) {
    assert.instanceOf(error, PomeriumError);
    assert.equal((error as PomeriumError).code, 'invalid_configuration');
    return error as PomeriumError;
  }
  return assert.fail('nothing was thrown');
}

const allow = (criterion: object) => ({ policy: [{ allow: { or: [{ accept: true }, criterion] } }] });
const deny = (criterion: object) => ({ policy: [{ deny: { or: [criterion] } }] });

describe('what Pomerium does not start with:', () => {
  refuses([
    ['no from', { from: undefined }, 'routes[0]', /^routes\[0\] has no from; write from: 'https:\/\/app/],
    ['an empty from', { from: '' }, 'routes[0]', /has no from/],
    [
      'from without a scheme',
      { from: 'app.corp.example.com' },
      'routes[0].from',
      /has no scheme; write from: 'https:\/\/app\.corp\.example\.com'/,
    ],
    [
      'from without a scheme, with a port',
      { from: 'app.example.com:8443' },
      'routes[0].from',
      /has no scheme; write from: 'https:\/\/app\.example\.com:8443'\.$/,
    ],
    ...['/app', 'app.example.com/x', 'a b', '1https://app', ' https://app', `${'a'.repeat(57)}`].map(
      (from): Refusal => [
        `${JSON.stringify(from)}, of which no URL is made`,
        { from },
        'routes[0].from',
        /has no scheme; write from: 'https:\/\/app\.corp\.example\.com'\.$/,
      ],
    ),
    [
      'from that is just as long as is shown',
      { from: 'a'.repeat(56) },
      'routes[0].from',
      /has no scheme; write from: 'https:\/\/a{56}'\.$/,
    ],
    ...[' ', ',', '%', '\\'].map(
      (character): Refusal => [
        `from with ${JSON.stringify(character)} in its host`,
        { from: `https://a${character}b.example.com` },
        'routes[0].from',
        /has no host name; write from: 'https:\/\/app\.corp\.example\.com'\.$/,
      ],
    ),
    ['from of plain HTTP with a path', { from: 'http://a.example.com/x' }, 'routes[0].from', /has a path; write from/],
    ['from without a host', { from: 'https://' }, 'routes[0].from', /has no host name/],
    ['from with a user', { from: 'https://a@b.example.com' }, 'routes[0].from', /has no host name/],
    [
      'from with two hosts',
      { from: 'https://a.example.com, https://b.example.com' },
      'routes[0].from',
      /has no host name/,
    ],
    ['from with an odd port', { from: 'https://a.example.com:x' }, 'routes[0].from', /has no host name/],
    [
      'from with a path',
      { from: `${APP}/admin` },
      'routes[0].from',
      /has a path; write from: 'https:\/\/app\.corp\.example\.com' and prefix: '\/admin'/,
    ],
    ['from that is a list', { from: [APP] }, 'routes[0].from', /^routes\[0\]\.from must be text; it is a list/],
    [
      'no to',
      { to: undefined },
      'routes[0]',
      /^routes\[0\] needs a to, as in 'http:\/\/app\.internal:8080', a redirect/,
    ],
    ['an empty list for to', { to: [] }, 'routes[0]', /needs a to/],
    ['a to that is null', { to: null }, 'routes[0]', /needs a to/],
    [
      'a to without a scheme',
      { to: 'app.internal:8080' },
      'routes[0].to',
      /"app\.internal:8080"\) must be a URL, as in/,
    ],
    ['one of several without', { to: ['http://a', 'b'] }, 'routes[0].to', /\("b"\) must be a URL/],
    ['a to that is no text', { to: { url: 'http://a' } }, 'routes[0].to', /must be a URL/],
    ['a to that cannot be made text', { to: Object.create(null) }, 'routes[0].to', /must be a URL/],
    ['a to with text before its scheme', { to: 'see http://a' }, 'routes[0].to', /must be a URL/],
    [
      'public and users',
      { allow_public_unauthenticated_access: true, allowed_users: ['a'] },
      'routes[0].allow_public_unauthenticated_access',
      /^routes\[0\] has allow_public_unauthenticated_access and allowed_users, which Pomerium refuses; take one of them out/,
    ],
    [
      'public and an empty list',
      { allow_public_unauthenticated_access: 'true', allowed_domains: [] },
      'routes[0].allow_public_unauthenticated_access',
      /and allowed_domains/,
    ],
    [
      'any user and domains',
      { allow_any_authenticated_user: 1, allowed_domains: ['example.com'] },
      'routes[0].allow_any_authenticated_user',
      /has allow_any_authenticated_user and allowed_domains/,
    ],
    [
      'public and any user',
      { allow_any_authenticated_user: true, allow_public_unauthenticated_access: true },
      'routes[0].allow_public_unauthenticated_access',
      /and allow_any_authenticated_user/,
    ],
    [
      'a policy as text',
      { policy: '- allow: {}' },
      'routes[0].policy',
      /is text, which Pomerium refuses: .* without the "\|"/,
    ],
    [
      'an unknown action',
      { policy: [{ permit: {} }] },
      'routes[0].policy[0].permit',
      /no action "permit"; write allow or deny/,
    ],
    [
      'an unknown operator',
      { policy: { allow: { xor: [] } } },
      'routes[0].policy.allow.xor',
      /no operator "xor"; write and, or, not or nor/,
    ],
    [
      'an unknown criterion',
      allow({ colour: 'red' }),
      'routes[0].policy[0].allow.or[1].colour',
      /no criterion "colour"; write/,
    ],
    [
      'an unknown matcher',
      allow({ email: { matches: '.*' } }),
      'routes[0].policy[0].allow.or[1].email.matches',
      /no matcher "matches" here; write one of is, not,/,
    ],
    ['a policy that is a number', { policy: 7 }, 'routes[0].policy', /A policy is a plain object with allow and deny/],
    ['a regex that RE2 refuses', { regex: '/([' }, 'routes[0].regex', /^routes\[0\]\.regex cannot be used: /],
    ['a lookahead', { regex: '/(?!admin).*' }, 'routes[0].regex', /RE2 has no lookaround/],
    [
      'an issuer format',
      { jwt_issuer_format: 'host' },
      'routes[0].jwt_issuer_format',
      /^routes\[0\]\.jwt_issuer_format is "host"; write hostOnly or uri/,
    ],
    [
      'allowed_groups',
      { allowed_groups: ['admins'] },
      'routes[0].allowed_groups',
      /ignores it since version 0\.17: write groups into the policy/,
    ],
    [
      'set_authorization_header',
      { set_authorization_header: 'x' },
      'routes[0].set_authorization_header',
      /write set_request_headers/,
    ],
    [
      'text that is no Unicode',
      { prefix_rewrite: '/\ud800' },
      'routes[0].prefix_rewrite',
      /^routes\[0\]\.prefix_rewrite holds half a surrogate pair/,
    ],
    [
      'one key twice',
      { Prefix: '/a', prefix: '/b' },
      'routes[0].prefix',
      /^routes\[0\]\.prefix is set twice: the case of a key/,
    ],
    [
      'one key twice below',
      { policy: [{ allow: {}, Allow: {} }] },
      'routes[0].policy[0].Allow',
      /^routes\[0\]\.policy\[0\]\.Allow is set twice/,
    ],
  ]);
  for (const value of ['yes', 'on', 'TrUe', 'tRUE', ' true', 'y', [], {}, [true]]) {
    refuses([
      [
        `a flag that is ${JSON.stringify(value)}`,
        { cors_allow_preflight: value },
        'routes[0].cors_allow_preflight',
        /^routes\[0\]\.cors_allow_preflight must be true or false; it is/,
      ],
    ]);
  }

  const lists: [what: string, configuration: object, path: string | undefined, message: RegExp][] = [
    [
      'routes by their names',
      { routes: { app: route } },
      'routes',
      /^routes must be a list of routes; it is a value of type object\.$/,
    ],
    [
      'routes as text',
      { routes: 'LSBmcm9t' },
      'routes',
      /it is a value of type string: decode the base64 and parse the YAML first/,
    ],
    ['a policy of old as text', { policy: 'LSBmcm9t' }, 'policy', /^policy must be a list of routes/],
    ['an empty item', { routes: [route, null] }, 'routes[1]', /^routes\[1\] is an empty item; take it out/],
    [
      'a route as text',
      { routes: [APP] },
      'routes[0]',
      /^routes\[0\] must be a plain object; it is a value of type string/,
    ],
    [
      'a rule among the routes',
      { policy: [{ allow: {} }] },
      'policy[0]',
      /^policy\[0\] is a rule of a policy, not a route/,
    ],
    [
      'one route twice',
      { routes: [route, { ...route, to: ['http://app'], allowed_users: ['a'] }] },
      'routes[1]',
      /^routes\[1\] is the same route as routes\[0\]: same from, path and to; make one of the two/,
    ],
    [
      'one in both lists',
      { policy: [route], routes: [route] },
      'routes[0]',
      /^routes\[0\] is the same route as policy\[0\]/,
    ],
    [
      'two redirects alike',
      { routes: [route, ...[1, 2].map(() => ({ from: APP, path: '/x', redirect: { path_redirect: '/' } }))] },
      'routes[2]',
      /the same route as routes\[1\]/,
    ],
    [
      'two hosts that differ in case',
      { routes: [route, { ...route, from: 'https://APP.corp.example.com', prefix: '/x' }] },
      'routes[1].from',
      /^routes\[1\]\.from \("APP\.corp\.example\.com"\) differs from "app\.corp\.example\.com" in case alone, which Envoy refuses; write both alike/,
    ],
    [
      'an issuer format for all',
      { jwt_issuer_format: 'x', routes: [route] },
      'jwt_issuer_format',
      /^jwt_issuer_format is "x"/,
    ],
    [
      'a flag for all',
      { pass_identity_headers: 'yes', routes: [route] },
      'pass_identity_headers',
      /must be true or false/,
    ],
    ['a key twice', { routes: [route], Routes: [route] }, 'Routes', /^Routes is set twice/],
  ];
  for (const [what, configuration, path, message] of lists) {
    test(what, () => assertRefused(() => compileRoutes(configuration), path, message));
  }
});

describe('what is no configuration, with what it seems to be:', () => {
  const wrong: [what: string, configuration: unknown, message: RegExp][] = [
    ['nothing', undefined, /must be a Pomerium configuration; they are nothing: write \{ routes: \[/],
    ['null', null, /they are null/],
    ['text', 'routes: []', /they are a value of type string: parse the YAML or JSON first/],
    ['a number', 7, /they are a value of type number/],
    ['a function', () => [route], /they are a value of type function/],
    ['an empty object', {}, /^There are no routes in it; write/],
    ['other settings', { address: ':443' }, /^There are no routes in it, and it begins with "address"; write/],
    ['an empty list', [], /^No route leads to a service by HTTP; a route needs from: https:/],
    ['empty routes', { routes: [] }, /^No route leads to a service/],
    ['null for routes', { routes: null, policy: null }, /^No route leads to a service/],
    ['a policy', { allow: { or: [] } }, /^This is a policy, not a route; use compilePolicy/],
    ['a deny', { deny: { or: [] } }, /^This is a policy, not a route/],
    ['a rule in a list', [{ deny: { or: [] } }], /is a rule of a policy, not a route/],
    [
      'a manifest',
      { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', spec: {} },
      /^This is a Kubernetes manifest; pomerium-edge routes/,
    ],
    ['a kind alone', { kind: 'Ingress' }, /^There are no routes in it, and it begins with "kind"/],
    ['a version alone', { apiVersion: 'v1' }, /^There are no routes in it, and it begins with "apiversion"/],
    [
      'values of a chart',
      { config: { routes: [route] } },
      /^These are values of a Helm chart; pass what stands below config/,
    ],
    ['only a redirect', [{ from: APP, redirect: {} }], /^No route leads to a service/],
    [
      'only a tunnel',
      [{ from: 'tcp+https://db.example.com:5432', to: 'tcp://db:5432' }],
      /^No route leads to a service/,
    ],
    [
      'only TCP, to what is no text',
      [{ from: 'tcp+https://db.example.com:5432', to: { url: 'tcp://db:5432' } }],
      /^No route leads to a service/,
    ],
    ['only SSH', [{ from: 'ssh://build', to: 'ssh://build:22' }], /^No route leads to a service/],
    ['a Map', new Map([['routes', [route]]]), /^The routes must be .*; they are a value of type object/],
    ['a promise', Promise.resolve([route]), /^The routes must be .*; they are a value of type object/],
  ];
  for (const [what, configuration, message] of wrong) {
    test(what, () => assert.match(errorOf(() => compileRoutes(configuration)).message, message));
  }

  test('one route is named as the route', () => {
    assertRefused(() => compileRoutes({ from: APP }), '', /^The route needs a to/);
    assertRefused(() => compileRoutes({ ...route, from: '' }), '', /^The route has no from; write from/);
    assertRefused(() => compileRoutes({ ...route, regex: '(' }), 'regex', /^regex cannot be used/);
    assertRefused(() => compileRoutes([route, { from: APP }]), '[1]', /^\[1\] needs a to/);
  });
});

describe('what an assertion cannot answer:', () => {
  for (const name of [
    'source_ip',
    'client_certificate',
    'device',
    'mcp_tool',
    'record',
    'date',
    'day_of_week',
    'time_of_day',
  ]) {
    refuses([
      [
        name,
        allow({ [name]: 'x' }),
        `routes[0].policy[0].allow.or[1].${name}`,
        new RegExp(`the criterion ${name} cannot be answered from an assertion: .* name it in leaveToPomerium`),
      ],
    ]);
  }
  refuses([
    [
      'a claim that no assertion has',
      allow({ 'claim/level': '3' }),
      'routes[0].policy[0].allow.or[1].claim/level',
      /cannot be decided: jwt_claims_headers does not name "level", so that no assertion has it; add it there/,
    ],
    [
      'a claim of a setting',
      { allowed_idp_claims: { level: ['3'] } },
      'routes[0].allowed_idp_claims.level[0].claim/level',
      /does not name "level"/,
    ],
    [
      "groups of the identity provider, where there may be a directory's",
      allow({ 'claim/groups': 'admins' }),
      'routes[0].policy[0].allow.or[1].claim/groups',
      /write groups, or name groups in listClaims if this Pomerium has no directory/,
    ],
    [
      'the e-mail address as a claim',
      allow({ 'claim/email': 'a' }),
      'routes[0].policy[0].allow.or[1].claim/email',
      /write email/,
    ],
    ['the name as a claim', allow({ 'claim/name': 'a' }), 'routes[0].policy[0].allow.or[1].claim/name', /write user/],
    [
      "a claim of Pomerium's own",
      allow({ 'claim/sub': 'a' }),
      'routes[0].policy[0].allow.or[1].claim/sub',
      /sub in an assertion is Pomerium's own, not the identity provider's claim; write user/,
    ],
    ['a claim without a name', allow({ claim: 'a' }), 'routes[0].policy[0].allow.or[1].claim', /names no claim/],
    [
      'only some groups',
      allow({ groups: { is: 'admins' } }),
      'routes[0].policy[0].allow.or[1].groups.is',
      /cannot be answered from an assertion, which lists the ids of groups and then their names; write has/,
    ],
    [
      'the path, where the route rewrites it',
      { prefix: '/a', prefix_rewrite: '/b', ...deny({ http_path: '/b' }) },
      'routes[0].policy[0].deny.or[0].http_path',
      /the route rewrites the path, so that the service is asked for another; leave http_path to Pomerium/,
    ],
    [
      'the path, where to has one',
      { to: 'http://app/base', ...deny({ http_path: '/b' }) },
      'routes[0].policy[0].deny.or[0].http_path',
      /the route rewrites the path/,
    ],
    [
      'Rego',
      { sub_policies: [{}, { rego: ['x'] }] },
      'routes[0].sub_policies[1].rego',
      /Rego cannot be decided here; write the rule into policy/,
    ],
    [
      "a client's certificate",
      { tls_downstream_client_ca: 'LS0t' },
      'routes[0].tls_downstream_client_ca',
      /whether the client's certificate is valid cannot be answered from an assertion/,
    ],
    [
      "a client's certificate, by a file",
      { tls_downstream_client_ca_file: '/ca.pem' },
      'routes[0].tls_downstream_client_ca_file',
      /whether the client's certificate/,
    ],
  ]);
  refuses([['a client’s certificate, of all', {}, 'downstream_mtls', /^downstream_mtls: whether the client's/]], {
    downstream_mtls: { CA_File: '/ca.pem', enforcement: 'reject_connection' },
  });
  refuses(
    [
      [
        'groups of a directory, where there is none',
        allow({ groups: { has: 'admins' } }),
        'routes[0].policy[0].allow.or[1].groups',
        /listClaims says that groups are a claim of the identity provider, which Pomerium's groups are not/,
      ],
    ],
    {},
    { listClaims: ['groups'] },
  );
  refuses(
    [
      [
        'any claim, where none is named',
        allow({ 'claim/department': 'x' }),
        'routes[0].policy[0].allow.or[1].claim/department',
        /does not name/,
      ],
    ],
    {
      jwt_claims_headers: undefined,
    },
  );

  describe('without listClaims, whether a claim is one value:', () => {
    const cases: [what: string, settings: object, path: string][] = [
      ['in a deny', deny({ 'claim/department': 'x' }), 'policy[0].deny.or[0]'],
      ['with exclude', allow({ 'claim/department': { exclude: 'x' } }), 'policy[0].allow.or[1]'],
      ['under not', { policy: { allow: { not: [{ 'claim/department': 'x' }] } } }, 'policy.allow.not[0]'],
      ['under nor', { policy: { allow: { nor: [{ 'claim/department': 'x' }] } } }, 'policy.allow.nor[0]'],
      ['with a comma', allow({ 'claim/department': 'a,b' }), 'policy[0].allow.or[1]'],
    ];
    for (const [what, settings, path] of cases) {
      const message =
        /does not say whether "department" is one value or several, .* write listClaims \(--list-claims\)/;
      refuses([[what, settings, `routes[0].${path}.claim/department`, message]], {}, { listClaims: undefined });
    }
    test('not where a wrong guess opens nothing', () => {
      const settings = allow({ 'claim/department': 'x' });
      assert.doesNotThrow(() =>
        compileRoutes({ jwt_claims_headers: ['department'], routes: [{ ...route, ...settings }] }),
      );
    });
  });
});

describe('an item that is empty or no text:', () => {
  const values: [value: unknown, place: string, message: RegExp][] = [
    [[''], '[0]', /is an empty item; take it out/],
    [['a', ' '], '[1]', /is an empty item/],
    [['a', null], '[1]', /is an empty item; take it out or write its value/],
    [['a', undefined], '[1]', /is nothing, which is no text/],
    [[true], '[0]', /is a value of type boolean, which is no text/],
    [[['a']], '[0]', /is a list, which is no text|is an empty item/],
    [[{ is: 'a' }], '[0]', /is a value of type object, which is no text/],
    ['a,', '', /is an empty item/],
    [',a', '', /is an empty item/],
    ['a,,b', '', /is an empty item/],
    [' ', '', /is an empty item/],
    [true, '', /which is no text/],
    [{}, '', /which is no text/],
  ];
  for (const key of ['allowed_users', 'allowed_domains', 'remove_request_headers']) {
    for (const [value, place, message] of values) {
      refuses([[`${key}: ${JSON.stringify(value)}`, { [key]: value }, `routes[0].${key}${place}`, message]]);
    }
  }
  refuses([
    [
      'of a claim',
      { allowed_idp_claims: { department: ['a', ''] } },
      'routes[0].allowed_idp_claims.department[1]',
      /is an empty item/,
    ],
    [
      'of a sub-policy',
      { sub_policies: [{ allowed_users: 'a,' }] },
      'routes[0].sub_policies[0].allowed_users',
      /is an empty item/,
    ],
    [
      'claims that are a list',
      { allowed_idp_claims: ['a'] },
      'routes[0].allowed_idp_claims',
      /must be a plain object; it is a list/,
    ],
    [
      'claims that are a Map',
      { allowed_idp_claims: new Map([['a', ['b']]]) },
      'routes[0].allowed_idp_claims',
      /must be a plain object; it is a value of type object/,
    ],
    [
      'a rule of a policy that is a Map',
      { policy: [{ deny: new Map([['or', [{ accept: true }]]]) }] },
      'routes[0].policy[0].deny',
      /must be a plain object .*; it is a value of type object/,
    ],
    [
      'a claim that is an object',
      { allowed_idp_claims: { department: { is: 'a' } } },
      'routes[0].allowed_idp_claims.department',
      /must be a list of values; it is a value of type object/,
    ],
    [
      'sub_policies that are none',
      { sub_policies: { a: 1 } },
      'routes[0].sub_policies',
      /must be a list; it is a value of type object/,
    ],
    [
      'a sub-policy that is text',
      { sub_policies: ['a'] },
      'routes[0].sub_policies[0]',
      /must be a plain object; it is a value of type string/,
    ],
    ['a prefix that is a list', { prefix: ['/a'] }, 'routes[0].prefix', /must be text; it is a list/],
    ['a path that is a flag', { path: true }, 'routes[0].path', /must be text; it is a value of type boolean/],
    ['mcp that is text', { mcp: 'server' }, 'routes[0].mcp', /must be a plain object/],
    [
      'two rewrites',
      { prefix_rewrite: '/a', regex_rewrite_pattern: 'b' },
      'routes[0].prefix_rewrite',
      /^routes\[0\]\.prefix_rewrite and regex_rewrite_pattern exclude each other; take one out/,
    ],
  ]);
  const globals: [what: string, globals: object, path: string, message: RegExp][] = [
    ['claims', { jwt_claims_headers: ['a', ''] }, 'jwt_claims_headers[1]', /^jwt_claims_headers\[1\] is an empty item/],
    ['claims as text', { jwt_claims_headers: 'a,' }, 'jwt_claims_headers', /is an empty item/],
    [
      'claims of headers',
      { jwt_claims_headers: { 'X-A': ['a'] } },
      'jwt_claims_headers.x-a',
      /must be text; it is a list/,
    ],
    ['a URL', { authenticate_service_url: ['https://a'] }, 'authenticate_service_url', /must be text/],
    ['services', { services: ['all'] }, 'services', /must be text/],
    ['mTLS', { downstream_mtls: true }, 'downstream_mtls', /must be a plain object/],
  ];
  for (const [what, settings, path, message] of globals) refuses([[what, {}, path, message]], settings);
});

/** Those that say who may pass, by which route and with which assertion. */
const DECIDING = [
  'allow_any_authenticated_user',
  'allow_public_unauthenticated_access',
  'allowed_domains',
  'allowed_idp_claims',
  'allowed_users',
  'cors_allow_preflight',
  'jwt_issuer_format',
  'pass_identity_headers',
  'policy',
  'prefix',
  'prefix_rewrite',
  'redirect',
  'regex',
  'regex_rewrite_pattern',
  'remove_request_headers',
  'response',
  'set_request_headers',
  'sub_policies',
  'tls_downstream_client_ca',
];
const DECIDING_GLOBALLY = [
  'authenticate_internal_service_url',
  'authenticate_service_url',
  'downstream_mtls',
  'jwt_claims_headers',
  'jwt_issuer_format',
  'normalize_path',
  'pass_identity_headers',
  'path_with_escaped_slashes_action',
  'policy',
  'routes',
  'services',
];

/** How people misspell a key: a letter less, more, or another; two of them swapped; another number; other styles. */
function misspelt(key: string): string[] {
  const middle = Math.floor(key.length / 2);
  const [before, letter = '', next = '', after] = [
    key.slice(0, middle),
    key[middle],
    key[middle + 1],
    key.slice(middle + 2),
  ];
  const number = key.endsWith('ies')
    ? key.replace(/ies$/, 'y')
    : key.endsWith('y')
      ? key.replace(/y$/, 'ies')
      : key.endsWith('s')
        ? key.slice(0, -1)
        : `${key}s`;
  return [
    before + next + after,
    before + letter + letter + next + after,
    `${before}q${next}${after}`,
    before + next + letter + after,
    key.slice(1),
    key.slice(0, -1),
    number,
    key.replaceAll(/_(.)/g, (_, first: string) => first.toUpperCase()),
    key.replaceAll('_', '-'),
    key.replaceAll('_', ''),
  ].filter((spelled) => spelled.toLowerCase() !== key);
}

describe('a misspelt key is refused with the right one:', () => {
  for (const key of DECIDING) {
    test(key, () => {
      for (const spelled of new Set(misspelt(key))) {
        // A name of Enterprise's own.
        if (spelled === 'policies') continue;
        const { message, path } = errorOf(() => compileRoutes({ routes: [{ ...route, [spelled]: null }] }));
        assert.equal(path, `routes[0].${spelled.toLowerCase()}`);
        assert.include(
          message,
          `Pomerium has no setting "${spelled.toLowerCase()}" and would ignore it; write ${key}.`,
        );
      }
    });
  }
  for (const key of DECIDING_GLOBALLY) {
    test(`${key}, of the whole configuration`, () => {
      for (const spelled of new Set(misspelt(key))) {
        if (['service', 'polices'].includes(spelled)) continue;
        const { message, path } = errorOf(() => compileRoutes({ [spelled]: null, routes: [route] }));
        assert.equal(path, spelled.toLowerCase());
        assert.include(message, `would ignore it; write ${key}.`, spelled);
      }
    });
  }

  const real: [spelled: string, meant: string][] = [
    ['polcy', 'policy'],
    ['allowed_user', 'allowed_users'],
    ['allow_users', 'allowed_users'],
    ['allow_public_unauthenticated', 'allow_public_unauthenticated_access'],
    ['allow_public', 'allow_public_unauthenticated_access'],
    ['allow_any_authenticated', 'allow_any_authenticated_user'],
    ['cors_allow_preflights', 'cors_allow_preflight'],
    ['allowed_idp_claim', 'allowed_idp_claims'],
    ['pass_identity_header', 'pass_identity_headers'],
    ['tos', 'to'],
    ['form', 'from'],
    ['regexp', 'regex'],
    ['paths', 'path'],
    ['idle_timeot', 'idle_timeout'],
  ];
  for (const [spelled, meant] of real) {
    test(`${spelled}: ${meant}`, () => {
      assert.include(errorOf(() => compileRoutes([{ ...route, [spelled]: [] }])).message, `write ${meant}.`);
    });
  }

  test('of the whole configuration: hosts and jwt_groups_filter, which decide, too', () => {
    for (const [spelled, meant] of [
      ['host', 'hosts'],
      ['jwt_group_filter', 'jwt_groups_filter'],
    ] as const) {
      const { message } = errorOf(() => compileRoutes({ routes: [route], [spelled]: [] }));
      assert.include(message, `write ${meant}.`);
    }
  });

  test('one that is nothing like any is to be taken out', () => {
    assertRefused(() => compileRoutes([{ ...route, colour: 'red' }]), '[0].colour', /would ignore it; take it out/);
  });

  for (const key of ['policies', 'policy_ids', 'enforced_policies']) {
    test(`${key}, which only Enterprise knows`, () => {
      const build = (value: unknown) => () => compileRoutes([{ ...route, [key]: value }]);
      for (const value of [[{ deny: { or: [{ accept: true }] } }], { deny: {} }, ['abc'], 'abc']) {
        assertRefused(
          build(value),
          `[0].${key}`,
          /only Enterprise knows these policies; write their rules into policy/,
        );
      }
      for (const value of [[], null]) assert.doesNotThrow(build(value));
    });
  }

  test('of a sub-policy, too', () => {
    const build = () => compileRoutes([{ ...route, sub_policies: [{ allowed_user: ['a'] }] }]);
    assertRefused(build, '[0].sub_policies[0].allowed_user', /write allowed_users/);
  });

  test('of a route that is not for this service: only if its host is', () => {
    const other = { from: 'https://b.example.com', redirect: {}, polcy: [] };
    assertRefused(() => compileRoutes([route, other]), '[1].polcy', /write policy/);
    assert.doesNotThrow(() => compileRoutes([route, other], { hosts: ['app.corp.example.com'] }));
  });
});

/** `mapstructure` names of `Policy` in config/policy.go and of `RouteOptions` in config/config.gen.go (August 2026). */
const POMERIUMS_OF_ROUTES = `
  allow_any_authenticated_user allow_public_unauthenticated_access allow_spdy allow_upgrades allow_websockets
  allowed_domains allowed_idp_claims allowed_users bearer_token_format circuit_breaker_thresholds cors_allow_preflight
  depends_on description enable_google_cloud_serverless_authentication from health_checks healthy_panic_threshold
  host_path_regex_rewrite_pattern host_path_regex_rewrite_substitution host_rewrite host_rewrite_header
  identity_providers idle_timeout idp_access_token_allowed_audiences idp_client_id idp_client_secret jwt_issuer_format
  kubernetes_service_account_token kubernetes_service_account_token_file load_balancing_policy logo_url mcp name
  outlier_detection pass_identity_headers path policy prefix prefix_rewrite preserve_host_header redirect regex
  regex_priority_order regex_rewrite_pattern regex_rewrite_substitution remove_request_headers response
  rewrite_response_headers session_recording set_request_headers set_response_headers show_error_details sub_policies
  timeout tls_client_cert tls_client_cert_file tls_client_key tls_client_key_file tls_custom_ca tls_custom_ca_file
  tls_downstream_client_ca tls_downstream_client_ca_file tls_downstream_server_name tls_server_name tls_skip_verify
  tls_upstream_allow_renegotiation tls_upstream_server_name to upstream_tunnel
`;
/** The same of `Options` in config/options.go and of what is part of it. */
const POMERIUMS = `
  access_log_fields address allow_upgrades authenticate_internal_service_url authenticate_service_url
  authorize_internal_service_url authorize_log_fields authorize_service_url authorize_service_urls autocert autocert_ca
  autocert_dir autocert_eab_key_id autocert_eab_mac_key autocert_email autocert_must_staple autocert_trusted_ca
  autocert_trusted_ca_file autocert_use_staging auto_apply_changesets bearer_token_format blob_storage certificate
  certificate_authority certificate_authority_file certificate_file certificate_key certificate_key_file certificates
  circuit_breaker_thresholds codec_type cookie_domain cookie_expire cookie_http_only cookie_name cookie_same_site
  cookie_secret cookie_secret_file databroker_cluster_leader_id databroker_cluster_node_id databroker_cluster_nodes
  databroker_internal_service_url databroker_raft_bind_address databroker_service_url databroker_service_urls
  databroker_storage_connection_string databroker_storage_connection_string_file databroker_storage_type debug_address
  default_upstream_timeout dns_failure_refresh_rate dns_lookup_family dns_query_timeout dns_query_tries dns_refresh_rate
  dns_resolvers dns_udp_max_queries dns_use_tcp downstream_mtls envoy_admin_access_log_path envoy_admin_address
  envoy_admin_profile_path envoy_bind_config_freebind envoy_bind_config_source_address envoy_dynamic_extensions
  google_cloud_serverless_authentication_service_account grpc_address grpc_client_timeout grpc_insecure
  headers_with_underscores_action health_check_addr health_check_systemd_disabled http_redirect_addr identity_providers
  idp_access_token_allowed_audiences idp_client_id idp_client_secret idp_client_secret_file idp_provider
  idp_provider_url idp_request_params idp_scopes insecure_server installation_id jwt_claims_headers jwt_issuer_format
  log_level mcp_allowed_as_metadata_domains mcp_allowed_client_id_domains merge_slashes metrics_address
  metrics_basic_auth metrics_certificate metrics_certificate_file metrics_certificate_key metrics_certificate_key_file
  metrics_client_ca metrics_client_ca_file normalize_path otel_attribute_value_length_limit
  otel_bsp_max_export_batch_size otel_bsp_schedule_delay otel_exporter_otlp_endpoint otel_exporter_otlp_headers
  otel_exporter_otlp_protocol otel_exporter_otlp_timeout otel_exporter_otlp_traces_endpoint
  otel_exporter_otlp_traces_headers otel_exporter_otlp_traces_protocol otel_exporter_otlp_traces_timeout otel_log_level
  otel_resource_attributes otel_traces_exporter otel_traces_sampler_arg override_certificate_name pass_identity_headers
  path_with_escaped_slashes_action policy policy_file programmatic_redirect_domain_whitelist proxy_log_level routes
  runtime_flags services session_recording_concurrency shared_secret shared_secret_file signing_key signing_key_file
  signout_redirect_url skip_xff_append ssh_address ssh_host_key_files ssh_host_keys ssh_rls_additional_entries
  ssh_rls_enabled ssh_user_ca_key ssh_user_ca_key_file timeout_idle timeout_read timeout_write tls_derive
  use_proxy_protocol xff_num_trusted_hops
`;
/** Of earlier versions, of its Enterprise, and of what is said in YAML only. */
const OTHERS_OF_ROUTES = 'allow_renegotiation lb_config namespace namespace_id id jwt_groups_filter stat_name';
const OTHERS = `
  jwt_groups_filter administrators headers set_response_headers cache_service_url idp_service_account service
`;
/** Of `SubPolicy` in config/policy.go. */
const OF_SUB_POLICIES = `
  allowed_domains allowed_idp_claims allowed_users explanation id name rego remediation source_ppl
`;

const namesIn = (text: string) => text.trim().split(/\s+/);

describe('none of Pomerium’s own keys is refused', () => {
  const isDeciding = (name: string) =>
    [...DECIDING, 'from', 'to', 'mcp', 'name', 'path', 'tls_downstream_client_ca_file'].includes(name);
  for (const name of namesIn(`${POMERIUMS_OF_ROUTES} ${OTHERS_OF_ROUTES}`)) {
    test(`of a route: ${name}`, () => {
      // What stands in those that decide is another matter.
      const other = ['policies', 'policy_ids', 'enforced_policies'].includes(name) ? [] : { x: ['y', null] };
      const value = isDeciding(name) ? (Object(route)[name] ?? null) : other;
      assert.doesNotThrow(() => compileRoutes([{ ...route, [name]: value }]));
      assert.doesNotThrow(() =>
        compileRoutes(
          [{ ...route, [name.toUpperCase()]: value, ...(name in route && { [name]: undefined }) }].map(withoutUnset),
        ),
      );
    });
  }
  for (const name of namesIn(`${POMERIUMS} ${OTHERS}`)) {
    test(`of the whole configuration: ${name}`, () => {
      const value = name === 'routes' ? [route] : DECIDING_GLOBALLY.includes(name) ? null : { x: ['y', null] };
      assert.doesNotThrow(() => compileRoutes({ routes: [route], [name]: value }));
    });
  }
  for (const name of namesIn(OF_SUB_POLICIES)) {
    test(`of a sub-policy: ${name}`, () => {
      assert.doesNotThrow(() => compileRoutes([{ ...route, sub_policies: [{ [name]: null }] }]));
    });
  }
  test('control: these are all keys that Pomerium has', () => {
    assert.lengthOf(namesIn(POMERIUMS_OF_ROUTES), 69);
    assert.isAbove(namesIn(POMERIUMS).length, 125);
  });
});

function withoutUnset(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

describe('names of the prototype are names as any', () => {
  const parse = (text: string) => JSON.parse(text) as object;
  const from = `"from":"${APP}","to":"http://app"`;
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    test(`${name} in a route`, () => {
      const build = () => compileRoutes(parse(`[{${from},"${name}":{"allowed_users":["u10"]}}]`));
      assertRefused(build, `[0].${name.toLowerCase()}`, /would ignore it/);
    });

    test(`${name} in a configuration`, () => {
      const { hosts } = compileRoutes(parse(`{"${name}":{"routes":[]},"routes":[{${from}}]}`));
      assert.deepEqual(hosts, ['app.corp.example.com']);
      assert.throws(() => compileRoutes(parse(`{"${name}":{"routes":[{${from}}]}}`)), /There are no routes in it/);
    });

    test(`${name} in a policy, as a rule, an operator, a criterion, a matcher`, () => {
      for (const policy of [
        `{"${name}":{}}`,
        `{"allow":{"${name}":[]}}`,
        `{"allow":{"or":[{"${name}":"x"}]}}`,
        `{"allow":{"or":[{"email":{"${name}":"x"}}]}}`,
        `{"allow":{"or":[{"groups":{"${name}":"x"}}]}}`,
      ]) {
        const { message } = errorOf(() => compileRoutes(parse(`[{${from},"policy":${policy}}]`)));
        assert.match(message, /there is no (action|operator|criterion|matcher)/, policy);
      }
    });

    test(`${name} as a claim`, () => {
      const settings = `"allowed_idp_claims":{"${name}":["x"]}`;
      const routes = compileRoutes(parse(`[{${from},${settings}}]`));
      const policy = [{ allow: { or: [{ [`claim/${name.toLowerCase()}`]: 'x' }] } }];
      assert.deepEqual(JSON.parse(JSON.stringify(routes.explain()[0]?.policy)), policy);
      assert.throws(
        () => compileRoutes(parse(`{"jwt_claims_headers":["x"],"routes":[{${from},${settings}}]}`)),
        /does not name/,
      );
    });
  }

  test('a document without a prototype is one as any', () => {
    const bare = Object.assign(Object.create(null), { routes: [Object.assign(Object.create(null), route)] });
    assert.deepEqual(compileRoutes(bare).hosts, ['app.corp.example.com']);
  });

  test('what a prototype has is not there', () => {
    assert.throws(() => compileRoutes(Object.create({ routes: [route] })), /must be a Pomerium configuration/);
    assert.throws(() => compileRoutes([Object.create(route)]), /^\[0\] must be a plain object/);
  });
});

describe('whatever is large or odd is answered', () => {
  const large = 'a'.repeat(1_000_000);
  const limits: [what: string, settings: object, message: RegExp][] = [
    ['a regex of 1 MB', { regex: `/${large}` }, /^\[0\]\.regex cannot be used: it has more than 4096 characters/],
    ['a regex that repeats', { regex: '/((a{100}){100}){100}' }, /regex cannot be used/],
    ['a regex of many groups', { regex: `/${'('.repeat(200)}a${')'.repeat(200)}` }, /regex cannot be used/],
    [
      '1,001 criteria',
      { policy: [{ allow: { or: Array.from({ length: 1001 }, () => ({ accept: 1 })) } }] },
      /1000 criteria/,
    ],
    ['1,001 users', { allowed_users: Array.from({ length: 1001 }, (_, i) => `u${i}`) }, /1000/],
    ['a value of 1 MB', { policy: { allow: { or: [{ email: large }] } } }, /longer than 4096 characters/],
    ['a user of 1 MB', { allowed_users: [large] }, /longer than 4096 characters/],
  ];
  for (const [what, settings, message] of limits) {
    test(`${what} is refused`, () => {
      assert.match(errorOf(() => compileRoutes([{ ...route, ...settings }])).message, message);
    });
  }

  test('a message is not longer for what is long', () => {
    for (const settings of [{ from: `https://${large}/x` }, { jwt_issuer_format: large }, { to: large }]) {
      assert.isBelow(errorOf(() => compileRoutes([{ ...route, ...settings }])).message.length, 500);
    }
  });

  test('a message has no control characters', () => {
    for (const settings of [{ from: 'https://a\u001b[31m/x' }, { from: 'a\u202eb' }, { to: '\u001b' }]) {
      assert.notMatch(errorOf(() => compileRoutes([{ ...route, ...settings }])).message, /[\p{C}]/u);
    }
  });

  test('what contains itself', () => {
    const cyclic: Record<string, unknown> = { ...route };
    cyclic['policy'] = [{ allow: { or: [cyclic] } }];
    assert.throws(() => compileRoutes([cyclic]));
    const list: unknown[] = [route];
    list.push(list);
    assert.throws(() => compileRoutes(list));
  });

  test('what stands a hundred thousand levels deep', () => {
    let deep: unknown = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    assert.throws(() => compileRoutes([{ ...route, policy: deep }]));
  });

  test('getters are read once', () => {
    let reads = 0;
    const routes = compileRoutes([
      {
        ...route,
        get allowed_users() {
          reads += 1;
          return reads === 1 ? ['u10'] : ['u20', 'u10'];
        },
      },
    ]);
    assert.equal(reads, 1);
    assert.deepEqual(
      JSON.stringify(routes.explain()[0]?.policy),
      JSON.stringify([{ allow: { or: [{ user: { is: 'u10' } }, { email: { is: 'u10' } }] } }]),
    );
  });

  test('a getter that throws', () => {
    const broken = {
      ...route,
      get policy(): never {
        throw new TypeError('broken');
      },
    };
    assert.throws(() => compileRoutes([broken]), /broken/);
  });

  test('a Proxy', () => {
    const transparent = new Proxy({ ...route }, {});
    assert.deepEqual(compileRoutes([transparent]).hosts, ['app.corp.example.com']);
    const endless: object = new Proxy(
      {},
      {
        get: () => endless,
        ownKeys: () => ['from', 'to'],
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
      },
    );
    assert.throws(() => compileRoutes([endless]));
  });
});

describe('options', () => {
  class Options {
    hosts = ['app.corp.example.com'];
  }
  const wrong: [options: unknown, message: RegExp][] = [
    [null, /Options must be a plain object/],
    ['app.corp.example.com', /Options must be a plain object/],
    [['app.corp.example.com'], /Options must be a plain object/],
    [new Options(), /Options must be a plain object/],
    [new Map(), /Options must be a plain object/],
    [Promise.resolve({}), /they are a promise: await it before/],
    [{ host: 'app' }, /There is no option of compileRoutes "host"; there are listClaims, leaveToPomerium, hosts/],
    [{ leave: ['source_ip'] }, /There is no option of compileRoutes "leave"/],
    [{ listclaims: [] }, /"listclaims"/],
    [JSON.parse('{"__proto__":{"hosts":[]}}'), /There is no option of compileRoutes "__proto__"/],
    [{ listClaims: 'roles' }, /listClaims must be a list of claim names; write listClaims: \['roles'\]/],
    [{ listClaims: [1] }, /listClaims must be a list of claim names/],
    [{ listClaims: null }, /listClaims must be a list of claim names/],
  ];
  for (const [options, message] of wrong) {
    test(`${Object.prototype.toString.call(options)} ${JSON.stringify(options)}`, () => {
      assert.match(errorOf(() => compileRoutes([route], options as RoutesOptions)).message, message);
    });
  }

  test('that are undefined are not set', () => {
    const unset = { hosts: undefined, listClaims: undefined, leaveToPomerium: undefined };
    assert.deepEqual(compileRoutes([route], unset).hosts, ['app.corp.example.com']);
    assert.deepEqual(compileRoutes([route], undefined).hosts, ['app.corp.example.com']);
  });
});
