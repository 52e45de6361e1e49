import { afterEach, assert, describe, test } from 'vitest';
import { contextOf as makeContext } from '../../../adapters/aws-lambda/authorizer-context.ts';
import {
  type AuthorizerContext,
  type AuthorizerOptions,
  createAuthorizer,
} from '../../../adapters/aws-lambda/index.ts';
import { compilePolicy, type Identity, PomeriumError, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { assertMisconfigured } from '../../support/verifying.ts';
import { appSync, http1, http2, METHOD_ARN, restRequest, restToken, webSocketConnect } from './events.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const good = await sign(key);
const expired = await sign(key, { exp: 1 });
const authorizer = (more: AuthorizerOptions = {}) => createAuthorizer({ ...options, ...more });
const denyAll = compilePolicy({});

const CONTEXT = {
  subject: 'u-alice',
  user: 'u-alice',
  email: 'alice@example.com',
  name: 'Alice Liddell',
  sessionId: 's-alice',
  issuer: HOST,
  issuedAt: NOW,
  expiresAt: NOW + 300,
  groups: '["g1","engineering"]',
};

/** The answer, or the message of what was thrown. */
async function ask(event: unknown, more: AuthorizerOptions = {}): Promise<unknown> {
  try {
    const answer = (await authorizer(more)(event)) as unknown as Record<string, Record<string, unknown>>;
    const { tokenId, ...context } = answer['context'] ?? answer['resolverContext'] ?? {};
    void tokenId;
    return { ...answer, [answer['context'] ? 'context' : 'resolverContext']: context };
  } catch (error) {
    return error instanceof Error ? `thrown: ${error.message}` : error;
  }
}

const policy = (Effect: string, Resource = METHOD_ARN) => ({
  Version: '2012-10-17',
  Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }],
});
const allowed = (Resource?: string) => ({
  principalId: 'u-alice',
  policyDocument: policy('Allow', Resource),
  context: CONTEXT,
});
const denied = (code: string, Resource?: string) => ({
  principalId: code === 'policy_denied' ? 'u-alice' : 'refused',
  policyDocument: policy('Deny', Resource),
  context: { code },
});
const isNot = (code: string) => ({ isAuthorized: false, context: { code } });
const appSyncNot = (code: string) => ({ isAuthorized: false, resolverContext: { code }, ttlOverride: 0 });
const CONNECT = METHOD_ARN.replace('GET/request', '$connect');
/** What is thrown for keys that cannot be had. */
const OUTAGE = 'thrown: pomerium-edge: keys_unavailable';

describe('each caller is answered by its own contract', () => {
  type Make = (token: string | undefined) => unknown;
  const withHeader =
    (make: (headers: Record<string, string>) => unknown): Make =>
    (token) =>
      make(token === undefined ? {} : { [ASSERTION]: token });
  const callers: [
    name: string,
    make: Make,
    options: AuthorizerOptions,
    allow: unknown,
    refused: (code: string) => unknown,
    forbidden: unknown,
  ][] = [
    [
      'REST, TOKEN',
      (token) => restToken(token ?? ''),
      {},
      allowed(),
      () => 'thrown: Unauthorized',
      denied('policy_denied'),
    ],
    ['REST, REQUEST', withHeader(restRequest), {}, allowed(), () => 'thrown: Unauthorized', denied('policy_denied')],
    [
      'WebSocket $connect',
      withHeader(webSocketConnect),
      {},
      allowed(CONNECT),
      () => 'thrown: Unauthorized',
      denied('policy_denied', CONNECT),
    ],
    ['HTTP API 1.0', withHeader(http1), {}, allowed(), (code) => denied(code), denied('policy_denied')],
    [
      'REST, policy',
      withHeader(restRequest),
      { responses: 'policy' },
      allowed(),
      (code) => denied(code),
      denied('policy_denied'),
    ],
    [
      'WebSocket $connect, policy',
      withHeader(webSocketConnect),
      { responses: 'policy' },
      allowed(CONNECT),
      (code) => denied(code, CONNECT),
      denied('policy_denied', CONNECT),
    ],
    [
      'HTTP API 1.0, simple',
      withHeader(http1),
      { responses: 'simple' },
      { isAuthorized: true, context: CONTEXT },
      isNot,
      isNot('policy_denied'),
    ],
    ['HTTP API 2.0', withHeader(http2), {}, { isAuthorized: true, context: CONTEXT }, isNot, isNot('policy_denied')],
    [
      'HTTP API 2.0, policy',
      withHeader(http2),
      { responses: 'policy' },
      allowed(),
      (code) => denied(code),
      denied('policy_denied'),
    ],
    [
      'AppSync',
      (token) => appSync(token === undefined ? '' : `Bearer ${token}`),
      { allowBearer: true },
      { isAuthorized: true, resolverContext: CONTEXT, ttlOverride: 0 },
      appSyncNot,
      appSyncNot('policy_denied'),
    ],
  ];
  for (const [name, make, more, allow, refused, forbidden] of callers) {
    test(`${name}: a good assertion`, async () => assert.deepEqual(await ask(make(good), more), allow));
    test(`${name}: an expired one`, async () => assert.deepEqual(await ask(make(expired), more), refused('expired')));
    test(`${name}: none`, async () => assert.deepEqual(await ask(make(undefined), more), refused('missing_assertion')));
    test(`${name}: not allowed`, async () =>
      assert.deepEqual(await ask(make(good), { ...more, policy: denyAll }), forbidden));
    test(`${name}: no keys are an error of the function, but for AppSync, which has none, and an error in the log`, async () => {
      const logged: unknown[] = [];
      const logger = {
        info: () => {},
        warn: () => {},
        error: (_: string, details: object) => void logged.push(details),
      };
      const audience = 'localhost';
      const failing = {
        ready: options.keys.ready,
        find: () => {
          throw new PomeriumError('keys_unavailable', 'down');
        },
      };
      assert.deepEqual(
        await ask(make(good), { ...more, audience, keys: failing, logger, log: true }),
        name === 'AppSync' ? refused('keys_unavailable') : OUTAGE,
      );
      assert.include(logged[0], { code: 'keys_unavailable', status: 503 });
    });
    test(`${name}: the context is of scalars`, async () => {
      const answer = (await authorizer(more)(make(good))) as unknown as Record<string, object>;
      const values = Object.values(answer['context'] ?? answer['resolverContext'] ?? {});
      assert.isNotEmpty(values);
      for (const value of values) assert.include(['string', 'number', 'boolean'], typeof value);
    });
  }

  test('isAuthorized is a boolean, never a text', async () => {
    assert.strictEqual(((await ask(http2({ [ASSERTION]: good }))) as { isAuthorized: unknown }).isAuthorized, true);
  });

  for (const [name, event] of [
    ['nothing', undefined],
    ['an S3 event', { Records: [{ s3: {} }] }],
    ['a proxy event', { ...http2({}), type: undefined }],
    ['a payload of a version to come', { ...http2({}), version: '3.0' }],
  ] as const) {
    test(`${name} is thrown back, and says what it is not`, async () => {
      assert.match(String(await ask(event)), /this event is not an authorizer's/);
    });
  }
});

describe('the assertion', () => {
  test('is found in any case, as a REST API hands on what a client wrote', async () => {
    assert.deepEqual(await ask(restRequest({ 'X-Pomerium-JWT-Assertion': good })), allowed());
  });

  for (const [name, multiValueHeaders] of [
    ['empty', {}],
    ['null', null],
    ['of other headers', { accept: ['*/*'] }],
  ] as const) {
    test(`is found in headers where multiValueHeaders is ${name}, as in an event for a test`, async () => {
      const event = restRequest({ [ASSERTION]: good });
      assert.deepEqual(await ask({ ...event, multiValueHeaders }), allowed());
      const inBoth = { ...multiValueHeaders, 'X-Pomerium-Jwt-Assertion': [good] };
      assert.deepEqual(await ask({ ...event, multiValueHeaders: inBoth }), allowed());
    });
  }

  const twice: [string, unknown][] = [
    ['two values', { ...restRequest({}), multiValueHeaders: { [ASSERTION]: [good, good] } }],
    [
      'the name in two cases',
      { ...restRequest({}), multiValueHeaders: { [ASSERTION]: [good], 'X-Pomerium-Jwt-Assertion': [good] } },
    ],
    ['joined with a comma', restRequest({ [ASSERTION]: `${good},${good}` })],
  ];
  for (const [name, event] of twice) {
    test(`that comes twice is refused: ${name}`, async () => {
      const refused: unknown[] = [];
      const onEvent = (one: { type: string; code?: string }) => void refused.push(one.code);
      assert.equal(await ask(event, { onEvent }), 'thrown: Unauthorized');
      assert.deepEqual(refused, ['duplicate_assertion']);
    });
  }

  for (const name of ['x_pomerium_jwt_assertion', 'X-Pomerium_Jwt-Assertion']) {
    test(`is never read from ${name}, and what stands there is no second one`, async () => {
      assert.equal(await ask(restRequest({ [name]: good })), 'thrown: Unauthorized');
      assert.deepEqual(await ask(restRequest({ [name]: expired, [ASSERTION]: good })), allowed());
      assert.deepEqual(await ask(http2({ [name]: good, [ASSERTION]: expired })), isNot('expired'));
    });
  }

  test('in Authorization counts only when that is configured, and only where there is no header of its own', async () => {
    const bearer = { authorization: `Bearer ${good}` };
    assert.deepEqual(await ask(http2(bearer)), isNot('missing_assertion'));
    assert.include(await ask(http2(bearer), { allowBearer: true }), { isAuthorized: true });
    assert.deepEqual(await ask(http2({ ...bearer, [ASSERTION]: expired }), { allowBearer: true }), isNot('expired'));
    assert.deepEqual(
      await ask(http2({ authorization: `Basic ${good}` }), { allowBearer: true }),
      isNot('missing_assertion'),
    );
    assert.equal(await ask(restToken(`Bearer ${good}`)), 'thrown: Unauthorized');
    assert.deepEqual(await ask(restToken(`Bearer ${good}`), { allowBearer: true }), allowed());
    assert.deepEqual(await ask(appSync(`Bearer ${good}`)), appSyncNot('missing_assertion'));
    assert.include(await ask(appSync('', { [ASSERTION]: good })), { isAuthorized: true });
  });

  test('other headers are never believed', async () => {
    const forged = { 'x-pomerium-claim-email': 'root@evil.test', 'x-amzn-oidc-data': good };
    assert.deepEqual(await ask(http2(forged)), isNot('missing_assertion'));
  });
});

describe('a policy that allows', () => {
  test('is for the called method by default, and for the stage when told so', async () => {
    assert.deepEqual(
      await ask(restRequest({ [ASSERTION]: good }), { scope: 'stage' }),
      allowed(`${METHOD_ARN.split('/')[0]}/test/*`),
    );
  });

  test('is never for a path that would be a pattern', async () => {
    for (const path of ['GET/a/*', 'GET/*', 'GET/a?b', `GET/$${'{'}aws:UserAgent}`]) {
      const arn = METHOD_ARN.replace('GET/request', path);
      assert.deepEqual(await ask(restRequest({ [ASSERTION]: good }, arn)), denied('policy_denied', arn));
    }
  });
});

describe('the error for an outage', () => {
  test('has a name and a message that are always the same, and its reason as the cause', async () => {
    const keys = { ...options.keys, find: () => Promise.reject(new PomeriumError('keys_unavailable', 'down')) };
    const error = await authorizer({ keys })(http2({ [ASSERTION]: good })).catch((thrown) => thrown);
    assert.include(error, {
      name: 'PomeriumError',
      message: 'pomerium-edge: keys_unavailable',
      code: 'keys_unavailable',
    });
    assert.propertyVal(error.cause, 'message', 'down');
  });
});

describe('the person whom a policy refused', () => {
  test('is no principal where the answer would be too long', async () => {
    const long = await sign(key, { sub: 's'.repeat(7900), user: 'u' });
    const answer = await ask(restRequest({ [ASSERTION]: long }), { policy: denyAll });
    assert.deepEqual(answer, { ...denied('policy_denied'), principalId: 'refused' });
  });

  test('is none where only the assertion of the user for whom somebody calls was refused', async () => {
    const callers = compilePolicy({ allow: { or: [{ user: 'u-alice' }] } });
    const onBehalfOf = { audience: HOST, keys: options.keys, callers };
    const headers = { [ASSERTION]: good, [`${ASSERTION}-for`]: expired };
    assert.deepEqual(await ask(restRequest(headers), { onBehalfOf, responses: 'policy' }), denied('expired'));
    const others = { ...onBehalfOf, callers: denyAll };
    assert.deepEqual(await ask(restRequest(headers), { onBehalfOf: others }), denied('policy_denied'));
  });
});

/** Each caller with its limit: API Gateway's 8 KB for the whole answer, AppSync's 5 MB. */
describe('the context fits, whatever is long', () => {
  type Answer = { context?: AuthorizerContext; resolverContext?: AuthorizerContext };
  const LONG_ARN = `${METHOD_ARN}/${'p'.repeat(1400)}`;
  const answerFor = async (claims: Record<string, unknown>, more: AuthorizerOptions = {}, arn = METHOD_ARN) =>
    (await authorizer(more)(restRequest({ [ASSERTION]: await sign(key, claims) }, arn))) as unknown as Answer;
  const groups = Array.from({ length: 700 }, (_, i) => `00000000-0000-4000-8000-${i}-李`);
  const name = 'n'.repeat(5000);
  const added = { first: 'a'.repeat(3000), second: 'b'.repeat(3000), third: 'c'.repeat(3000) };
  const many = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`member${i}`, i]));
  const cases: [
    what: string,
    claims: Record<string, unknown>,
    more: AuthorizerOptions,
    truncated: string | undefined,
    arn?: string,
  ][] = [
    ['nothing', {}, {}, undefined],
    ['groups', { groups }, {}, 'groups'],
    ['groups, and the path', { groups }, {}, 'groups', LONG_ARN],
    ['the name', { name }, {}, undefined],
    ['the name, and groups', { name, groups }, {}, 'groups'],
    ['a name that alone is too much', { name: 'n'.repeat(9000), groups }, {}, 'groups,name'],
    ['ids that nobody needs', { jti: 'j'.repeat(4000), sid: 's'.repeat(4000) }, {}, 'name,tokenId'],
    ['what context added', {}, { context: () => added }, 'name,tokenId,sessionId,context'],
    ['the list of what context added', {}, { context: () => many }, 'name,tokenId,sessionId,context'],
    ['the user’s own ids', { sub: 's'.repeat(1900), email: 'e'.repeat(1900) }, {}, undefined],
  ];
  for (const [what, claims, more, truncated, arn] of cases) {
    test(`with something long: ${what}`, async () => {
      const answer = await answerFor(claims, more, arn);
      const context = answer.context ?? {};
      assert.isAtMost(Buffer.byteLength(JSON.stringify(answer)), 8000);
      assert.equal(context['truncated'], truncated);
      const { sub = 'u-alice', email = 'alice@example.com' } = claims as Record<string, string>;
      assert.deepInclude(context, { subject: sub, email, issuer: HOST, issuedAt: NOW, expiresAt: NOW + 300 });
      for (const left of truncated?.replace('groups', '').split(',') ?? []) assert.notProperty(context, left);
      if (truncated?.endsWith('context')) assert.doesNotHaveAnyKeys(context, ['first', 'member0']);
      const kept = JSON.parse(String(context['groups']));
      assert.deepEqual(kept, ((claims as { groups?: string[] }).groups ?? ['g1', 'engineering']).slice(0, kept.length));
    });
  }

  test('its size is asked for a few times only, however many members context adds', () => {
    let sizes = 0;
    const fits = (context: AuthorizerContext) => {
      sizes++;
      return Object.keys(context).length < 100;
    };
    const identity = { subject: 's', user: 'u', name: 'n', issuer: HOST, issuedAt: 1, expiresAt: 2, groups: [] };
    makeContext({ ...identity, audience: [HOST], claims: {} }, { added: many, fits });
    assert.isAtMost(sizes, 10);
  });

  test('groups take all the room there is', async () => {
    const { context, ...rest } = await answerFor({ groups: groups.map((group) => group.replace('李', 'x')) });
    const left = 8000 - Buffer.byteLength(JSON.stringify({ ...rest, context }));
    assert.isAtLeast(left, 0);
    assert.isBelow(left, 45);
  });

  test('ids that do not fit are an error, never cut', async () => {
    const answer = await ask(restRequest({ [ASSERTION]: await sign(key, { sub: 's'.repeat(4000), name }) }));
    assert.match(String(answer), /^thrown: The ids of the identity are too long/);
  });

  test('AppSync gets all of it', async () => {
    const assertion = await sign(key, { groups, name });
    const answer = (await authorizer()(appSync('none', { [ASSERTION]: assertion }))) as Answer;
    assert.deepInclude(answer.resolverContext, { groups: JSON.stringify(groups), name });
    assert.notProperty(answer.resolverContext, 'truncated');
  });
});

describe('the option context', () => {
  const contextOf = async (context: AuthorizerOptions['context'], event: unknown = http2({ [ASSERTION]: good })) =>
    ((await authorizer({ ...(context && { context }) })(event)) as { context: object }).context;

  test('adds members, and leaves out those that are undefined', async () => {
    const context = await contextOf(({ email, claims }) => ({
      domain: email?.split('@')[1],
      level: 3,
      isStaff: true,
      none: undefined,
      department: typeof claims['department'] === 'string' ? claims['department'] : undefined,
    }));
    assert.include(context, { domain: 'example.com', level: 3, isStaff: true, subject: 'u-alice' });
    assert.doesNotHaveAnyKeys(context, ['none', 'department', 'truncated']);
  });

  const mistake = new TypeError('mine');
  const mistakes: [what: string, context: unknown, says: RegExp][] = [
    [
      'throws',
      () => {
        throw mistake;
      },
      /context or usageIdentifierKey failed/,
    ],
    ['is async', async () => ({ a: 1 }), /must return a plain object, at once/],
    ['is async and rejects', () => Promise.reject(mistake), /must return a plain object, at once/],
    ['returns nothing', () => undefined, /it returned nothing/],
    ['returns a list', () => ['a'], /it returned a list/],
    ['names a member of the identity', () => ({ groups: 'admins' }), /"groups", which is a name of the context/],
    ['names the code of refusals', () => ({ code: 'x' }), /"code", which is a name of the context/],
    ['names what REST APIs put there', () => ({ principalId: 'x' }), /"principalId", which is a name of the context/],
    ['has a list', () => ({ roles: ['a'] }), /"roles" with a list; values are strings, finite numbers and booleans/],
    ['has null', () => ({ role: null }), /"role" with null/],
    [
      'throws a refusal',
      () => {
        throw new PomeriumError('policy_denied', 'mine');
      },
      /context or usageIdentifierKey failed/,
    ],
    ['has no number', () => ({ level: Number.NaN }), /"level" with NaN/],
  ];
  for (const [what, context, says] of mistakes) {
    test(`that ${what} is an error of the function, and logged`, async () => {
      const lines: object[] = [];
      const logger = {
        info: () => {},
        warn: () => {},
        error: (message: string, more: object) => lines.push({ message, ...more }),
      };
      const given = { context: context as NonNullable<AuthorizerOptions['context']>, logger, log: true };
      for (const event of [http2({ [ASSERTION]: good }), restToken(good), appSync('none', { [ASSERTION]: good })]) {
        assert.match(String(await ask(event, given)), /^thrown: /);
        assert.match(String(await ask(event, given)), says);
      }
      const isThrown = what.startsWith('throws');
      assert.deepInclude(lines[0], {
        message: 'failure',
        requestId: 'http2-request',
        ...(what === 'throws' && { error: mistake }),
      });
      if (!isThrown) assert.match(String((lines[0] as { reason?: unknown }).reason), says);
    });
  }

  test('is not asked about who is refused', async () => {
    const context = () => assert.fail('asked');
    assert.deepEqual(await ask(http2({ [ASSERTION]: expired }), { context }), isNot('expired'));
    assert.deepEqual(await ask(http2({ [ASSERTION]: good }), { context, policy: denyAll }), isNot('policy_denied'));
  });
});

describe('the option usageIdentifierKey', () => {
  const headers = { [ASSERTION]: good };
  const usageIdentifierKey = ({ email }: Identity) => `key of ${email}`;

  test('says whose usage plan counts, to REST APIs alone', async () => {
    const key = 'key of alice@example.com';
    assert.deepEqual(await ask(restRequest(headers), { usageIdentifierKey }), {
      ...allowed(),
      usageIdentifierKey: key,
    });
    assert.deepEqual(await ask(http1(headers), { usageIdentifierKey }), allowed());
    assert.deepEqual(await ask(restRequest(headers), { usageIdentifierKey: () => undefined }), allowed());
  });

  test('may be as long as a key of API Gateway', async () => {
    const key = 'k'.repeat(128);
    assert.include(await ask(restRequest(headers), { usageIdentifierKey: () => key }), { usageIdentifierKey: key });
  });

  test('that gives no API key is an error of the function', async () => {
    for (const wrong of ['', 7, 'k'.repeat(129), 'k'.repeat(9000), Promise.reject(new Error('mine'))]) {
      const answer = await ask(restRequest(headers), { usageIdentifierKey: () => wrong as string });
      assert.match(String(answer), /^thrown: usageIdentifierKey must return an API key/);
    }
  });
});

describe('method and path for policies', () => {
  const on = (http_path: string) => ({
    policy: compilePolicy({ allow: { and: [{ http_method: 'GET' }, { http_path }] } }),
  });
  const headers = { [ASSERTION]: good };
  const cases: [name: string, event: unknown, path: string][] = [
    ['REST, without stage and base path', restRequest(headers), '/request'],
    ['REST, decoded', restRequest(headers, METHOD_ARN.replace('request', 'a%20b/c')), '/a b/c'],
    ['REST, the root', restRequest(headers, METHOD_ARN.replace('request', '')), '/'],
    ['TOKEN', restToken(good), '/request'],
    ['HTTP 1.0, without stage', http1(headers), '/request'],
    ['HTTP 2.0, without stage', http2(headers), '/request'],
    ['HTTP 2.0, only the stage', http2(headers, { rawPath: '/test' }), '/'],
    ['HTTP 2.0, $default', http2(headers, { stage: '$default', rawPath: '/test/request' }), '/test/request'],
    [
      'HTTP 2.0, $default, at a domain name',
      http2(headers, { stage: '$default', domainName: 'api.example.com', rawPath: '/test/request' }),
      '/test/request',
    ],
    ['HTTP 2.0, not the stage but longer', http2(headers, { rawPath: '/testing/request' }), '/testing/request'],
  ];
  for (const [name, event, path] of cases) {
    test(`${name}: ${path}`, async () => {
      const is = JSON.stringify(await ask(event, on(path)));
      const isNotIt = JSON.stringify(await ask(event, on(`${path}x`)));
      assert.match(is, /"isAuthorized":true|"Effect":"Allow"/);
      assert.notMatch(isNotIt, /"isAuthorized":true|"Effect":"Allow"/);
    });
  }
});

describe('the environment', () => {
  const names = ['AUDIENCE', 'JWKS', 'POLICY', 'ALLOW_BEARER', 'SCOPE', 'RESPONSES'].map((name) => `POMERIUM_${name}`);
  afterEach(() => {
    for (const name of names) delete process.env[name];
  });

  test('gives the authorizer its options', async () => {
    process.env['POMERIUM_AUDIENCE'] = HOST;
    process.env['POMERIUM_JWKS'] = JSON.stringify(jwks(key));
    process.env['POMERIUM_ALLOW_BEARER'] = 'true';
    const handler = createAuthorizer({ now: () => NOW, log: false });
    assert.include(await handler(http2({ authorization: `Bearer ${good}` })), { isAuthorized: true });
    process.env['POMERIUM_POLICY'] = '{}';
    assert.include(await createAuthorizer({ now: () => NOW, log: false })(http2({ [ASSERTION]: good })), {
      isAuthorized: false,
    });
  });

  test('says how requests are answered, where no option does', async () => {
    const headers = { [ASSERTION]: good };
    process.env['POMERIUM_SCOPE'] = 'stage';
    process.env['POMERIUM_RESPONSES'] = 'policy';
    const stage = `${METHOD_ARN.split('/')[0]}/test/*`;
    assert.deepEqual(await ask(http2(headers)), allowed(stage));
    assert.deepEqual(await ask(restRequest({})), denied('missing_assertion'));
    assert.deepEqual(await ask(restRequest(headers), { scope: 'method' }), allowed());
    assert.deepEqual(await ask(http2({}), { responses: 'simple' }), isNot('missing_assertion'));
    process.env['POMERIUM_SCOPE'] = '';
    process.env['POMERIUM_RESPONSES'] = '';
    assert.deepEqual(await ask(restRequest(headers)), allowed());
    assert.deepEqual(await ask(restRequest({})), 'thrown: Unauthorized');
  });

  test('that cannot work is thrown while the function starts', () => {
    assertMisconfigured(() => createAuthorizer(), /POMERIUM_AUDIENCE is not set/);
    process.env['POMERIUM_SCOPE'] = 'api';
    assertMisconfigured(() => createAuthorizer(options), /POMERIUM_SCOPE must be 'method' or 'stage'; it is "api"/);
    delete process.env['POMERIUM_SCOPE'];
    process.env['POMERIUM_RESPONSES'] = 'iam';
    assertMisconfigured(
      () => createAuthorizer(options),
      /POMERIUM_RESPONSES must be 'simple' or 'policy'; it is "iam"/,
    );
    delete process.env['POMERIUM_RESPONSES'];
    process.env['POMERIUM_ALLOW_BEARER'] = 'yes';
    assertMisconfigured(() => createAuthorizer(options), /POMERIUM_ALLOW_BEARER must be true or false/);
  });
});
