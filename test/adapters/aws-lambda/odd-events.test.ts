import { assert, describe, test } from 'vitest';
import { createEdgeHandler, type LambdaOptions, withPomerium } from '../../../adapters/aws-lambda/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { webSocketConnect } from './events.ts';
import { collectConsole } from './process.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const token = await sign(key);
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };

describe('a message of a WebSocket has no path, so that no rule for one opens it:', () => {
  const rules: NonNullable<LambdaOptions['rules']> = [
    { path: '/', access: 'public' },
    { prefix: '/', access: 'authenticated' },
  ];
  const everything: NonNullable<LambdaOptions['rules']> = [{ prefix: '/', access: 'public' }];
  const cases: [name: string, context: object, rules: NonNullable<LambdaOptions['rules']>, status: number][] = [
    ['the opening request', { eventType: 'CONNECT', routeKey: '$connect' }, rules, 200],
    ['an opening request that only the route tells', { routeKey: '$connect' }, rules, 200],
    ['a message', { eventType: 'MESSAGE', routeKey: '$default' }, rules, 401],
    ['a message of a route of one’s own', { eventType: 'MESSAGE', routeKey: 'send' }, rules, 401],
    ['a message to a route of that name', { eventType: 'MESSAGE', routeKey: '$connect' }, rules, 401],
    ['the end', { eventType: 'DISCONNECT', routeKey: '$disconnect' }, rules, 401],
    ['what does not say', {}, rules, 401],
    ['a message, where everything is public', { eventType: 'MESSAGE', routeKey: '$default' }, everything, 200],
  ];
  for (const [name, context, given, status] of cases) {
    test(name, async () => {
      const { requestContext, methodArn: _, type: __, ...event } = webSocketConnect({});
      const { routeKey: ___, eventType: ____, ...rest } = requestContext as Record<string, unknown>;
      const handler = withPomerium(() => ({ statusCode: 200 }), { ...options, rules: given });
      const answer = await handler({ ...event, requestContext: { ...rest, ...context } }, {} as never);
      assert.equal((answer as { statusCode: number }).statusCode, status);
    });
  }
});

describe('an event for Lambda@Edge without headers has none:', () => {
  const event = {
    Records: [
      { cf: { config: { eventType: 'viewer-request' }, request: { method: 'GET', uri: '/', querystring: '' } } },
    ],
  };
  test('it is refused where somebody must come', async () => {
    assert.equal(((await createEdgeHandler(options)(event as never)) as { status?: string }).status, '401');
  });
  test('it goes on where nobody need', async () => {
    const answer = await createEdgeHandler({ ...options, optional: true })(event as never);
    assert.deepEqual(answer, { method: 'GET', uri: '/', querystring: '', headers: {} } as never);
  });
});

describe('what of an event for Lambda@Edge cannot be read', () => {
  const edgeEvent = (headers: object, config: object = { eventType: 'viewer-request' }) =>
    ({ Records: [{ cf: { config, request: { method: 'GET', uri: '/', querystring: '', headers } } }] }) as never;

  test('does not go on, where it is a header', async () => {
    const lines = [{ key: 'X-A', value: 'a' }, null, {}, { value: 7 }];
    const answer = await createEdgeHandler({ ...options, optional: true })(
      edgeEvent({ 'x-a': lines, 'x-b': 'b', 'x-c': null }),
    );
    assert.deepEqual((answer as { headers?: object }).headers, { 'x-a': [{ key: 'X-A', value: 'a' }] });
  });

  for (const config of [{}, { eventType: null }, { eventType: 7 }]) {
    test(`makes it no request, where it is the type: ${JSON.stringify(config)}`, async () => {
      const error = await createEdgeHandler(options)(edgeEvent({}, config)).catch((thrown) => thrown);
      assert.instanceOf(error, TypeError);
      assert.match(error.message, /^pomerium-edge: this event holds no request/);
    });
  }
});

test('an event for Lambda@Edge whose path is no text holds no request', async () => {
  const cf = {
    config: { eventType: 'viewer-request' },
    request: { method: 'GET', uri: [], querystring: {}, headers: {} },
  };
  const error = await createEdgeHandler(options)({ Records: [{ cf }] } as never).catch((thrown) => thrown);
  assert.instanceOf(error, TypeError);
  assert.match(error.message, /^pomerium-edge: this event holds no request/);
});

test('the names of a foreign event’s members are escaped and cut where the error prints them', async () => {
  const event = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`a\n\u202e${i}${'x'.repeat(2000)}`, i]));
  const error = await withPomerium(() => 'in', { audience: HOST, log: false })(event, {} as never).catch(
    (thrown) => thrown,
  );
  assert.match(error.message, /is no HTTP request; it has "a\\n\\u202e0xxx/);
  assert.isBelow(error.message.length, 2000);
});

test('a logger is given no more than the beginning of a path', async () => {
  const paths: unknown[] = [];
  const logger = {
    info: (_: string, { path }: Record<string, unknown>) => paths.push(path),
    warn: (_: string, { path }: Record<string, unknown>) => paths.push(path),
    error: () => {},
  };
  const handler = withPomerium(() => ({ statusCode: 200 }), { ...options, log: true, logger });
  const rawPath = `/${'a'.repeat(5000)}`;
  const event = { version: '2.0', rawPath, requestContext: { http: { method: 'GET' } } };
  await collectConsole(async () => {
    await handler({ ...event, headers: { [ASSERTION]: token } } as never, {} as never);
    await handler({ ...event, headers: {} } as never, {} as never);
  });
  assert.deepEqual(paths, [rawPath.slice(0, 512), rawPath.slice(0, 512)]);
});
