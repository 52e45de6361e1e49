import { SSMClient } from '@aws-sdk/client-ssm';
import middy from '@middy/core';
import { afterAll, assert, describe, test } from 'vitest';
import { readHttpEvent } from '../../../adapters/aws-lambda/events.ts';
import {
  type AuthorizerOptions,
  createAuthorizer,
  createEdgeHandler,
  createRefresher,
  type LambdaOptions,
  pomeriumMiddleware,
  ssmStore,
  withPomerium,
} from '../../../adapters/aws-lambda/index.ts';
import { compileRoutes, type Identity, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { assertMisconfigured } from '../../support/verifying.ts';
import { appSync, cloudFront, http1, http2, restRequest, restToken, webSocketConnect } from './events.ts';
import { withVariables } from './process.ts';
import { type ApiEvents, DOMAIN, httpApi, restApi } from './request-events.ts';
import { startSsm } from './ssm-server.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const keys = staticKeys(jwks(key));
const base = { keys, now: () => NOW, log: false };
const alice = await sign(key);
const admin = await sign(key, { sub: 'u-admin', user: 'u-admin', groups: ['admins'] });
const anonymous = await sign(key, { sub: '', user: '', email: '' });

const forAdmins = { policy: [{ allow: { or: [{ groups: 'admins' }] } }] };
const forSomebody = { allow_any_authenticated_user: true };
const forAnybody = { allow_public_unauthenticated_access: true };
/** Routes of one host. */
const routesOf = (...routes: object[]) => routes.map((one) => ({ from: `https://${HOST}`, to: 'http://app', ...one }));

/** The answer of an authorizer, in short: allowed, the code of the refusal, or what was thrown. */
async function ask(event: unknown, options: AuthorizerOptions): Promise<string> {
  try {
    const answer = await createAuthorizer({ ...base, ...options })(event);
    const { code } = 'resolverContext' in answer ? answer.resolverContext : answer.context;
    const allows =
      'policyDocument' in answer ? answer.policyDocument.Statement[0]?.Effect === 'Allow' : answer.isAuthorized;
    return allows ? 'allowed' : `${code}`;
  } catch (error) {
    return `thrown: ${error instanceof Error ? error.message : error}`;
  }
}

describe('an authorizer with routes answers each caller by its own contract', () => {
  const withHeader = (make: (headers: Record<string, string>) => unknown) => (token: string) =>
    make({ [ASSERTION]: token });
  const callers: [name: string, make: (token: string) => unknown, nobody: string, options?: AuthorizerOptions][] = [
    ['REST, TOKEN', restToken, 'thrown: Unauthorized'],
    ['REST, REQUEST', withHeader(restRequest), 'thrown: Unauthorized'],
    ['WebSocket $connect', withHeader(webSocketConnect), 'thrown: Unauthorized'],
    ['HTTP API 1.0', withHeader(http1), 'anonymous'],
    ['HTTP API 1.0, simple', withHeader(http1), 'anonymous', { responses: 'simple' }],
    ['HTTP API 2.0', withHeader(http2), 'anonymous'],
    ['HTTP API 2.0, policy', withHeader(http2), 'anonymous', { responses: 'policy' }],
    ['AppSync', (token) => appSync(`Bearer ${token}`), 'anonymous', { allowBearer: true }],
  ];
  for (const [name, make, nobody, more] of callers) {
    test(`${name}: who may pass, and who may not`, async () => {
      assert.equal(await ask(make(alice), { ...more, routes: routesOf(forSomebody) }), 'allowed');
      assert.equal(await ask(make(alice), { ...more, routes: routesOf(forAdmins) }), 'policy_denied');
      assert.equal(await ask(make(admin), { ...more, routes: routesOf(forAdmins) }), 'allowed');
    });
    test(`${name}: nobody is refused, also on a public route`, async () => {
      for (const access of [forAnybody, forSomebody]) {
        assert.equal(await ask(make(anonymous), { ...more, routes: routesOf(access) }), nobody);
      }
    });
  }

  test('the context says by which route', async () => {
    const contextWith = async (name: object) => {
      const authorize = createAuthorizer({ ...base, routes: routesOf({ ...name, ...forSomebody }) });
      const answer = await authorize(http2({ [ASSERTION]: alice }));
      return 'context' in answer ? answer.context : assert.fail();
    };
    assert.propertyVal(await contextWith({ name: 'app' }), 'route', 'app');
    assert.propertyVal(await contextWith({}), 'route', `https://${HOST}`);
  });

  test('and so does the log', async () => {
    const logged: object[] = [];
    const logger = { info: (_: string, details: object) => logged.push(details), warn: () => {}, error: () => {} };
    const routes = routesOf({ name: 'app', ...forSomebody });
    await createAuthorizer({ ...base, log: true, logger, routes })(http2({ [ASSERTION]: alice }));
    assert.deepInclude(logged[0], { code: 'allowed', route: 'app' });
  });

  test('a policy for the whole stage is refused by name, by option and by variable', async () => {
    const message = /^scope: 'stage' opens every method and path .*routes differ by these; write scope: 'method'/;
    assertMisconfigured(() => createAuthorizer({ ...base, scope: 'stage', routes: routesOf(forSomebody) }), message);
    await withVariables({ POMERIUM_ROUTES: JSON.stringify(routesOf(forSomebody)) }, () =>
      assertMisconfigured(() => createAuthorizer({ ...base, scope: 'stage' }), message),
    );
  });

  test('routes and what they say already exclude each other, by option and by variable', async () => {
    const routes = routesOf(forSomebody);
    assertMisconfigured(() => createAuthorizer({ ...base, routes, audience: HOST }), /leave audience out/);
    await withVariables({ POMERIUM_AUDIENCE: HOST }, () =>
      assertMisconfigured(() => createAuthorizer({ ...base, routes }), /leave POMERIUM_AUDIENCE out/),
    );
    await withVariables({ POMERIUM_ROUTES: JSON.stringify(routes), POMERIUM_POLICY: '{}' }, () =>
      assertMisconfigured(() => createAuthorizer(base), /leave POMERIUM_POLICY out/),
    );
  });

  test('variables that a template leaves empty are not set', async () => {
    const empty = {
      POMERIUM_AUDIENCE: '',
      POMERIUM_ISSUER: '',
      POMERIUM_LIST_CLAIMS: '',
      POMERIUM_LEAVE_TO_POMERIUM: '',
    };
    await withVariables({ ...empty, POMERIUM_ROUTES: JSON.stringify(routesOf(forSomebody)) }, async () => {
      assert.equal(await ask(http2({ [ASSERTION]: alice }), {}), 'allowed');
    });
  });
});

describe('the targets of an event have the one that Pomerium sent', () => {
  const SENT = ['/', '/admin/users', '/a%20b/%E6%9D%8E.png', '/items:batch', '/items%3Abatch', '/what%3F', '/c%23'];
  type Api = [name: string, prefix: string, make: (sent: string) => ApiEvents, unknown?: RegExp];
  const apis: Api[] = [
    ['REST API, own address', '/test', (sent) => restApi(sent, {})],
    ['REST API, domain name', '', (sent) => restApi(sent, {}, { base: '' })],
    // The ARN has no base path.
    ['REST API, domain name and base path', '/v1', (sent) => restApi(sent, {}, { base: '/v1' }), /TOKEN/],
    ['HTTP API, own address', '', (sent) => httpApi(sent, {})],
    ['HTTP API, own address, stage', '/test', (sent) => httpApi(sent, {}, { stage: 'test' })],
    ['HTTP API, domain name', '', (sent) => httpApi(sent, {}, { domainName: DOMAIN })],
    // Payload 2.0 has no base path.
    [
      'HTTP API, domain name and base path',
      '/v1',
      (sent) => httpApi(sent, {}, { domainName: DOMAIN, base: '/v1' }),
      /2/,
    ],
  ];
  for (const [api, prefix, make, unknown] of apis) {
    const { authorizers, functions } = make('/');
    for (const kind of ['authorizers', 'functions'] as const) {
      for (const event of Object.keys({ authorizers, functions }[kind])) {
        if (unknown?.test(event)) continue;
        test(`${api}: ${kind}, ${event}`, () => {
          for (const sent of SENT) {
            const { targets } = readHttpEvent(make(sent)[kind][event]).sent ?? assert.fail(`${sent}: none`);
            assert.include(targets, prefix + sent);
          }
        });
      }
    }
  }

  test('WebSocket API, own address', () => {
    const event = webSocketConnect({});
    const domainName = 'abcdef123.execute-api.us-east-1.amazonaws.com';
    const connect = { ...event, requestContext: { ...event.requestContext, domainName } };
    assert.deepEqual(readHttpEvent(connect).sent?.targets, ['/test', '/test/']);
    assert.deepEqual(readHttpEvent(event).sent?.targets, ['/']);
  });
});

describe('a stage is part of the path that routes are held against', () => {
  const routes = routesOf({ prefix: '/test/admin', ...forAdmins }, { prefix: '/test/', ...forSomebody });
  const headers = { [ASSERTION]: alice };
  const apis: [name: string, make: (sent: string) => ApiEvents][] = [
    ['REST API', (sent) => restApi(sent, headers)],
    ['HTTP API', (sent) => httpApi(sent, headers, { stage: 'test' })],
  ];
  for (const [api, make] of apis) {
    for (const event of Object.keys(make('/').authorizers)) {
      test(`${api}, ${event}`, async () => {
        assert.equal(await ask(make('/x').authorizers[event], { routes }), 'allowed');
        assert.equal(await ask(make('/admin/x').authorizers[event], { routes }), 'policy_denied');
      });
    }
  }
});

describe('the path of an HTTP API, which is decoded, is judged as what the function serves', () => {
  const routes = routesOf({ path: '/open', ...forSomebody }, { prefix: '/files/', ...forSomebody }, forAdmins);
  const decode = (rawPath: string, more: object = {}) =>
    ask(
      { ...http2({ [ASSERTION]: alice }), rawPath, requestContext: { stage: '$default', http: { method: 'GET' } } },
      more,
    );

  test('so that nothing of it is taken for a query', async () => {
    assert.equal(await decode('/open', { routes }), 'allowed');
    for (const path of ['/open?//x', '/open?/../x', '/open?\\x', '/files/x?/../../x', '/open#//x']) {
      assert.equal(await decode(path, { routes }), 'policy_denied', path);
    }
  });

  test('and every route must allow one with a slash that Envoy may have had as %2F', async () => {
    for (const action of ['keep_unchanged', 'UNESCAPE_AND_FORWARD']) {
      const configuration = { path_with_escaped_slashes_action: action, routes };
      assert.equal(await decode('/files/x', { routes: configuration }), 'policy_denied');
      assert.equal(await decode('/open', { routes: configuration }), 'allowed');
      const alike = { ...configuration, routes: routesOf({ path: '/open', ...forSomebody }, forSomebody) };
      assert.equal(await decode('/files/x', { routes: alike }), 'allowed');
    }
    assert.equal(await decode('/files/x', { routes }), 'allowed');
  });

  test('while a policy of the route about the path is asked about it', async () => {
    const policy = [{ allow: { or: [{ http_path: { starts_with: '/files/' } }] } }];
    assert.equal(await decode('/files/x', { routes: routesOf({ policy }) }), 'allowed');
    assert.equal(await decode('/other/x', { routes: routesOf({ policy }) }), 'policy_denied');
  });
});

describe('routes that differ by path let nothing through of which an event does not tell the path', () => {
  const routes = routesOf({ prefix: '/admin', ...forAdmins }, forSomebody);
  const headers = { [ASSERTION]: alice };
  const elsewhere = { stage: 'test', domainName: DOMAIN };
  const cases: [name: string, told: object, untold: object][] = [
    ['REST, REQUEST', restRequest(headers), { resource: '/other' }],
    ['REST, for another ARN', restRequest(headers), { methodArn: 'a:b:c:d:e:f/test/GET/other' }],
    ['HTTP API 1.0', http1(headers), { resource: '/other', requestContext: elsewhere }],
    ['HTTP API 2.0', http2(headers), { requestContext: elsewhere }],
  ];
  for (const [name, told, untold] of cases) {
    test(`an authorizer, ${name}`, async () => {
      assert.equal(await ask(told, { routes }), 'allowed');
      assert.equal(await ask({ ...told, ...untold }, { routes }), 'policy_denied');
    });
  }

  test('a function, WebSocket', async () => {
    const { requestContext } = webSocketConnect(headers);
    const call = async (more: object) => {
      const handler = withPomerium<object, object>(async () => ({ statusCode: 200 }), { ...base, routes });
      return await handler({ headers, requestContext: { ...requestContext, ...more } }, {});
    };
    assert.propertyVal(await call({}), 'statusCode', 200);
    assert.propertyVal(await call({ routeKey: '$default', eventType: 'MESSAGE' }), 'statusCode', 403);
  });
});

describe('functions behind HTTP, with routes', () => {
  type Event = Record<string, unknown>;
  interface Told {
    readonly identity?: Identity | undefined;
    readonly headers?: object;
  }
  const answer = (told: Told) => ({ statusCode: 200, body: JSON.stringify(told) });
  const wrappers: [name: string, make: (options: LambdaOptions<Event>) => (event: Event) => Promise<unknown>][] = [
    [
      'withPomerium',
      (options) => {
        const handler = withPomerium(
          ({ headers }: Event, _: unknown, identity) => answer({ identity, headers: Object(headers) }),
          options,
        );
        return (event) => handler(event, {});
      },
    ],
    [
      'Middy',
      (options) => {
        const handler = middy<Event>()
          .use(pomeriumMiddleware(options))
          .handler(async ({ identity, headers }) =>
            answer({ identity: identity as Identity | undefined, headers: Object(headers) }),
          );
        return (event) => handler(event as never, {} as never);
      },
    ],
  ];
  const routes = routesOf({ prefix: '/public', ...forAnybody }, { name: 'app', ...forSomebody });
  for (const [name, make] of wrappers) {
    const call = async (access: object, token: string, rawPath = '/request') => {
      const event = { ...http2({ [ASSERTION]: token }, { rawPath, stage: '$default' }), type: undefined };
      const result = (await make({ ...base, routes: access })(event)) as { statusCode: number; body: string };
      return result.statusCode === 200 ? (JSON.parse(result.body) as Told) : result.statusCode;
    };

    test(`${name}: the identity says by which, and on a public one nobody comes in`, async () => {
      assert.nestedPropertyVal(await call(routes, alice), 'identity.route.name', 'app');
      assert.deepEqual(await call(routes, anonymous, '/public/x'), { headers: {} });
      assert.equal(await call(routes, anonymous), 401);
      assert.equal(await call(routesOf(forAdmins), alice), 403);
    });
  }
});

describe('Lambda@Edge, with routes by code', () => {
  const routes = compileRoutes(routesOf({ prefix: '/admin', ...forAdmins }, { prefix: '/public', ...forAnybody }));
  const call = async (token: string, uri: string) => {
    const answer = await createEdgeHandler({ ...base, routes })(cloudFront({ [ASSERTION]: token }, uri));
    return 'status' in answer ? answer.status : Object.keys(answer.headers).includes(ASSERTION);
  };

  test('decide, and need no audience', async () => {
    assert.equal(await call(admin, '/admin/x'), true);
    assert.equal(await call(alice, '/admin/x'), '403');
    assert.equal(await call(alice, '/public/x'), true);
    assert.equal(await call(anonymous, '/public/x'), false);
    assert.equal(await call(anonymous, '/admin/x'), '401');
    assert.equal(await call(admin, '/other'), '403');
  });

  test('with a wildcard among them keys must be given', () => {
    const wildcard = [{ from: 'https://*.apps.corp.example.com', to: 'http://app', ...forSomebody }];
    assertMisconfigured(
      () => createEdgeHandler({ routes: wildcard }),
      /from which no JWKS URL can be made; write keys/,
    );
    createEdgeHandler({ ...base, routes: wildcard });
  });
});

describe('where the keys are kept, with routes', () => {
  const name = '/pomerium-edge/routes';
  const routes = routesOf({ to: 'http://app', ...forSomebody });
  const started = startSsm();
  afterAll(async () => (await started).close());

  test('the refresher has its URL from them, and an authorizer without a way out asks for the same', async () => {
    const ssm = await started;
    const client = new SSMClient({
      endpoint: ssm.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    });
    const { url } = await Origin.start(jwksAnswer(jwks(key)));
    const now = () => NOW;
    await withVariables({ POMERIUM_JWKS_URL: url, POMERIUM_ROUTES: JSON.stringify(routes) }, async () => {
      await createRefresher({ name, client, now })();
      assert.include(ssm.parameters.get(name), key.kid);
      const store = ssmStore({ name, client });
      const authorize = createAuthorizer({ store, fetchKeys: false, now, log: false });
      await authorize.ready;
      assert.include(await authorize(http2({ [ASSERTION]: alice })), { isAuthorized: true });
    });
    const events: string[] = [];
    await withVariables({}, async () => {
      const store = ssmStore({ name, client });
      const onEvent = (event: { type: string; message?: string }) => void events.push(event.message ?? '');
      const authorize = createAuthorizer({ store, fetchKeys: false, now, log: false, routes, onEvent });
      await authorize.ready;
    });
    assert.match(
      events[0] ?? '',
      new RegExp(`, not of https://${HOST}/.well-known/pomerium/jwks.json; set POMERIUM_JWKS_URL`),
    );
    client.destroy();
  });

  test('the refresher takes what the routes need to compile', async () => {
    const policy = [{ allow: { and: [{ accept: true }, { source_ip: 'x' }] }, deny: { or: [{ 'claim/roles': 'x' }] } }];
    const needy = { jwt_claims_headers: ['roles'], routes: routesOf({ policy }) };
    const client = { send: async () => ({}) };
    assertMisconfigured(() => createRefresher({ name, client, routes: needy }), /source_ip/);
    createRefresher({ name, client, routes: needy, listClaims: ['roles'], leaveToPomerium: ['source_ip'] });
    const variables = { POMERIUM_LIST_CLAIMS: 'roles', POMERIUM_LEAVE_TO_POMERIUM: 'source_ip' };
    await withVariables(variables, () => createRefresher({ name, client, routes: needy }));
  });
});
