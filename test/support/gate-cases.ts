import type { GateOptions, PathRule } from '../../core/adapter.ts';
import { compilePolicy } from '../../core/index.ts';
import { ASSERTION, firstRoute, key, SENDERS } from './gate.ts';
import { HOST, NOW, sign } from './issuer.ts';

/** The same for every adapter: a gate's options, each by code and, where it has a variable, by the environment. */
export interface GateCase {
  readonly name: string;
  /** The option that it is about. */
  readonly option?: string;
  readonly options?: GateOptions<Request>;
  /** The same as `options`. */
  readonly variables?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly path?: string;
  readonly method?: string;
  /** Who is behind the gate then, or the code of the refusal. */
  readonly answer: string;
  readonly status?: number;
  /** Headers that the code behind saw, and those of the answer; null: none. */
  readonly received?: Record<string, string | null>;
  readonly answered?: Record<string, string | null>;
  /** What the log says. */
  readonly lines?: readonly Record<string, unknown>[];
}

const ADMINS = { allow: { or: [{ groups: 'admins' }] } };
const NO_CONTRACTORS = { allow: { or: [{ accept: true }] }, deny: { or: [{ 'claim/roles': 'contractor' }] } };
const contractor = { [ASSERTION]: await sign(key, { roles: 'staff,contractor' }) };
const late = { [ASSERTION]: await sign(key, { exp: NOW - 30 }) };
const old = { [ASSERTION]: await sign(key, { iat: NOW - 200 }) };
const department = { [ASSERTION]: await sign(key, { department: 'R&D' }) };
export const PREFLIGHT = { origin: 'https://app.test', 'access-control-request-method': 'PUT' };
const html = { accept: 'text/html' };
const REFUSED = { type: 'assertion_refused' };

const { onBehalfOf } = firstRoute;
const forNobody = await firstRoute.sign({ sub: '', user: '' });

export const RULES: readonly PathRule[] = [
  { prefix: '/public', access: 'public' },
  { prefix: '/admin', access: ADMINS },
  { prefix: '/app', access: 'authenticated' },
];
const byRules = { options: { rules: RULES }, variables: { POMERIUM_RULES: JSON.stringify(RULES) } };
export const PUBLIC_PATH = '/public/x';

/** Pomerium's own, of which the first two are before `/`. */
export const ROUTES = {
  jwt_claims_headers: ['roles'],
  pass_identity_headers: true,
  routes: [
    {
      from: `https://${HOST}`,
      name: 'public',
      prefix: '/public',
      to: 'http://a',
      allow_public_unauthenticated_access: true,
    },
    { from: `https://${HOST}`, name: 'admin', prefix: '/admin', to: 'http://a', policy: [ADMINS] },
    { from: `https://${HOST}`, name: 'app', prefix: '/app', to: 'http://a', allow_any_authenticated_user: true },
  ],
};
const byRoutes = { options: { routes: ROUTES }, variables: { POMERIUM_ROUTES: JSON.stringify(ROUTES) } };
const otherHost = { [ASSERTION]: await sign(key, { aud: 'other.corp.example.com', iss: 'other.corp.example.com' }) };
const FROM_OFFICE = { allow: { and: [{ accept: true }, { source_ip: '10.0.0.0/8' }] } };
const withDeny = { ...ROUTES, routes: [{ from: `https://${HOST}`, to: 'http://a', policy: [NO_CONTRACTORS] }] };

export const GATE_CASES: readonly GateCase[] = [
  {
    name: 'Alice comes in, with her assertion',
    headers: SENDERS.alice,
    answer: 'u-alice',
    received: { [ASSERTION]: SENDERS.alice[ASSERTION] },
    lines: [],
  },
  { name: 'nobody is refused', answer: 'missing_assertion', lines: [REFUSED] },
  {
    name: 'a HEAD request is refused without a body',
    method: 'HEAD',
    answer: '',
    status: 401,
    answered: { 'content-type': 'application/problem+json' },
  },
  {
    name: 'a person gets the page',
    headers: html,
    answer: '<!doctype html>',
    status: 401,
    answered: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  },
  {
    name: 'unverified Pomerium headers do not go on',
    headers: {
      ...SENDERS.alice,
      'x-pomerium-claim-department': 'x',
      x_pomerium_claim_email: 'x',
      [`${ASSERTION}-for`]: 'x',
    },
    answer: 'u-alice',
    received: { 'x-pomerium-claim-department': null, x_pomerium_claim_email: null, [`${ASSERTION}-for`]: null },
  },
  {
    name: 'Pomerium’s own session does not go on',
    headers: { ...SENDERS.alice, authorization: 'Bearer Pomerium-abc' },
    answer: 'u-alice',
    received: { authorization: null },
  },
  {
    name: 'an ordinary Authorization goes on, and one header that overrides the path where the path decides nothing',
    headers: { ...SENDERS.alice, authorization: 'Bearer abc', 'x-original-url': '/x' },
    answer: 'u-alice',
    received: { authorization: 'Bearer abc', 'x-original-url': '/x' },
  },
  {
    name: 'the answer is for one identity',
    headers: SENDERS.alice,
    answer: 'u-alice',
    answered: { vary: ASSERTION, 'cache-control': 'private, no-cache' },
  },

  {
    name: 'rules: a public path is for nobody, without a line',
    option: 'rules',
    ...byRules,
    path: PUBLIC_PATH,
    answer: 'nobody',
    lines: [],
  },
  {
    name: 'rules: on a public path a bad assertion is nobody’s, with a line',
    ...byRules,
    path: PUBLIC_PATH,
    headers: SENDERS.expired,
    answer: 'nobody',
    received: { [ASSERTION]: null },
    lines: [{ code: 'expired' }],
  },
  {
    name: 'rules: on a public path Alice is Alice',
    ...byRules,
    path: PUBLIC_PATH,
    headers: SENDERS.alice,
    answer: 'u-alice',
  },
  {
    name: 'rules: the answer on a public path is for one identity, too',
    ...byRules,
    path: PUBLIC_PATH,
    answer: 'nobody',
    answered: { vary: ASSERTION },
  },
  { name: 'rules: authenticated refuses nobody', ...byRules, path: '/app', answer: 'missing_assertion' },
  {
    name: 'rules: a policy refuses Alice',
    ...byRules,
    path: '/admin',
    headers: SENDERS.alice,
    answer: 'policy_denied',
    status: 403,
    lines: [{ code: 'policy_denied', request: { method: 'GET', path: '/admin' } }],
  },
  { name: 'rules: a policy lets an admin in', ...byRules, path: '/admin', headers: SENDERS.admin, answer: 'u-admin' },
  {
    name: 'rules: a path in none is for nobody',
    ...byRules,
    path: '/other',
    headers: SENDERS.admin,
    answer: 'policy_denied',
    status: 403,
  },
  {
    name: 'rules: a path that servers read in two ways is for nobody',
    ...byRules,
    path: '/public/..%2fadmin',
    answer: 'missing_assertion',
  },
  {
    name: 'rules: headers that override the path do not go on',
    ...byRules,
    path: PUBLIC_PATH,
    headers: {
      'x-original-url': '/admin',
      x_rewrite_url: '/admin',
      'x-forwarded-prefix': '/admin',
      'x-forwarded-proto': 'http://app/admin?',
    },
    answer: 'nobody',
    received: { 'x-original-url': null, x_rewrite_url: null, 'x-forwarded-prefix': null, 'x-forwarded-proto': null },
  },
  {
    name: 'routes: on a public one nobody comes in with Pomerium’s assertion for nobody, without it and without claims',
    option: 'routes',
    ...byRoutes,
    path: PUBLIC_PATH,
    headers: { ...SENDERS.anonymous, 'x-pomerium-claim-email': 'root@evil.test' },
    answer: 'nobody',
    received: { [ASSERTION]: null, 'x-pomerium-claim-email': null },
    lines: [],
  },
  {
    name: 'routes: also on a public one there must be an assertion',
    ...byRoutes,
    path: PUBLIC_PATH,
    answer: 'missing_assertion',
  },
  {
    name: 'routes: on a public one a bad assertion is refused',
    ...byRoutes,
    path: PUBLIC_PATH,
    headers: SENDERS.expired,
    answer: 'expired',
  },
  {
    name: 'routes: on a public one Alice is Alice',
    ...byRoutes,
    path: PUBLIC_PATH,
    headers: SENDERS.alice,
    answer: 'u-alice',
    received: { [ASSERTION]: SENDERS.alice[ASSERTION] },
  },
  {
    name: 'routes: the answer on a public one is for one identity, too',
    ...byRoutes,
    path: PUBLIC_PATH,
    headers: SENDERS.anonymous,
    answer: 'nobody',
    answered: { vary: ASSERTION, 'cache-control': 'private, no-cache' },
  },
  {
    name: 'routes: nobody is refused where somebody must be signed in',
    ...byRoutes,
    path: '/app',
    headers: SENDERS.anonymous,
    answer: 'anonymous',
    lines: [{ code: 'anonymous', request: { method: 'GET', path: '/app' } }],
  },
  {
    name: 'routes: one refuses Alice, with her genuine assertion',
    ...byRoutes,
    path: '/admin/x',
    headers: SENDERS.alice,
    answer: 'policy_denied',
    status: 403,
    lines: [{ code: 'policy_denied', request: { method: 'GET', path: '/admin/x' } }],
  },
  { name: 'routes: one lets an admin in', ...byRoutes, path: '/admin/x', headers: SENDERS.admin, answer: 'u-admin' },
  {
    name: 'routes: where there is none nobody passes',
    ...byRoutes,
    path: '/other',
    headers: SENDERS.admin,
    answer: 'policy_denied',
    status: 403,
  },
  {
    name: 'routes: what Pomerium answers itself never came through it',
    ...byRoutes,
    path: '/.pomerium/jwt',
    headers: SENDERS.admin,
    answer: 'policy_denied',
    status: 403,
  },
  {
    name: 'routes: an assertion for another host is refused',
    ...byRoutes,
    path: '/app',
    headers: otherHost,
    answer: 'audience_mismatch',
  },
  {
    name: 'routes: the log of who came in says by which',
    options: { ...byRoutes.options, logSubject: true },
    variables: { ...byRoutes.variables, POMERIUM_LOG_SUBJECT: 'true' },
    path: '/app',
    headers: SENDERS.alice,
    answer: 'u-alice',
    lines: [{ type: 'assertion_verified', user: 'u-alice', route: 'app' }],
  },
  {
    name: 'routes: headers that override the path or the method do not go on',
    ...byRoutes,
    path: '/app',
    headers: { ...SENDERS.alice, 'x-original-url': '/admin', 'x-http-method-override': 'DELETE' },
    answer: 'u-alice',
    received: { 'x-original-url': null, 'x-http-method-override': null },
  },
  {
    name: 'routes: the claims of listClaims are lists in them, too',
    options: { routes: withDeny, listClaims: ['roles'] },
    variables: { POMERIUM_ROUTES: JSON.stringify(withDeny), POMERIUM_LIST_CLAIMS: 'roles' },
    headers: contractor,
    answer: 'policy_denied',
    status: 403,
  },
  {
    name: 'leaveToPomerium: is Pomerium’s to decide',
    option: 'leaveToPomerium',
    options: { rules: [{ prefix: '/', access: FROM_OFFICE }], leaveToPomerium: ['source_ip'] },
    variables: {
      POMERIUM_RULES: JSON.stringify([{ prefix: '/', access: FROM_OFFICE }]),
      POMERIUM_LEAVE_TO_POMERIUM: 'source_ip',
    },
    headers: SENDERS.alice,
    answer: 'u-alice',
  },
  {
    name: 'leaveToPomerium: reaches a policy of the environment',
    options: { leaveToPomerium: ['source_ip'], policy: compilePolicy(FROM_OFFICE, { leaveToPomerium: ['source_ip'] }) },
    variables: { POMERIUM_POLICY: JSON.stringify(FROM_OFFICE), POMERIUM_LEAVE_TO_POMERIUM: 'source_ip' },
    headers: SENDERS.alice,
    answer: 'u-alice',
  },
  {
    name: 'listClaims: reach rules',
    option: 'listClaims',
    options: { rules: [{ prefix: '/', access: NO_CONTRACTORS }], listClaims: ['roles'] },
    variables: {
      POMERIUM_RULES: JSON.stringify([{ prefix: '/', access: NO_CONTRACTORS }]),
      POMERIUM_LIST_CLAIMS: 'roles',
    },
    headers: contractor,
    answer: 'policy_denied',
    status: 403,
  },
  {
    name: 'policy: refuses Alice',
    option: 'policy',
    options: { policy: compilePolicy(ADMINS) },
    variables: { POMERIUM_POLICY: JSON.stringify(ADMINS) },
    headers: SENDERS.alice,
    answer: 'policy_denied',
    status: 403,
  },
  {
    name: 'policy: a page says so',
    options: { policy: compilePolicy(ADMINS) },
    variables: { POMERIUM_POLICY: JSON.stringify(ADMINS) },
    headers: { ...SENDERS.alice, ...html },
    answer: '<!doctype html>',
    status: 403,
  },
  {
    name: 'policy: is asked about the method and the path that came',
    options: { policy: compilePolicy({ allow: { and: [{ http_method: 'POST' }, { http_path: '/a b' }] } }) },
    variables: { POMERIUM_POLICY: '{"allow":{"and":[{"http_method":"POST"},{"http_path":"/a b"}]}}' },
    headers: SENDERS.alice,
    method: 'POST',
    path: '/a%20b?c',
    answer: 'u-alice',
  },
  {
    name: 'optional: nobody comes in, without a line',
    option: 'optional',
    options: { optional: true },
    variables: { POMERIUM_OPTIONAL: 'true' },
    answer: 'nobody',
    lines: [],
  },
  {
    name: 'optional: who is anonymous comes in as nobody',
    options: { optional: true },
    variables: { POMERIUM_OPTIONAL: 'true' },
    headers: SENDERS.anonymous,
    answer: 'nobody',
    received: { [ASSERTION]: null },
    lines: [],
  },
  {
    name: 'optional: a bad assertion is refused',
    options: { optional: true },
    variables: { POMERIUM_OPTIONAL: 'true' },
    headers: SENDERS.expired,
    answer: 'expired',
  },
  {
    name: 'optional: two assertions are refused',
    options: { optional: true },
    variables: { POMERIUM_OPTIONAL: 'true' },
    headers: SENDERS.twice,
    answer: 'duplicate_assertion',
  },
  {
    name: 'onBehalfOf: one for nobody is refused, where nobody may come, too',
    options: { optional: true, onBehalfOf },
    headers: { ...SENDERS.alice, [`${ASSERTION}-for`]: forNobody },
    answer: 'anonymous',
    lines: [{ subject: 'on-behalf-of' }],
  },
  {
    name: 'allowPreflight: one passes',
    option: 'allowPreflight',
    options: { allowPreflight: true },
    variables: { POMERIUM_ALLOW_PREFLIGHT: 'true' },
    method: 'OPTIONS',
    headers: PREFLIGHT,
    answer: 'nobody',
  },
  { name: 'allowPreflight: is off by default', method: 'OPTIONS', headers: PREFLIGHT, answer: 'missing_assertion' },
  {
    name: 'corsOrigins: a script may read the refusal',
    option: 'corsOrigins',
    options: { corsOrigins: ['https://app.test'] },
    variables: { POMERIUM_CORS_ORIGINS: 'https://app.test' },
    headers: PREFLIGHT,
    answer: 'missing_assertion',
    answered: { 'access-control-allow-origin': 'https://app.test', 'access-control-allow-credentials': 'true' },
  },
  {
    name: 'refusalPage: speaks another language',
    option: 'refusalPage',
    options: { refusalPage: { texts: { nl: { retry: 'Opnieuw' } } } },
    variables: { POMERIUM_REFUSAL_PAGE: '{"texts":{"nl":{"retry":"Opnieuw"}}}' },
    headers: html,
    answer: '<!doctype html>',
    status: 401,
    answered: { 'content-language': 'nl' },
  },
  {
    name: 'claimHeaders: are written',
    option: 'claimHeaders',
    options: { claimHeaders: { 'X-Dept': 'department' } },
    variables: { POMERIUM_CLAIM_HEADERS: 'X-Dept=department' },
    headers: { ...department, 'x-dept': 'spoofed' },
    answer: 'u-alice',
    received: { 'x-dept': 'R&D', 'x-pomerium-claim-email': 'alice@example.com' },
  },
  {
    name: 'removeHeaders: do not go on',
    option: 'removeHeaders',
    options: { removeHeaders: ['X-Email'] },
    variables: { POMERIUM_REMOVE_HEADERS: 'X-Email' },
    headers: { ...SENDERS.alice, x_email: 'x', 'x-other': 'kept' },
    answer: 'u-alice',
    received: { x_email: null, 'x-other': 'kept' },
  },
  {
    name: 'keepAssertion: false keeps it back wherever it stands',
    option: 'keepAssertion',
    options: { keepAssertion: false },
    variables: { POMERIUM_KEEP_ASSERTION: 'false' },
    headers: { ...SENDERS.alice, authorization: `Bearer ${SENDERS.alice[ASSERTION]}` },
    answer: 'u-alice',
    received: { [ASSERTION]: null, authorization: null },
  },
  {
    name: 'shared: the answer stays as it was made',
    option: 'shared',
    options: { shared: true },
    variables: { POMERIUM_SHARED: 'true' },
    headers: SENDERS.alice,
    answer: 'u-alice',
    answered: { vary: null, 'cache-control': null, 'cloudflare-cdn-cache-control': null },
  },
  {
    name: 'shared: a refusal is never cached',
    options: { shared: true },
    variables: { POMERIUM_SHARED: 'true' },
    answer: 'missing_assertion',
    answered: { 'cache-control': 'no-store' },
  },
  {
    name: 'log: false leaves no line',
    option: 'log',
    options: { log: false },
    variables: { POMERIUM_LOG: 'false' },
    headers: SENDERS.expired,
    answer: 'expired',
    lines: [],
  },
  {
    name: 'logSubject: says who came in',
    option: 'logSubject',
    options: { logSubject: true },
    variables: { POMERIUM_LOG_SUBJECT: 'true' },
    headers: { ...SENDERS.alice, 'cf-ray': 'r-1' },
    path: '/x?secret',
    answer: 'u-alice',
    lines: [{ type: 'assertion_verified', user: 'u-alice', request: { method: 'GET', path: '/x', id: 'r-1' } }],
  },
  {
    name: 'issuer: another one is refused',
    option: 'issuer',
    options: { issuer: 'other.example.com' },
    variables: { POMERIUM_ISSUER: 'other.example.com' },
    headers: SENDERS.alice,
    answer: 'issuer_mismatch',
  },
  {
    name: 'algorithms: another one is refused',
    option: 'algorithms',
    options: { algorithms: ['RS256'] },
    variables: { POMERIUM_ALGORITHMS: 'RS256' },
    headers: SENDERS.alice,
    answer: 'unsupported_algorithm',
  },
  {
    name: 'clockTolerance: a late one is refused',
    option: 'clockTolerance',
    options: { clockTolerance: 0 },
    variables: { POMERIUM_CLOCK_TOLERANCE: '0' },
    headers: late,
    answer: 'expired',
  },
  { name: 'clockTolerance: is a minute by default', headers: late, answer: 'u-alice' },
  {
    name: 'maxTokenAge: an old one is refused',
    option: 'maxTokenAge',
    options: { maxTokenAge: 100 },
    variables: { POMERIUM_MAX_TOKEN_AGE: '100' },
    headers: old,
    answer: 'expired',
  },
  {
    name: 'onRefused: answers instead',
    options: {
      onRefused: ({ code }, { url }) =>
        new Response(JSON.stringify({ code: `mine: ${code} ${url}` }), {
          status: 418,
          headers: { 'cache-control': 'public' },
        }),
    },
    answer: `mine: missing_assertion https://${HOST}/`,
    status: 418,
    answered: { 'cache-control': 'no-store' },
  },
  {
    name: 'onRefused: redirects',
    options: { onRefused: () => Response.redirect('https://login.test/', 302) },
    answer: '',
    status: 302,
    answered: { location: 'https://login.test/', 'cache-control': 'no-store' },
  },
  {
    name: 'keys: a mistake in a source of one’s own is a 500, logged once',
    options: { keys: { find: () => JSON.parse('no JSON'), ready: async () => {} } },
    headers: SENDERS.alice,
    answer: 'invalid_configuration',
    status: 500,
    lines: [{}],
  },
];
