import { afterEach, assert, describe, test } from 'vitest';
import { type AuthorizerOptions, createAuthorizer } from '../../../adapters/aws-lambda/index.ts';
import { compilePolicy, staticKeys } from '../../../core/index.ts';
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
  principalId: 'refused',
  policyDocument: policy('Deny', Resource),
  context: { code },
});
const isNot = (code: string) => ({ isAuthorized: false, context: { code } });
const appSyncNot = (code: string) => ({ isAuthorized: false, resolverContext: { code }, ttlOverride: 0 });
const CONNECT = METHOD_ARN.replace('GET/request', '$connect');

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
    test(`${name}: no keys are a refusal, and are not taken for the caller's fault in the log`, async () => {
      const logged: unknown[] = [];
      const logger = {
        info: () => {},
        warn: () => {},
        error: (_: string, details: object) => void logged.push(details),
      };
      const audience = 'localhost';
      const keys = { find: options.keys.find, ready: options.keys.ready };
      const { PomeriumError } = await import('../../../core/index.ts');
      const failing = {
        ...keys,
        find: () => {
          throw new PomeriumError('keys_unavailable', 'down');
        },
      };
      assert.deepEqual(
        await ask(make(good), { ...more, audience, keys: failing, logger, log: true }),
        refused('keys_unavailable'),
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

  const twice: [string, unknown][] = [
    ['two values', { ...restRequest({}), multiValueHeaders: { [ASSERTION]: [good, good] } }],
    [
      'two spellings',
      { ...restRequest({}), multiValueHeaders: { [ASSERTION]: [good], 'X-Pomerium-Jwt-Assertion': [good] } },
    ],
    ['joined with a comma', restRequest({ [ASSERTION]: `${good},${good}` })],
  ];
  for (const [name, event] of twice) {
    test(`twice is refused: ${name}`, async () => {
      const refused: unknown[] = [];
      const onEvent = (one: { type: string; code?: string }) => void refused.push(one.code);
      assert.equal(await ask(event, { onEvent }), 'thrown: Unauthorized');
      assert.deepEqual(refused, ['duplicate_assertion']);
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
    for (const path of ['GET/a/*', 'GET/*', 'GET/a?b']) {
      const arn = METHOD_ARN.replace('GET/request', path);
      assert.deepEqual(await ask(restRequest({ [ASSERTION]: good }, arn)), denied('policy_denied', arn));
    }
  });

  test('says what it left out where groups are too many', async () => {
    const groups = Array.from({ length: 700 }, (_, i) => `00000000-0000-4000-8000-${i}-李`);
    const answer = (await authorizer()(restRequest({ [ASSERTION]: await sign(key, { groups }) }))) as {
      context: Record<string, string>;
    };
    assert.isBelow(Buffer.byteLength(JSON.stringify(answer)), 8192);
    assert.equal(answer.context['truncated'], 'groups');
    const kept = JSON.parse(answer.context['groups'] ?? '');
    assert.isAbove(kept.length, 50);
    assert.deepEqual(kept, groups.slice(0, kept.length));
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
  const names = ['POMERIUM_AUDIENCE', 'POMERIUM_JWKS', 'POMERIUM_POLICY', 'POMERIUM_ALLOW_BEARER'];
  afterEach(() => {
    for (const name of names) delete process.env[name];
  });

  test('configures it', async () => {
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

  test('that cannot work is thrown while the function starts', () => {
    assertMisconfigured(() => createAuthorizer(), /POMERIUM_AUDIENCE is not set/);
    process.env['POMERIUM_ALLOW_BEARER'] = 'yes';
    assertMisconfigured(() => createAuthorizer(options), /POMERIUM_ALLOW_BEARER must be true or false/);
  });
});
