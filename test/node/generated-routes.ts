import fc from 'fast-check';

type Json = Record<string, unknown>;

const optional = <T>(values: fc.Arbitrary<T>, freq = 2) => fc.option(values, { nil: undefined, freq });

/** Pomerium's file may say it in any of these ways. */
const yes = fc.constantFrom<unknown>(true, true, 'true', 1, '1', 'T');
const no = fc.constantFrom<unknown>(false, 'false', 0, '');
const flag = fc.oneof({ weight: 3, arbitrary: yes }, { weight: 1, arbitrary: no });
const listOf = (values: readonly string[]) =>
  fc
    .tuple(fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([list, isText]): unknown => (isText ? list.join(',') : list));

const USERS = ['alice@example.com', 'u10', 'u20', 'ALICE@EXAMPLE.COM', 'dave@other.test', 'nobody@example.com'];
const DOMAINS = ['example.com', 'other.test', 'EXAMPLE.COM', 'exämple.test', 'sub.example.com'];
const GROUPS = ['admins', 'g2', 'Admins', 'ops team', ''];
const ROLES = ['writer', 'owner', 'x y', ''];
const DEPARTMENTS = ['R&D', 'sales', 'Sales'];

/** Whom requests are for. The first is nobody. */
export const IDENTITIES: readonly Json[] = [
  { email: '', groups: [], sub: '', user: '' },
  { email: 'bot@example.com', groups: [], sub: 'bot', user: 'bot' },
  { email: 'dave@other.test', groups: ['g2'], roles: 'writer,owner', sub: 'u10', user: 'u10' },
  { email: 'alice@example.com', groups: ['g2', 'admins'], roles: 'writer,owner,x y', sub: 'u20', user: 'u20' },
  { email: 'é@exämple.test', groups: ['g2', 'Admins'], department: 'R&D', roles: 'x y', sub: 'u30', user: 'u30' },
  { email: 'carol@sub.example.com', groups: ['ops team', ''], department: 'sales', sub: 'u40', user: 'u40' },
];

const PATHS = ['/admin', '/admin/', '/a', '/a%20b', '/api/v1', '/users/7', '/x.json', '/%C3%A9', '/Admin', '/ping'];
const PREFIXES = ['/', '/', '/admin', '/admin/', '/a', '/ab', '/api/', '/users/', '/a%20b', '/é', '/x//y', 'admin'];
const REGEXES = ['/users/[0-9]+', '^/admin(/.*)?$', '/a|/b', '.*\\.json', '/(admin|x)/.*', '/[A-Z].*', '^/.+', '/a?'];

const words = [...USERS, ...DOMAINS, ...ROLES, 'alice', 'GET', 'OPTIONS', '/admin', '/admin/', '/a b', '/é', '/'];
const word = fc.constantFrom(...words);
const wordsList = fc.array(word, { maxLength: 3 });
const textMatcher = fc.oneof(
  word,
  fc.record(
    { is: word, not: word, contains: word, starts_with: word, ends_with: word, in: wordsList, not_in: wordsList },
    { requiredKeys: [] },
  ),
  fc.record({ starts_with: word }),
  fc.record({ Not_In: wordsList }),
);
const listMatcher = (values: readonly string[], withIs: boolean) => {
  const one = fc.constantFrom(...values);
  return fc.oneof(one, fc.record({ has: one, exclude: one, ...(withIs && { is: one }) }, { requiredKeys: [] }));
};
const named = (names: readonly string[], data: fc.Arbitrary<unknown>) =>
  fc.tuple(fc.constantFrom(...names), data).map(([name, value]): Json => ({ [name]: value }));
const aboutPath = named(['http_path', 'HTTP_Path'], textMatcher);
export const criterion = (withPath: boolean) =>
  fc.oneof(
    named(['accept', 'authenticated_user', 'cors_preflight', 'reject', 'Accept'], fc.constantFrom<unknown>(true, 1)),
    named(['user', 'email', 'domain', 'http_method', 'Email'], textMatcher),
    named(['groups'], listMatcher(GROUPS, false)),
    named(['claim/department', 'claim/Department'], listMatcher(DEPARTMENTS, true)),
    named(['claim/roles'], listMatcher(ROLES, true)),
    ...(withPath ? [aboutPath] : []),
  );
const body = (withPath: boolean) => {
  const criteria = fc.array(criterion(withPath), { maxLength: 3 });
  return fc.oneof(
    fc.record({ or: criteria }),
    fc.record({ and: criteria, or: criteria, not: criteria, nor: criteria }, { requiredKeys: [] }),
  );
};
const rule = (withPath: boolean) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ allow: body(withPath) }) },
    { weight: 2, arbitrary: fc.record({ deny: body(withPath) }) },
    { weight: 1, arbitrary: fc.record({ allow: body(withPath), deny: body(withPath) }) },
  );
/** A policy in Pomerium's language, as it may stand in a route. */
const policy = (withPath: boolean) => fc.oneof(rule(withPath), fc.array(rule(withPath), { maxLength: 3 }));

const lists = fc.record(
  {
    allowed_users: listOf(USERS),
    allowed_domains: listOf(DOMAINS),
    allowed_idp_claims: fc.record(
      { Department: listOf(DEPARTMENTS), roles: listOf(['writer', 'owner']) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);
const access = (withPath: boolean) =>
  fc
    .tuple(
      fc.oneof(
        { weight: 2, arbitrary: fc.record({ allow_public_unauthenticated_access: flag }) },
        { weight: 2, arbitrary: fc.record({ allow_any_authenticated_user: flag }) },
        { weight: 4, arbitrary: lists },
        { weight: 1, arbitrary: fc.tuple(lists, fc.record({ allow_any_authenticated_user: no })).map(merge) },
        { weight: 2, arbitrary: fc.constant({}) },
      ),
      fc.record({ cors_allow_preflight: flag }, { requiredKeys: [] }),
      fc.oneof(fc.constant({}), fc.record({ policy: policy(withPath) })),
      fc.oneof(
        { weight: 4, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: fc.record({ sub_policies: fc.array(lists, { maxLength: 2 }) }) },
      ),
    )
    .map(merge);

function merge(parts: readonly object[]): Json {
  return Object.assign({}, ...parts);
}

const host = fc.oneof(
  { weight: 5, arbitrary: fc.constant('app.corp.example.com') },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'two.corp.example.com',
      'Mixed.corp.example.com',
      '*.corp.example.com',
      '*.apps.corp.example.com',
      'a-*.corp.example.com',
      '*',
      'app.corp.example.com:8443',
      'two.corp.example.com:443',
      'two.corp.example.com:8443',
      '*.corp.example.com:8443',
      'authenticate.corp.example.com',
    ),
  },
);
const from = fc.oneof(
  { weight: 12, arbitrary: host.map((name) => `https://${name}`) },
  { weight: 1, arbitrary: host.map((name) => `https://${name}/?x=1`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'http://app.corp.example.com',
      'http://two.corp.example.com/',
      'tcp+https://two.corp.example.com:5432',
      'tcp+https://app.corp.example.com:8443',
      'ssh://app.corp.example.com',
    ),
  },
);
const match = fc.oneof(
  fc.record({ prefix: fc.constantFrom(...PREFIXES) }),
  fc.record({ path: fc.constantFrom(...PATHS) }),
  fc.record({ regex: fc.constantFrom(...REGEXES) }),
  fc.record(
    { prefix: fc.constantFrom(...PREFIXES), path: fc.constantFrom(...PATHS), regex: fc.constantFrom(...REGEXES) },
    { requiredKeys: [] },
  ),
);
const end = fc.oneof(
  { weight: 10, arbitrary: fc.constant<Json>({ to: 'http://app.internal:8080' }) },
  { weight: 1, arbitrary: fc.constant<Json>({ to: ['http://a.internal', 'http://b.internal,3'] }) },
  { weight: 1, arbitrary: fc.constant<Json>({ redirect: { https_redirect: true, host_redirect: 'x.example.com' } }) },
  { weight: 1, arbitrary: fc.constant<Json>({ response: { status: 410, body: 'gone' } }) },
  { weight: 1, arbitrary: fc.constant<Json>({ to: 'http://mcp.internal', mcp: { server: {} } }) },
);
const rewrite = fc.oneof(
  fc.constant<Json>({}),
  fc.constantFrom('/', '/v2', '/admin', '/a/', '/users/', '/%61').map((prefix_rewrite): Json => ({ prefix_rewrite })),
  fc
    .constantFrom('http://c.internal/base', 'http://c.internal/admin', 'http://c.internal/')
    .map((to): Json => ({ to })),
  fc
    .constantFrom<[string, string]>(
      ['^/users/([0-9]+)(.*)$', '/u\\2/\\1'],
      ['^/a', '/admin'],
      ['^/ab|/x', '/admin'],
      ['min', 'x'],
      ['^/(.*)$', '/\\1'],
    )
    .map(
      ([regex_rewrite_pattern, regex_rewrite_substitution]): Json => ({
        regex_rewrite_pattern,
        regex_rewrite_substitution,
      }),
    ),
);
const others = fc.record(
  {
    name: fc.constantFrom('one', 'two'),
    jwt_issuer_format: fc.constantFrom('uri', 'hostOnly', 'IssuerURI', ''),
    pass_identity_headers: flag,
    preserve_host_header: flag,
    timeout: fc.constant('30s'),
  },
  { requiredKeys: [] },
);
const route = (withRewrites: boolean) =>
  fc
    .tuple(
      fc.record({ from }),
      match,
      end,
      withRewrites ? rewrite : fc.constant({}),
      access(!withRewrites),
      fc.oneof(fc.constant({}), others),
    )
    .map(merge)
    .chain((json) => fc.boolean().map((isUpper) => (isUpper ? upperKeys(json) : json)));

/** Now and then: the case of keys does not count. */
function upperKeys(json: Json): Json {
  return Object.fromEntries(Object.entries(json).map(([key, value], i) => [i % 2 ? key : key.toUpperCase(), value]));
}

const globals = fc.record(
  {
    authenticate_service_url: fc.constant('https://authenticate.corp.example.com'),
    services: fc.constantFrom('all', 'proxy'),
    jwt_issuer_format: fc.constantFrom('uri', 'hostOnly'),
    normalize_path: fc.constantFrom(true, 'false'),
    merge_slashes: flag,
    path_with_escaped_slashes_action: fc.constantFrom(
      'keep_unchanged',
      'unescape_and_forward',
      'unescape_and_redirect',
    ),
    pass_identity_headers: flag,
    address: fc.constant(':443'),
  },
  { requiredKeys: ['authenticate_service_url'] },
);
const claims = fc.constantFrom<unknown>(
  ['department', 'roles'],
  { 'X-Department': 'department', 'X-Roles': 'roles' },
  'department,roles',
);

/** A whole configuration, a list of routes, or one. */
export const configuration = (withRewrites = false) => {
  const routes = fc.array(route(withRewrites), { minLength: 1, maxLength: 5 });
  const whole = fc
    .tuple(globals, claims, routes, optional(fc.array(route(withRewrites), { minLength: 1, maxLength: 3 }), 4))
    .map(([all, jwt_claims_headers, list, policies]): unknown => ({
      ...all,
      jwt_claims_headers,
      routes: list,
      ...(policies && { policy: policies }),
    }));
  return fc.oneof(
    { weight: 6, arbitrary: whole },
    { weight: 1, arbitrary: routes },
    { weight: 1, arbitrary: route(withRewrites) },
    {
      weight: 1,
      arbitrary: routes.map((policies): unknown => ({ policy: policies, jwt_claims_headers: 'department,roles' })),
    },
  );
};

/** Paths that Envoy passes on as they are and every server reads alike. */
const PLAIN = [
  '/',
  '/admin',
  '/admin/',
  '/admin/x',
  '/administrator',
  '/Admin',
  '/a',
  '/ab',
  '/b',
  '/a%20b',
  '/%C3%A9',
  '/%61dmin',
  '/api/v1',
  '/api/',
  '/users/7',
  '/users/x',
  '/users/7/edit',
  '/x.json',
  '/x/y',
  '/v2/x',
  '/base',
  '/based',
  '/ping',
  '/healthz',
  '/.pomerium',
  '/.pomerium/jwt',
  '/.pomeriumx',
  '/.well-known/pomerium/jwks.json',
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-protected-resource/x',
  '/.well-known/other',
  '/robots.txt',
  '/admin?x=/ping',
];
const ODD = [
  '//admin',
  '/a//b',
  '/x/../admin',
  '/%2e%2e/admin',
  '/admin%2Fx',
  '/admin%5cx',
  '/a\\b',
  '/admin;x',
  '/admin/%00',
  '/%252e',
  '/a/./b',
  '/..%2fadmin',
  '/%zz',
  '/a%2',
  '/x//y',
  '/./ping',
  '//ping',
  '/admin/..;/x',
];

export interface GeneratedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  /** Whether every server reads the path alike. */
  readonly isPlain: boolean;
}

const AUTHORITIES = [
  'app.corp.example.com',
  'app.corp.example.com:8443',
  'app.corp.example.com:9999',
  'app.corp.example.com:443',
  'two.corp.example.com',
  'two.corp.example.com:8443',
  'MIXED.corp.example.com',
  'a.apps.corp.example.com',
  'a.b.apps.corp.example.com:8443',
  'a.CORP.example.com',
  'a-.corp.example.com',
  'a-b.corp.example.com',
  '.apps.corp.example.com',
  'App.corp.example.com',
  'other.test',
  'authenticate.corp.example.com',
];
const preflight = { origin: 'https://x.example.com', 'access-control-request-method': 'PUT' };
const parts = fc.record({
  method: fc.constantFrom('GET', 'GET', 'POST', 'OPTIONS'),
  /** Which route's host and path it is made of; not always. */
  pick: optional(fc.nat(7), 4),
  authority: fc.constantFrom(...AUTHORITIES),
  label: fc.constantFrom('a', 'a.b', 'app', ''),
  port: fc.constantFrom('', '', '', ':8443', ':9999'),
  path: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...PLAIN).map((text) => ({ text, isPlain: true })) },
    { weight: 1, arbitrary: fc.constantFrom(...ODD).map((text) => ({ text, isPlain: false })) },
  ),
  tail: optional(fc.constantFrom('', '/x', 'x', '7', '.json')),
  headers: fc.oneof(fc.constant({}), fc.constant(preflight), fc.constant({ origin: 'https://x.example.com' })),
});

/** Requests for a configuration: most are for a host of it, and many for a path of it. */
export const requests = (document: unknown): fc.Arbitrary<GeneratedRequest[]> => {
  const routes = routesOf(document);
  const request = parts.map(({ method, pick, authority, label, port, path, tail, headers }) => {
    const route = pick === undefined ? undefined : routes[pick % routes.length];
    const written = String(route?.['path'] ?? route?.['prefix']);
    const isOwn = tail !== undefined && /^\/[\w%/]*$/.test(written) && !/\/\/|\/$/.test(written);
    return {
      method,
      url: `https://${route ? hostOf(route, label, port) : authority}${isOwn ? written + tail : path.text}`,
      headers,
      isPlain: isOwn || path.isPlain,
    };
  });
  return fc.array(request, { minLength: 8, maxLength: 8 });
};

function hostOf({ from: written }: Json, label: string, port: string): string {
  const [, host = ''] = /:\/\/([^/]*)/.exec(String(written)) ?? [];
  const concrete = host.replaceAll('*', label) || 'a';
  return concrete + (host.includes(':') ? '' : port);
}

/** The routes of a configuration, with keys in lower case. */
function routesOf(document: unknown): Json[] {
  const lists = [document].flat().flatMap((one) => {
    const { policy: policies, routes } = one as Json;
    return routes ? [routes, policies ?? []] : Array.isArray(policies) && !('from' in lower(one)) ? policies : [one];
  });
  return lists.flat().map(lower);
}

function lower(json: unknown): Json {
  return Object.fromEntries(Object.entries(Object(json)).map(([key, value]) => [key.toLowerCase(), value]));
}

/** What may be wrong with a route that leads to a service. `by`: who refuses it; `twice`: where it stands there twice. */
export const MISTAKES: readonly { readonly by: 'Pomerium' | 'here'; readonly json: Json; readonly twice?: true }[] = [
  { by: 'Pomerium', json: { allowed_users: ['u10'] }, twice: true },
  { by: 'here', json: { redirect: { path_redirect: '/' } }, twice: true },
  ...[
    { cors_allow_preflight: 'yes' },
    { allow_public_unauthenticated_access: true, allow_any_authenticated_user: false, allowed_users: [] },
    { allow_any_authenticated_user: 'true', allowed_domains: '' },
    { allow_any_authenticated_user: 1, allow_public_unauthenticated_access: 'T', allowed_users: null },
    { policy: '- allow: {or: [{accept: true}]}' },
    { policy: [{ allow: { or: [{ favourite_colour: 'red' }] } }] },
    { policy: { allow: { xor: [{ accept: true }] } } },
    { policy: { permit: { or: [{ accept: true }] } } },
    { policy: { deny: { or: [{ email: { matches: '.*' } }] } } },
    { from: 'https://app.corp.example.com/admin' },
    { from: 'app.corp.example.com' },
    { to: undefined },
    { to: null },
    { regex: '/([' },
    { jwt_issuer_format: 'both' },
    { prefix: '/a', Prefix: '/a' },
    { allowed_groups: ['admins'] },
  ].map((json) => ({ by: 'Pomerium' as const, json })),
  ...[
    { polcy: [{ deny: { or: [{ accept: true }] } }] },
    { allowed_user: ['u10'] },
    { allowedDomains: ['example.com'] },
    { sub_policies: [{ allowed_user: ['u10'] }] },
    { sub_policies: [{ rego: ['package x'] }] },
    { sub_policies: [{ allowed_users: ['u10', null] }] },
    { sub_policies: [{ allowed_domains: 'example.com,' }] },
    { policy: { allow: { or: [{ 'claim/level': '3' }] } } },
    { policy: { allow: { or: [{ 'claim/groups': 'admins' }] } } },
    { policy: { allow: { or: [{ 'claim/email': 'u10' }] } } },
    { policy: { allow: { or: [{ 'claim/sub': 'u10' }] } } },
    { policy: { allow: { or: [{ groups: { is: 'admins' } }] } } },
    { policy: { deny: { not: [{ source_ip: '10.0.0.0/8' }] } } },
    { tls_downstream_client_ca: 'LS0t' },
    { prefix_rewrite: '/v2', policy: { allow: { or: [{ http_path: '/v2' }] } } },
    { prefix_rewrite: '/v2', regex_rewrite_pattern: '^/' },
  ].map((json) => ({ by: 'here' as const, json })),
];
