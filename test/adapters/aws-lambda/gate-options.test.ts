import middy from '@middy/core';
import { assert, describe, test } from 'vitest';
import {
  createAuthorizer,
  createEdgeHandler,
  type LambdaOptions,
  pomeriumMiddleware,
  withPomerium,
} from '../../../adapters/aws-lambda/index.ts';
import { GATE_VARIABLES } from '../../../core/adapter.ts';
import { compilePolicy, type PomeriumError, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { assertMisconfigured } from '../../support/verifying.ts';
import { http2 } from './events.ts';
import { withVariables } from './process.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const good = await sign(key, { roles: 'user,admin', department: '李 & co' });
const expired = await sign(key, { exp: 1 });

type Headers = Readonly<Record<string, string>>;
type Event = Record<string, unknown> & { headers?: Headers };

/** A request of a function URL's, and what the function behind got of it. */
interface Answer {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly body: string;
  readonly email?: string | null;
  readonly seen?: Headers;
}
type Ask = (headers?: Headers, request?: { method?: string; path?: string }) => Promise<Answer>;

const told = (event: Event, identity: { email?: string | undefined } | undefined) => ({
  statusCode: 200,
  body: JSON.stringify({ email: identity?.email ?? null, seen: event.headers }),
});

const WRAPPERS: Readonly<Record<string, (more: LambdaOptions<Event>) => Ask>> = {
  withPomerium: (more) => {
    const handler = withPomerium((event: Event, _: unknown, identity) => told(event, identity), {
      ...options,
      ...more,
    });
    return (headers, request) => ask((event) => handler(event, {}), headers, request);
  },
  Middy: (more) => {
    const handler = middy<Event>()
      .use(pomeriumMiddleware({ ...options, ...more }))
      .handler(async (event: Event) => told(event, event['identity'] as { email?: string } | undefined));
    return (headers, request) => ask((event) => handler(event as never, {} as never), headers, request);
  },
};

async function ask(
  handler: (event: Event) => Promise<unknown>,
  headers: Headers = {},
  { method = 'GET', path = '/request' } = {},
): Promise<Answer> {
  const event = http2({ ...headers }, { stage: '$default', rawPath: path });
  const http = { ...event.requestContext.http, method };
  const answer = await handler({ ...event, type: undefined, requestContext: { ...event.requestContext, http } });
  const {
    statusCode,
    headers: answered = {},
    body,
  } = answer as { statusCode: number; headers?: Headers; body: string };
  return { statusCode, headers: answered, body, ...(statusCode === 200 && JSON.parse(body)) };
}

const preflight = { origin: 'https://app.example.com', 'access-control-request-method': 'PUT' };
const rules: LambdaOptions['rules'] = [
  { path: '/healthz', access: 'public' },
  { prefix: '/admin', access: { allow: { or: [{ 'claim/roles': 'admin' }] } } },
  { prefix: '/request', access: 'authenticated' },
];

for (const [name, make] of Object.entries(WRAPPERS)) {
  describe(`${name} has each option of a gate`, () => {
    test('rules: public paths are for everybody, others by what they say, the rest for nobody', async () => {
      const request = make({ rules });
      const of = async (path: string, headers?: Headers) => (await request(headers, { path })).statusCode;
      assert.include(await request({}, { path: '/healthz' }), { statusCode: 200, email: null });
      assert.include(await request({ [ASSERTION]: good }, { path: '/healthz' }), { email: 'alice@example.com' });
      assert.include(await request({ [ASSERTION]: expired }, { path: '/healthz' }), { statusCode: 200, email: null });
      assert.equal(await of('/request'), 401);
      assert.equal(await of('/request', { [ASSERTION]: good }), 200);
      assert.equal(await of('/admin/x', { [ASSERTION]: good }), 403);
      assert.equal(await of('/healthz/../admin', { [ASSERTION]: good }), 403);
      assert.equal(await of('/other', { [ASSERTION]: good }), 403);
    });

    test('listClaims: rules take such a claim as a list', async () => {
      const { statusCode } = await make({ rules, listClaims: ['roles'] })({ [ASSERTION]: good }, { path: '/admin' });
      assert.equal(statusCode, 200);
    });

    test('optional: requests for nobody pass, a bad assertion does not', async () => {
      const request = make({ optional: true });
      assert.include(await request(), { statusCode: 200, email: null });
      assert.include(await request({ [ASSERTION]: good }), { email: 'alice@example.com' });
      assert.equal((await request({ [ASSERTION]: expired })).statusCode, 401);
    });

    test('allowPreflight: preflights pass, other OPTIONS do not', async () => {
      const request = make({ allowPreflight: true });
      assert.include(await request(preflight, { method: 'OPTIONS' }), { statusCode: 200, email: null });
      assert.equal((await request({}, { method: 'OPTIONS' })).statusCode, 401);
      assert.equal((await make({})(preflight, { method: 'OPTIONS' })).statusCode, 401);
    });

    test('corsOrigins: scripts of these origins may see the refusal', async () => {
      const { headers } = await make({ corsOrigins: [preflight.origin] })({ origin: preflight.origin });
      assert.include(headers, { 'access-control-allow-origin': preflight.origin });
    });

    test('claimHeaders: claims are written as text, whatever the client sent', async () => {
      const sent = { 'X-Pomerium-Claim-Email': 'root@evil.test', 'X-Dept': 'mine', [ASSERTION]: good };
      const { seen } = await make({ claimHeaders: { 'x-dept': 'department' } })(sent);
      assert.deepEqual(seen, {
        [ASSERTION]: good,
        'x-pomerium-claim-user': 'u-alice',
        'x-pomerium-claim-email': 'alice@example.com',
        'x-pomerium-claim-name': 'Alice Liddell',
        'x-pomerium-claim-groups': 'g1,engineering',
        'x-dept': '李 & co',
      });
    });

    test('removeHeaders: these go, in every spelling', async () => {
      const { seen } = await make({ removeHeaders: ['x-email'] })({ [ASSERTION]: good, X_Email: 'a', 'x-mail': 'b' });
      assert.deepEqual(seen, { [ASSERTION]: good, 'x-mail': 'b' });
    });

    test('keepAssertion: false keeps the assertion from the function, wherever it stands', async () => {
      const request = make({ keepAssertion: false });
      assert.deepEqual((await request({ [ASSERTION]: good, authorization: `Bearer ${good}` })).seen, {});
      const own = { authorization: 'Bearer mine' };
      assert.deepEqual((await request({ [ASSERTION]: good, ...own })).seen, own);
    });

    test('shared: the answer may be kept by caches', async () => {
      assert.deepEqual((await make({ shared: true })({ [ASSERTION]: good })).headers, {});
    });

    test('onRefused: answers instead, with the error and the event, and is never cached', async () => {
      const seen: unknown[] = [];
      const onRefused = (error: PomeriumError, event: Event) => {
        seen.push(error.code, event['rawPath']);
        const headers = { location: `https://${HOST}/`, 'cache-control': 'public' };
        return new Response(null, { status: 302, headers });
      };
      const { statusCode, headers } = await make({ onRefused })();
      assert.equal(statusCode, 302);
      assert.include(headers, { location: `https://${HOST}/`, 'cache-control': 'no-store' });
      assert.deepEqual(seen, ['missing_assertion', '/request']);
    });

    test('a person gets a page with a link to the same place behind Pomerium', async () => {
      const { headers, body } = await make({})({ accept: 'text/html' });
      assert.match(headers['content-type'] ?? '', /^text\/html/);
      assert.match(body, new RegExp(`href="https://${HOST}/request(\\?parameter1=value1[^"]*)?"`));
    });

    test('policy, onEvent and the other options of a verifier', async () => {
      const events: unknown[] = [];
      const policy = compilePolicy({ allow: { or: [{ email: 'bob@example.com' }] } });
      const { statusCode } = await make({ policy, onEvent: (event) => events.push(event) })({ [ASSERTION]: good });
      assert.equal(statusCode, 403);
      const request = { method: 'GET', path: '/request', id: 'http2-request' };
      assert.nestedPropertyVal(events[0], 'code', 'policy_denied');
      assert.deepEqual((events[0] as { request: unknown }).request, request);
    });

    test('headers that override the path go where rules or policies ask for it, and stay elsewhere', async () => {
      const overrides = { 'X-Original-URL': '/admin', 'x-rewrite-url': '/admin', 'x-forwarded-prefix': '/admin' };
      const sent = { ...overrides, [ASSERTION]: good };
      assert.deepEqual((await make({ rules })(sent)).seen, { [ASSERTION]: good });
      const policy = compilePolicy({ allow: { or: [{ http_path: '/request' }] } });
      assert.deepEqual((await make({ policy })(sent)).seen, { [ASSERTION]: good });
      assert.deepEqual((await make({})(sent)).seen, sent);
    });

    test('a session of Pomerium’s goes', async () => {
      assert.deepEqual((await make({})({ authorization: 'Pomerium abc', [ASSERTION]: good })).seen, {
        [ASSERTION]: good,
      });
    });

    test('the environment sets them, and an option replaces it', async () => {
      await withVariables({ POMERIUM_RULES: JSON.stringify(rules), POMERIUM_REMOVE_HEADERS: 'x-email' }, async () => {
        const request = make({});
        assert.equal((await request({}, { path: '/healthz' })).statusCode, 200);
        assert.deepEqual((await request({ [ASSERTION]: good, 'x-email': 'a' })).seen, { [ASSERTION]: good });
        assert.equal(
          (await make({ rules: [{ path: '/other', access: 'public' }] })({}, { path: '/healthz' })).statusCode,
          401,
        );
      });
    });
  });

  describe(`${name} refuses what it cannot honour, when it is made`, () => {
    const cases: [name: string, more: Record<string, unknown>, variables: Record<string, string>, message: RegExp][] = [
      ['endAtExpiry', { endAtExpiry: true }, {}, /endAtExpiry cannot be had here: .*identity\.expiresAt/],
      ['allowAnonymous', { allowAnonymous: true }, {}, /allowAnonymous cannot be had here: write optional/],
      ['an option that is not there', { tll: 1 }, {}, /no option "tll".*rules.*fetchKeys, logger, metrics, logClaims/],
      ['an option of the authorizer', { allowBearer: true }, {}, /no option "allowBearer"/],
      ['text for a flag', { optional: 'false' }, {}, /optional must be true or false; it is "false"/],
      ['a logger that is none', { logger: console.log }, {}, /logger must have info, warn, error/],
      ['metrics that are none', { metrics: {} }, {}, /metrics must have singleMetric/],
      ['logClaims that are no list', { logClaims: 'email' }, {}, /logClaims must be a list/],
      ['fetchKeys as text', { fetchKeys: 'false' }, {}, /fetchKeys must be true or false/],
      ['rules beside optional', { rules, optional: true }, {}, /optional and rules exclude each other/],
      ['a variable that is misspelt', {}, { POMERIUM_POLICYY: '{}' }, /no variable POMERIUM_POLICYY/],
      [
        'a variable of the authorizer',
        {},
        { POMERIUM_ALLOW_BEARER: 'true' },
        /POMERIUM_ALLOW_BEARER is set and cannot/,
      ],
      ['a variable that Lambda cannot honour', {}, { POMERIUM_END_AT_EXPIRY: 'true' }, /POMERIUM_END_AT_EXPIRY is set/],
      ['a variable of an option in code', {}, { POMERIUM_LOG_CLAIMS: 'email' }, /write the option logClaims in code/],
      ['a policy that is set and empty', {}, { POMERIUM_POLICY: '' }, /POMERIUM_POLICY is set and empty/],
      ['rules that are set and empty', {}, { POMERIUM_RULES: '' }, /POMERIUM_RULES is set and empty/],
    ];
    for (const [what, more, variables, message] of cases) {
      test(what, () => withVariables(variables, () => assertMisconfigured(() => make(more), message)));
    }
  });
}

describe('createAuthorizer refuses what it cannot honour, when it is made', () => {
  const build = (more: Record<string, unknown>) => () => createAuthorizer({ ...options, ...more });
  const gone: Readonly<Record<string, [value: unknown, instead: RegExp]>> = {
    rules: [rules, /leave the authorizer off public routes/],
    optional: [true, /leave the authorizer off/],
    allowPreflight: [true, /leave the authorizer off OPTIONS routes/],
    corsOrigins: [['https://app.example.com'], /CORS configuration/],
    claimHeaders: [['department'], /\$context\.authorizer/],
    removeHeaders: [['x-email'], /parameter mapping/],
    keepAssertion: [false, /parameter mapping/],
    shared: [true, /Cache-Control/],
    endAtExpiry: [true, /@connections/],
  };
  for (const [option, [value, instead]] of Object.entries(gone)) {
    const variable = GATE_VARIABLES[option] ?? '';
    test(`${option}, saying what to write instead`, () =>
      assertMisconfigured(build({ [option]: value }), new RegExp(`${option} cannot be had here: .*${instead.source}`)));
    test(`${variable}, by name`, () =>
      withVariables({ [variable]: 'true' }, () => assertMisconfigured(build({}), new RegExp(`^${variable} is set`))));
  }
  test('onRefused, saying what to write instead', () =>
    assertMisconfigured(build({ onRefused: () => undefined }), /onRefused cannot be had here: .*gateway responses/));

  test('POMERIUM_TTL_OVERRIDE, saying that it is an option of code', () =>
    withVariables({ POMERIUM_TTL_OVERRIDE: '300' }, () =>
      assertMisconfigured(build({}), /^There is no variable POMERIUM_TTL_OVERRIDE; write the option ttlOverride/),
    ));

  const policy = (ppl: object) => ({ policy: compilePolicy(ppl) });
  const cases: [name: string, more: Record<string, unknown>, message: RegExp][] = [
    ['scope in another case', { scope: 'Stage' }, /scope must be 'method' or 'stage'; it is "Stage"/],
    ['responses of another name', { responses: 'iam' }, /responses must be 'simple' or 'policy'; it is "iam"/],
    ['a negative ttlOverride', { ttlOverride: -5 }, /ttlOverride must be a whole number.*it is -5/],
    ['a ttlOverride that is text', { ttlOverride: '60' }, /ttlOverride must be a whole number.*it is "60"/],
    ['allowBearer as text', { allowBearer: 'false' }, /allowBearer must be true or false; it is "false"/],
    [
      'an option that is not there, naming all that are',
      { tll: 1 },
      /no option "tll".*audience.*policy.*routes.*listClaims, leaveToPomerium, log, logSubject.*scope, responses, allowBearer, ttlOverride, context, usageIdentifierKey, fetchKeys, logger, metrics, logClaims\./,
    ],
    ['an unknown option, never naming those that it cannot have', { tll: 1 }, /^(?!.*(claimHeaders|rules|onRefused))/],
    [
      'a policy on the path, with a policy for the stage',
      { scope: 'stage', ...policy({ allow: { or: [{ http_path: '/public' }] } }) },
      /scope: 'stage' opens every method and path/,
    ],
    [
      'a policy on the method, with a policy for the stage',
      { scope: 'stage', ...policy({ allow: { or: [{ http_method: 'GET' }] } }) },
      /scope: 'stage' opens every method and path/,
    ],
  ];
  for (const [name, more, message] of cases) test(name, () => assertMisconfigured(build(more), message));

  test('the same policy from the environment, with a policy for the stage', () =>
    withVariables({ POMERIUM_POLICY: '{"allow":{"or":[{"http_method":"GET"}]}}' }, () =>
      assertMisconfigured(build({ scope: 'stage' }), /scope: 'stage'/),
    ));

  test('but not a policy about the identity, with a policy for the stage', () => {
    assert.doesNotThrow(build({ scope: 'stage', ...policy({ allow: { or: [{ domain: 'example.com' }] } }) }));
  });
});

describe('fetchKeys: false', () => {
  const entries: Readonly<Record<string, (more: Record<string, unknown>) => unknown>> = {
    createAuthorizer: (more) => createAuthorizer({ audience: HOST, ...more }),
    withPomerium: (more) => withPomerium(() => '', { audience: HOST, ...more }),
    pomeriumMiddleware: (more) => pomeriumMiddleware({ audience: HOST, ...more }),
    createEdgeHandler: (more) => createEdgeHandler({ audience: HOST, ...more }),
  };
  const store = { getItem: async () => null, setItem: async () => {} };
  for (const [name, build] of Object.entries(entries)) {
    test(`${name}: is refused where nothing can ever fill the store`, () => {
      assertMisconfigured(() => build({ fetchKeys: false }), /POMERIUM_JWKS_SSM.*or write store: ssmStore/);
      assert.doesNotThrow(() => build({ fetchKeys: false, keys: options.keys }));
    });
  }

  test('is taken with a store of one’s own, and with keys from the environment', async () => {
    assert.doesNotThrow(() => createAuthorizer({ audience: HOST, fetchKeys: false, store, log: false }));
    await withVariables({ POMERIUM_FETCH_KEYS: 'false', POMERIUM_JWKS: JSON.stringify(jwks(key)) }, () =>
      assert.doesNotThrow(() => createAuthorizer({ audience: HOST })),
    );
    await withVariables({ POMERIUM_FETCH_KEYS: 'false' }, () =>
      assertMisconfigured(() => createAuthorizer({ audience: HOST }), /fetchKeys is false/),
    );
  });
});
