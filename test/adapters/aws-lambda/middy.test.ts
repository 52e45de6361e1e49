import middy from '@middy/core';
import httpCors from '@middy/http-cors';
import httpErrorHandler from '@middy/http-error-handler';
import { assert, describe, test } from 'vitest';
import { type LambdaOptions, pomeriumMiddleware } from '../../../adapters/aws-lambda/index.ts';
import { compilePolicy, remoteKeys, staticKeys } from '../../../core/index.ts';
import { freePort } from '../../../scripts/free-port.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { directEvents } from './request-events.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const ORIGIN = 'https://app.example.com';
const key = await makeKey();
const good = await sign(key);
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false } satisfies LambdaOptions;

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
interface Failed {
  error?: unknown;
  response?: unknown;
}

const eventWith = (headers: Record<string, string>) =>
  directEvents('/orders', { origin: ORIGIN, ...headers })['a function URL'] as { rawPath: string };

/** What `use` takes. */
type Middlewares = Parameters<middy.MiddyfiedHandler['use']>[0];
type Ours = ReturnType<typeof pomeriumMiddleware>;

/** `use`: the middlewares in the order in which they are used. */
async function answerOf(use: (ours: Ours) => Middlewares, { more = {}, headers = {} }: Given = {}): Promise<Answer> {
  const ours = pomeriumMiddleware({ ...options, ...more }) as Ours;
  const handler = middy()
    .use(use(ours))
    .handler(async () => ({ statusCode: 200, body: 'the order' }));
  return (await handler(eventWith(headers), {} as never)) as unknown as Answer;
}

const cors = () => httpCors({ origins: [ORIGIN] });
const errorHandler = () => httpErrorHandler({ logger: false });

interface Given {
  readonly more?: LambdaOptions;
  readonly headers?: Record<string, string>;
}
const headers = { [ASSERTION]: good };
const policy = compilePolicy({ allow: { and: [{ http_path: '/other' }] } });
const keys = remoteKeys(`http://127.0.0.1:${await freePort()}`);
const REFUSALS: readonly (readonly [what: string, status: number, message: string, code: string, given: Given])[] = [
  ['no assertion', 401, 'Unauthorized', 'missing_assertion', {}],
  ['a policy', 403, 'Forbidden', 'policy_denied', { headers, more: { policy } }],
  ['no keys', 503, 'Service Unavailable', 'keys_unavailable', { headers, more: { keys } }],
];

const ORDERS: readonly (readonly [
  name: string,
  use: (ours: Ours) => Middlewares,
  body: 'problem' | 'message',
  hasCors: boolean,
])[] = [
  ['alone', (ours) => [ours], 'problem', false],
  ['after http-cors', (ours) => [cors(), ours], 'problem', true],
  ['after http-cors, before http-error-handler', (ours) => [cors(), ours, errorHandler()], 'message', true],
  ['after both', (ours) => [cors(), errorHandler(), ours], 'problem', true],
  ['before both', (ours) => [ours, cors(), errorHandler()], 'message', true],
  ['before http-error-handler', (ours) => [ours, errorHandler()], 'message', false],
  // As for every error of Middy's that is answered before http-cors in the list.
  ['before http-cors', (ours) => [ours, cors()], 'problem', false],
];

for (const [name, use, form, hasCors] of ORDERS) {
  describe(`pomeriumMiddleware, ${name}`, () => {
    for (const [what, status, message, code, given] of REFUSALS) {
      test(`a refusal for ${what} is a ${status}`, async () => {
        const { statusCode, headers, body } = await answerOf(use, given);
        assert.equal(statusCode, status);
        if (form === 'message') assert.equal(body, message);
        else assert.equal(JSON.parse(body).code, code);
        assert.include(headers, { 'cache-control': 'no-store' });
        assert.equal(headers['Access-Control-Allow-Origin'], hasCors ? ORIGIN : undefined);
        if (status === 401) assert.equal(headers['www-authenticate'], `Pomerium error="${code}"`);
        if (status === 503) assert.property(headers, 'retry-after');
      });
    }

    test('the answer to an allowed request is private', async () => {
      const { statusCode, headers } = await answerOf(use, { headers: { [ASSERTION]: good } });
      assert.equal(statusCode, 200);
      assert.equal(headers['cache-control'], 'private, no-cache');
      assert.include(`${headers['vary']} ${headers['Vary']}`, ASSERTION);
    });
  });
}

describe('an error handler of one’s own', () => {
  const see = async (more: LambdaOptions = {}, answer?: object) => {
    const errors: unknown[] = [];
    const response = await answerOf(
      (ours) => [
        ours,
        {
          onError: (request: Failed) => {
            errors.push(request.error);
            if (answer) request.response = answer;
          },
        },
      ],
      { more },
    );
    return { error: errors[0], response };
  };

  test('sees an error as Middy makes them, and nothing of what was expected', async () => {
    const { error } = await see();
    assert.instanceOf(error, Error);
    assert.deepInclude<object>(error as Error, {
      message: 'Unauthorized',
      statusCode: 401,
      status: 401,
      expose: true,
      cause: { package: 'pomerium-edge', data: { code: 'missing_assertion' } },
    });
  });

  test('answers in place of the gate', async () => {
    assert.deepEqual((await see({}, { statusCode: 418 })).response, { statusCode: 418 } as never);
  });

  test('that makes an answer of the error keeps a redirect of onRefused', async () => {
    const onRefused = () => new Response(null, { status: 302, headers: { location: '/sign-in' } });
    const { statusCode, headers } = await answerOf((ours) => [ours, errorHandler()], { more: { onRefused } });
    assert.equal(statusCode, 302);
    assert.equal(headers['location'], '/sign-in');
  });
});

describe('a preflight', () => {
  const { requestContext, ...event } = eventWith({ 'access-control-request-method': 'PUT' }) as never as {
    requestContext: object;
  };
  const preflight = { ...event, requestContext: { ...requestContext, http: { method: 'OPTIONS', path: '/orders' } } };

  test('is answered by http-cors where that comes first and is told to', async () => {
    const handler = middy()
      .use(httpCors({ origins: [ORIGIN], disableBeforePreflightResponse: false }))
      .use(pomeriumMiddleware(options))
      .handler(async () => ({ statusCode: 200 }));
    const { statusCode, headers } = (await handler(preflight as never, {} as never)) as unknown as Answer;
    assert.equal(statusCode, 204);
    assert.equal(headers['Access-Control-Allow-Origin'], ORIGIN);
  });

  test('reaches the handler with allowPreflight, for nobody', async () => {
    const handler = middy()
      .use(pomeriumMiddleware({ ...options, allowPreflight: true }))
      .handler(async ({ identity }) => ({ statusCode: 204, body: String(identity) }));
    assert.include(await handler(preflight as never, {} as never), { statusCode: 204, body: 'undefined' });
  });
});

describe('an event of another trigger', () => {
  const message = { Records: [{ messageId: '1', eventSource: 'aws:sqs', body: '{}' }] };
  const handlerOf = (...more: Middlewares[]) =>
    middy()
      .use([pomeriumMiddleware(options) as Ours, ...more.flat()])
      .handler(async () => ({ statusCode: 200 }));

  test('is thrown back', async () => {
    const error = await handlerOf()(message as never, {} as never).then(assert.fail, (thrown: unknown) => thrown);
    assert.match(String(error), /^TypeError: .*no HTTP request; it has "Records"/);
  });

  // So the docs have the triggers told apart before Middy: what is returned, AWS takes for handled.
  test('is answered by http-error-handler', async () => {
    assert.include(await handlerOf(errorHandler())(message as never, {} as never), { statusCode: 500 });
  });
});
