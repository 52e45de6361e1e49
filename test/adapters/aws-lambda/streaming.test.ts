import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, assert, beforeAll, describe, test, vi } from 'vitest';
import { type StreamingHandler, withPomerium } from '../../../adapters/aws-lambda/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { type Environment, type Result, startEnvironment } from '../../e2e/lambda/runtime.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { bundleFunction } from './functions/bundle.ts';
import { directEvents } from './request-events.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
const file = join(folder, 'streaming.mjs');
const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_LOG: 'false', JWKS: JSON.stringify(jwks(key)) };

beforeAll(() => bundleFunction('streaming', file));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function eventFor(path: string, { isSignedIn = true } = {}): Promise<object> {
  const now = Math.floor(Date.now() / 1000);
  const headers = isSignedIn ? { [ASSERTION]: await sign(key, { iat: now, exp: now + 300 }) } : {};
  return directEvents(path, headers)['a function URL'] ?? {};
}

describe('streamifyResponse(withPomerium(…)) in AWS’s own runtime client', () => {
  let client: Environment;
  beforeAll(async () => {
    client = await startEnvironment(file, env);
  });
  afterAll(() => client.stop());

  test('an allowed request: the handler gets event, stream, context and identity', async () => {
    const { streamed } = await client.invoke(await eventFor('/'));
    assert.deepEqual(streamed, {
      head: { statusCode: 207, headers: { 'x-request': 36 } },
      body: 'alice@example.com "audience"',
      errorType: undefined,
    });
  });

  test('a refused one: the problem document, and the stream ends at once', async () => {
    const { streamed } = await client.invoke(await eventFor('/', { isSignedIn: false }));
    assert.isUndefined(streamed?.errorType);
    const { statusCode, headers } = Object(streamed?.head);
    assert.equal(statusCode, 401);
    assert.deepInclude(headers, {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'www-authenticate': 'Pomerium error="missing_assertion"',
    });
    assert.equal(JSON.parse(streamed?.body ?? '').code, 'missing_assertion');
  });

  test('a refused one that onRefused answers: cookies, and no body', async () => {
    const { streamed } = await client.invoke(await eventFor('/login', { isSignedIn: false }));
    assert.deepInclude(streamed?.head, { statusCode: 302, cookies: ['a=1', 'b=2'] });
    assert.deepInclude(Object(streamed?.head).headers, { location: '/sign-in' });
    assert.equal(streamed?.body, '');
  });

  const failures: [name: string, path: string, errorType: string, body: RegExp][] = [
    ['an exception before the answer', '/early', 'RangeError', /^$/],
    ['an exception within the answer', '/late', 'RangeError', /alice@example.com $/],
    ['a handler that returns its answer', '/buffered', 'TypeError', /^$/],
  ];
  for (const [name, path, errorType, body] of failures) {
    test(`${name} ends the stream with the error, as without us`, async () => {
      const { streamed } = await client.invoke(await eventFor(path));
      assert.equal(streamed?.errorType, errorType);
      assert.match(streamed?.body ?? 'none', body);
    });
  }
});

describe('other functions, in AWS’s own runtime client', () => {
  const run = async (handler: string, ...events: readonly object[]) => {
    const client = await startEnvironment(file, env, { handler });
    try {
      const [first, ...others] = events;
      const answers: [Result, ...Result[]] = [await client.invoke(first)];
      for (const event of others) answers.push(await client.invoke(event));
      return answers;
    } finally {
      await client.stop();
    }
  };

  test('a handler for streams, without streamifyResponse, fails, and the error says what to write', async () => {
    const [{ error }] = await run('unstreamed', await eventFor('/'));
    assert.match(error?.errorMessage ?? '', /write awslambda\.streamifyResponse\(withPomerium\(handler\)\)/);
  });

  test('what streamifyResponse gave is refused, with the same words', async () => {
    const [{ error }] = await run('turnedAround', await eventFor('/'));
    assert.match(error?.errorMessage ?? '', /write awslambda\.streamifyResponse\(withPomerium\(handler\)\)/);
  });

  test('a buffered handler answers: Lambda does not take it for one with a callback', async () => {
    const [{ answer }] = await run('buffered', await eventFor('/'));
    assert.deepInclude(answer, { statusCode: 200, body: 'alice@example.com' });
  });

  test('Middy’s streams: the answer is private, and a refusal is streamed like one', async () => {
    const signedOut = await eventFor('/', { isSignedIn: false });
    const [allowed, refused] = await run('behindMiddy', await eventFor('/'), signedOut);
    const { headers } = Object(allowed.streamed?.head);
    assert.deepInclude(headers, { vary: ASSERTION, 'cache-control': 'private, no-cache' });
    assert.equal(allowed.streamed?.body, 'alice@example.com');
    assert.deepInclude(refused?.streamed?.head, { statusCode: 401 });
    assert.equal(JSON.parse(refused?.streamed?.body ?? '').code, 'missing_assertion');
  });
});

describe('under streamifyResponse, where requests for nobody may pass', () => {
  const options = { audience: HOST, keys: staticKeys(jwks(key)), optional: true, now: () => NOW, log: false };
  const event = directEvents('/', {})['a function URL'] ?? {};

  test('a handler that would take Lambda’s context for somebody does not run for nobody', async () => {
    let runs = 0;
    const handler = withPomerium((_event, _context, identity) => {
      runs += 1;
      return { statusCode: identity ? 200 : 401 };
    }, options) as unknown as (...parameters: unknown[]) => Promise<unknown>;
    const error = await handler(event, new PassThrough(), {}).catch((thrown) => thrown);
    assert.match(String(error), /must declare all of \(event, responseStream, context, identity\)/);
    assert.equal(runs, 0);
  });

  test('a handler for streams does', async () => {
    const stream = new PassThrough();
    const answer: StreamingHandler<never, PassThrough, never, unknown> = (_event, own, _context, identity) =>
      own.end(String(identity));
    await withPomerium(answer, options)(event as never, stream, {} as never);
    assert.equal(String(stream.read()), 'undefined');
  });
});

describe('where the runtime has no global awslambda', () => {
  const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
  const end: StreamingHandler = (_event, stream) => stream.end();
  const call = async (headers: Record<string, string>) => {
    const stream = new PassThrough();
    const event = directEvents('/', headers)['a function URL'] ?? {};
    await withPomerium(end, options)(event, stream, {} as never);
    return stream;
  };

  test('an allowed request is answered all the same', async () => {
    assert.isTrue((await call({ [ASSERTION]: await sign(key) })).writableEnded);
  });

  for (const awslambda of [undefined, {}]) {
    test(`a refusal says so (${JSON.stringify(awslambda)})`, async () => {
      vi.stubGlobal('awslambda', awslambda);
      try {
        const error = await call({}).catch((thrown) => thrown);
        assert.instanceOf(error, TypeError);
        assert.match(error.message, /unset AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA/);
      } finally {
        vi.unstubAllGlobals();
      }
    });
  }
});
