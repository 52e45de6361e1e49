import { assert, describe, test } from 'vitest';
import { withBearer } from '../../../adapters/aws-lambda/bearer.ts';
import { readHttpEvent } from '../../../adapters/aws-lambda/events.ts';
import { type AuthorizerOptions, createAuthorizer, withPomerium } from '../../../adapters/aws-lambda/index.ts';
import { readPath } from '../../../core/adapter.ts';
import { compilePolicy, staticKeys } from '../../../core/index.ts';
import { costOf } from '../../support/cost.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { appSync, http2, METHOD_ARN, restRequest, restToken, webSocketConnect } from './events.ts';
import { type ApiEvents, DOMAIN, directEvents, type HttpApiSetting, httpApi, restApi } from './request-events.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const good = await sign(key);
const headers = { [ASSERTION]: good };
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };

/** What a client sends, and the path that must be judged: where AWS hands it over as it was sent, and decoded. */
const REQUESTS: readonly (readonly [sent: string, path: string | null, ofDecoded?: string | null])[] = [
  ['/', '/'],
  ['/admin/users', '/admin/users'],
  ['/admin/', '/admin/'],
  ['/%61dmin', '/admin'],
  ['/%2561dmin', null],
  ['/reports/100%25', '/reports/100%'],
  ['/a%20b/%E6%9D%8E.png', '/a b/李.png'],
  ['/what%3F', '/what?'],
  ['/c%23', '/c#'],
  ['/items:batch', '/items:batch'],
  ['/search/foo*', '/search/foo*'],
  // The name of the stage, of the base path, and of a WebSocket API's route.
  ['/test', '/test'],
  ['/test/admin', '/test/admin'],
  ['/testing', '/testing'],
  ['/$default/admin', '/$default/admin'],
  ['/v1/admin', '/v1/admin'],
  ['/admin/$connect', '/admin/$connect'],
  ['/a%2Fb', null, '/a/b'],
  ['/public/../admin', null],
  ['//admin', null],
];

const rest = (setting?: { base: string }) => (sent: string) => restApi(sent, headers, setting);
const http = (setting?: HttpApiSetting) => (sent: string) => httpApi(sent, headers, setting);
const APIS: readonly (readonly [name: string, make: (sent: string) => ApiEvents])[] = [
  ['REST API, own address', rest()],
  ['REST API, domain name', rest({ base: '' })],
  ['REST API, domain name and base path', rest({ base: '/v1' })],
  ['REST API, domain name and base path of two segments', rest({ base: '/orders/v1' })],
  ['REST API, domain name and base path, the stage in the path', rest({ base: '/v1/test' })],
  ['HTTP API, own address', http()],
  ['HTTP API, own address, route $default', http({ isDefaultRoute: true })],
  ['HTTP API, own address, stage', http({ stage: 'test' })],
  ['HTTP API, own address, stage, route $default', http({ stage: 'test', isDefaultRoute: true })],
  ['HTTP API, domain name', http({ domainName: DOMAIN })],
  ['HTTP API, domain name and base path', http({ domainName: DOMAIN, base: '/v1' })],
  ['HTTP API, domain name and base path, stage', http({ domainName: DOMAIN, base: '/v1', stage: 'test' })],
  [
    'HTTP API, domain name and base path, stage that is not in the path',
    http({ domainName: DOMAIN, base: '/v1', stage: 'test', hasStage: false }),
  ],
  [
    'HTTP API, domain name and base path, decoded parameters',
    http({ domainName: DOMAIN, base: '/v1', areParametersDecoded: true }),
  ],
];

function judged(event: unknown): { method: string | undefined; path: string | null } {
  const { method, url } = readHttpEvent(event);
  return { method, path: readPath(url) };
}

describe('authorizer and function read the same method and path', () => {
  for (const [name, make] of APIS) {
    test(name, () => {
      for (const [sent, path, ofDecoded = path] of REQUESTS) {
        const { authorizers, functions } = make(sent);
        const expected = { method: 'GET', path: name.startsWith('HTTP') ? ofDecoded : path };
        for (const [kind, event] of Object.entries({ ...authorizers, ...functions }))
          assert.deepEqual(judged(event), expected, `${kind} ${sent}`);
      }
    });
  }

  test('WebSocket API: an upgrade is a GET of the one path', () => {
    const { methodArn: _, type: __, ...connect } = webSocketConnect(headers);
    assert.deepEqual(judged(webSocketConnect(headers)), { method: 'GET', path: '/' });
    assert.deepEqual(judged(connect), { method: 'GET', path: '/' });
  });

  test('AppSync: a query is a POST to /graphql', () => {
    assert.deepEqual(judged(appSync(good)), { method: 'POST', path: '/graphql' });
  });

  for (const name of Object.keys(directEvents('/', headers))) {
    test(`${name}: the path as it was sent`, () => {
      for (const [sent, path] of REQUESTS)
        assert.deepEqual(judged(directEvents(sent, headers)[name]), { method: 'GET', path }, sent);
    });
  }
});

describe('the ARN of a REST authorizer', () => {
  const { TOKEN, REQUEST } = restApi('/a%20b%3Fc', headers).authorizers;
  const methodArn = METHOD_ARN.replace('request', 'a b?c');
  const cases: [name: string, event: object | undefined][] = [
    ['may have the path decoded', { ...REQUEST, methodArn }],
    ['may have the path as it was sent', REQUEST],
    ['has no query, as the only place of the path', { ...TOKEN, methodArn }],
  ];
  for (const [name, event] of cases) test(name, () => assert.equal(judged(event).path, '/a b?c'));
});

describe('authorizer and function decide the same', () => {
  const policies: readonly (readonly [name: string, ppl: object, allows: (path: string | null) => boolean])[] = [
    [
      'a path is denied',
      { allow: { or: [{ accept: true }] }, deny: { or: [{ http_path: { starts_with: '/admin' } }] } },
      (path) => path !== null && !/[?#;]|^\/admin/.test(path),
    ],
    [
      'a path is allowed',
      { allow: { and: [{ http_path: '/reports/100%' }, { http_method: 'GET' }] } },
      (path) => path === '/reports/100%',
    ],
    ['a method is allowed', { allow: { and: [{ http_method: 'GET' }] } }, () => true],
    ['another method is allowed', { allow: { and: [{ http_method: 'POST' }] } }, () => false],
  ];
  const isAllowed = (answer: unknown) =>
    /"isAuthorized":true|"Effect":"Allow"|^"in"$|"body":"in"/.test(JSON.stringify(answer));
  for (const [policyName, ppl, allows] of policies) {
    const given = { ...options, policy: compilePolicy(ppl) };
    const authorizer = createAuthorizer({ ...given, responses: 'simple' });
    const handler = withPomerium(() => 'in', given);
    for (const [name, make] of APIS) {
      test(`${policyName}: ${name}`, async () => {
        for (const [sent, path, ofDecoded = path] of REQUESTS) {
          const { authorizers, functions } = make(sent);
          const expected = allows(name.startsWith('HTTP') ? ofDecoded : path);
          // A REST API gets a policy, in which they would be patterns.
          const isPattern = name.startsWith('REST') && /[*?]/.test(sent);
          for (const [kind, event] of Object.entries(authorizers))
            assert.equal(isAllowed(await authorizer(event)), expected && !isPattern, `authorizer ${kind} ${sent}`);
          for (const [kind, event] of Object.entries(functions))
            assert.equal(isAllowed(await handler(event, {} as never)), expected, `function ${kind} ${sent}`);
        }
      });
    }
  }

  test('and so do a WebSocket’s $connect, AppSync and VPC Lattice, which have no httpMethod', async () => {
    const policy = (method: string, http_path: string) =>
      compilePolicy({ allow: { and: [{ http_method: method }, { http_path }] } });
    const connect = createAuthorizer({ ...options, policy: policy('GET', '/') });
    const graphql = createAuthorizer({ ...options, policy: policy('POST', '/graphql') });
    const lattice = withPomerium(() => 'in', { ...options, policy: policy('GET', '/a') });
    assert.isTrue(isAllowed(await connect(webSocketConnect(headers))));
    assert.isTrue(isAllowed(await graphql(appSync('none', headers))));
    for (const event of Object.values(directEvents('/a', headers)))
      assert.isTrue(isAllowed(await lattice(event, {} as never)));
  });
});

describe('a path that the event does not tell is one that policies refuse', () => {
  const inApi = (events: ApiEvents, kind: string) => events.functions[kind] ?? {};
  const restEvent = inApi(restApi('/admin', headers, { base: '/v1' }), 'proxy');
  const authorizerOf = (sent: string) => restApi(sent, headers).authorizers['REQUEST'];
  const atDomain = { domainName: DOMAIN, isDefaultRoute: true };
  const cases: [name: string, event: unknown][] = [
    [
      'HTTP API 1.0 at a domain name, route $default: there may be a base path',
      inApi(httpApi('/admin', headers, atDomain), '1.0'),
    ],
    [
      'HTTP API 2.0 at a domain name, route $default: the first segment may be the stage',
      inApi(httpApi('/admin', headers, { ...atDomain, stage: 'test' }), '2.0'),
    ],
    ['REST API: parameters that do not make up the path', { ...restEvent, pathParameters: { proxy: 'users' } }],
    ['REST API: no parameters', { ...restEvent, pathParameters: null }],
    ['REST API: a base path that no mapping has', { ...restEvent, path: '/v1/../admin' }],
    ['REST API: a base path with an empty segment', { ...restEvent, path: '/v1//admin' }],
    ['REST authorizer: a policy for another path', { ...authorizerOf('/admin'), path: '/users' }],
    ['no path', { version: '2.0', requestContext: {} }],
    ['an event of another shape', { Records: [{ s3: {} }] }],
  ];
  for (const [name, event] of cases) test(name, () => assert.isNull(judged(event).path));

  test('but nothing is taken off at a REST API’s own address', () => {
    const event = inApi(restApi('/users/admin', headers), 'proxy');
    assert.equal(judged({ ...event, pathParameters: { proxy: 'admin' } }).path, '/users/admin');
  });

  test('but other paths are read: HTTP API 2.0 at a domain name, route $default, without the stage before it', () => {
    const path = (event: unknown) => judged(event).path;
    assert.equal(path(inApi(httpApi('/test/a', headers, atDomain), '2.0')), '/test/a');
    assert.equal(path(inApi(httpApi('/a', headers, { ...atDomain, stage: 'test', hasStage: false }), '2.0')), '/a');
  });
});

describe('* and ? in a path', () => {
  const PATTERN = METHOD_ARN.replace('request', 'a*');
  const ANY_STAGE = METHOD_ARN.replace('/test/', '/*/');
  const ask = async (event: unknown, more: AuthorizerOptions = {}) =>
    JSON.stringify(await createAuthorizer({ ...options, ...more })(event));
  const patternEvent = httpApi('/a*', headers, { isDefaultRoute: true }).authorizers;
  const cases: [name: string, event: unknown, more: AuthorizerOptions, isAllowed: boolean][] = [
    ['are refused where a policy would hold them', restRequest(headers, PATTERN), {}, false],
    ['are refused where an HTTP API wants a policy', patternEvent['2.0'], { responses: 'policy' }, false],
    ['are refused where payload 1.0 wants a policy', patternEvent['1.0'], {}, false],
    ['mean nothing in a simple answer', patternEvent['2.0'], {}, true],
    ['mean nothing where the policy is for the stage', restRequest(headers, PATTERN), { scope: 'stage' }, true],
    ['count in the path, not in the stage of a test event', { ...restToken(good), methodArn: ANY_STAGE }, {}, true],
    ['count in the method', restRequest(headers, METHOD_ARN.replace('GET', '*')), {}, false],
  ];
  for (const [name, event, more, isAllowed] of cases) {
    test(name, async () => assert.match(await ask(event, more), isAllowed ? /:true|"Allow"/ : /"Deny"/));
  }
});

describe('AppSync’s Authorization', () => {
  const answer = async (event: unknown, allowBearer: boolean) =>
    (await createAuthorizer({ ...options, allowBearer })(event)) as { isAuthorized: boolean };
  const cases: [name: string, event: unknown, allowBearer: boolean, isAuthorized: boolean][] = [
    ['is the bare assertion, where allowed', appSync(good), true, true],
    ['does not count where that is not allowed', appSync(good), false, false],
    ['may be anything beside the assertion’s own header', appSync('none', headers), false, true],
    ['does not replace the assertion’s own header', appSync(good, { [ASSERTION]: 'a.b.c' }), true, false],
    ['with two words is no assertion', appSync(`Basic ${good}`), true, false],
    ['counts once, though it is among the headers, too', appSync(good, { Authorization: good }), true, true],
  ];
  for (const [name, event, allowBearer, isAuthorized] of cases) {
    test(name, async () => assert.equal((await answer(event, allowBearer)).isAuthorized, isAuthorized));
  }

  test('of HTTP APIs is never bare', () => {
    const event = readHttpEvent(http2({ authorization: good }));
    assert.equal(withBearer(event), event);
  });
});

describe('the request id', () => {
  const context = { awsRequestId: 'lambda-request' };
  const cases: [name: string, event: unknown, id: string | undefined][] = [
    ['is the event’s', http2(headers), 'http2-request'],
    ['is Lambda’s for TOKEN', restToken(good), 'lambda-request'],
    ['is Lambda’s for an ALB', directEvents('/', headers)['an ALB'], 'lambda-request'],
  ];
  for (const [name, event, id] of cases) test(name, () => assert.equal(readHttpEvent(event, context).requestId, id));

  test('is in the log of authorizer and function', async () => {
    const ids: unknown[] = [];
    const log = (_: string, details: Record<string, unknown>) => void ids.push(details['requestId']);
    const logger = { info: log, warn: log, error: log };
    await createAuthorizer({ ...options, logger, log: true })(restToken(good), context);
    await withPomerium(() => '', { ...options, logger, log: true })(
      directEvents('/', headers)['an ALB'] ?? {},
      context as never,
    );
    assert.deepEqual(ids, ['lambda-request', 'lambda-request']);
  });
});

describe('reading takes linear time: four times the text is not sixteen times the work', () => {
  const works: [name: string, work: (length: number) => () => unknown][] = [
    [
      'a path of slashes',
      (n) => () => readHttpEvent(restApi('/'.repeat(n), headers, { base: '/v1' }).functions['proxy']),
    ],
    ['a path of base paths', (n) => () => readHttpEvent({ ...restRequest(headers), path: '/v1'.repeat(n) })],
    ['a path of dots', (n) => () => readHttpEvent({ ...restRequest(headers), path: `/${'.'.repeat(n)}/request` })],
    ['an ARN of colons', (n) => () => readHttpEvent({ ...restToken(''), methodArn: ':'.repeat(n) })],
    [
      'a Bearer of spaces',
      (n) => () => withBearer(readHttpEvent(http2({ authorization: `Bearer ${' '.repeat(n)}a a` }))),
    ],
    ['a domain name of dots', (n) => () => readHttpEvent(http2(headers, { domainName: '.'.repeat(n) }))],
  ];
  for (const [name, work] of works) {
    test(name, () => {
      const few = work(25_000);
      costOf(few);
      // A clock that is coarse shows too little work, never too much.
      assert.isBelow(costOf(work(100_000)), 9 * Math.max(costOf(few), 0.1));
    });
  }
});
