import middy from '@middy/core';
import { assert, describe, test } from 'vitest';
import { pomeriumMiddleware, withPomerium } from '../../../adapters/aws-lambda/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { http1, http2, restRequest } from './events.ts';
import { directEvents } from './request-events.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const good = await sign(key);

const eventsWith = (headers: Record<string, string>): Readonly<Record<string, object>> => ({
  'HTTP API 2.0': { ...http2(headers), type: undefined },
  'HTTP API 1.0': { ...http1(headers), type: undefined },
  'REST API': { ...restRequest(headers), type: undefined, methodArn: undefined },
  ...directEvents('/request', headers),
});
const EVENTS = eventsWith({ [ASSERTION]: good });
const REFUSED = eventsWith({ accept: '*/*' });
const JSON_CALLERS = ['HTTP API 2.0', 'a function URL'];
/** They read `headers` and `multiValueHeaders` together. */
const MERGING = ['HTTP API 1.0', 'REST API'];
const MULTI = 'an ALB with multi-value headers';

const answerTo = (event: unknown, answer: unknown, more: object = {}) =>
  withPomerium((_event: unknown) => answer, { ...options, ...more })(event, {} as never);

const PRIVATE = { vary: ASSERTION, 'cache-control': 'private, no-cache' };
const single = (lines: Record<string, string>) => lines;
const lists = (lines: Record<string, string>) =>
  Object.fromEntries(Object.entries(lines).map(([name, value]) => [name, [value]]));

describe('an answer is kept out of shared caches', () => {
  for (const [name, event] of Object.entries(EVENTS)) {
    test(`${name}: without headers`, async () => {
      const answer = await answerTo(event, { statusCode: 201, body: 'in' });
      const expected = name === MULTI ? { multiValueHeaders: lists(PRIVATE) } : { headers: PRIVATE };
      assert.deepEqual(answer, { statusCode: 201, body: 'in', ...expected });
    });

    const form = name === MULTI ? lists : single;
    const member = name === MULTI ? 'multiValueHeaders' : 'headers';

    test(`${name}: what the function says of caching stays, in any case, and Vary grows`, async () => {
      const own = { 'Cache-Control': 'max-age=60', VARY: 'Accept', 'X-Other': '1' };
      const answer = await answerTo(event, { statusCode: 200, [member]: form(own) });
      const expected = { 'Cache-Control': 'max-age=60', vary: `Accept, ${ASSERTION}`, 'X-Other': '1' };
      assert.deepEqual(answer, { statusCode: 200, [member]: form(expected) });
    });

    test(`${name}: an answer that varies already stays as it is`, async () => {
      const own = form({ vary: `accept, ${ASSERTION}`, 'cache-control': 'no-store' });
      const answer = { statusCode: 200, [member]: own };
      assert.equal(await answerTo(event, answer), answer);
    });

    test(`${name}: shared leaves all of it to the function`, async () => {
      const own = { statusCode: 200, body: '' };
      assert.equal(await answerTo(event, own, { shared: true }), own);
    });
  }

  for (const name of MERGING) {
    const event = EVENTS[name];
    test(`${name}: in lists, where the answer has them`, async () => {
      const own = { statusCode: 200, multiValueHeaders: { Vary: ['accept', 'origin'], 'set-cookie': ['a=1', 'b=2'] } };
      assert.deepEqual(await answerTo(event, own), {
        statusCode: 200,
        multiValueHeaders: {
          'set-cookie': ['a=1', 'b=2'],
          vary: [`accept, origin, ${ASSERTION}`],
          'cache-control': ['private, no-cache'],
        },
      });
    });

    test(`${name}: in both shapes the same, where the answer has both`, async () => {
      const own = { statusCode: 200, headers: { vary: 'accept' }, multiValueHeaders: { Vary: ['origin'] } };
      const expected = { ...PRIVATE, vary: `accept, origin, ${ASSERTION}` };
      assert.deepEqual(await answerTo(event, own), {
        statusCode: 200,
        headers: expected,
        multiValueHeaders: lists(expected),
      });
    });
  }

  for (const [name, event] of Object.entries(EVENTS).filter(([one]) => !MERGING.includes(one))) {
    const [read, ignored] = name === MULTI ? ['multiValueHeaders', 'headers'] : ['headers', 'multiValueHeaders'];
    const form = name === MULTI ? lists : single;
    const other = name === MULTI ? single : lists;

    test(`${name}: what the answer has in ${ignored}, which AWS ignores, says nothing of caching`, async () => {
      const own = other({ vary: ASSERTION, 'cache-control': 'public, max-age=60' });
      assert.deepEqual(await answerTo(event, { statusCode: 200, [ignored]: own }), {
        statusCode: 200,
        [ignored]: own,
        [read]: form(PRIVATE),
      });
    });

    test(`${name}: where the answer has both, ${read} decides`, async () => {
      const own = other({ vary: ASSERTION, 'cache-control': 'public' });
      const counts = form({ Vary: 'origin', 'Cache-Control': 'no-store' });
      assert.deepEqual(await answerTo(event, { statusCode: 200, [ignored]: own, [read]: counts }), {
        statusCode: 200,
        [ignored]: own,
        [read]: form({ 'Cache-Control': 'no-store', vary: `origin, ${ASSERTION}` }),
      });
    });
  }

  for (const [name, event] of Object.entries(REFUSED)) {
    test(`${name}: a refusal is never cached`, async () => {
      const answer = await answerTo(event, 'never');
      assert.propertyVal(answer, 'statusCode', 401);
      const member = name === MULTI ? 'multiValueHeaders' : 'headers';
      const value = name === MULTI ? ['no-store'] : 'no-store';
      assert.deepNestedInclude(answer, { [`${member}.cache-control`]: value });
    });
  }
});

describe('an answer without statusCode', () => {
  const answers: [name: string, answer: unknown, body: string | undefined][] = [
    ['text', 'hello', 'hello'],
    ['the empty text', '', ''],
    ['an object', { a: 1 }, '{"a":1}'],
    ['a list', [1, 2], '[1,2]'],
    ['a number', 42, '42'],
    ['false', false, 'false'],
    ['undefined', undefined, undefined],
    ['null', null, undefined],
  ];
  for (const caller of JSON_CALLERS) {
    const event = EVENTS[caller];
    for (const [name, answer, body] of answers) {
      test(`${caller}: ${name} is ${body === undefined ? 'left as it is' : 'the body of a 200'}`, async () => {
        const expected = {
          statusCode: 200,
          headers: { 'content-type': 'application/json', ...PRIVATE },
          body,
          isBase64Encoded: false,
        };
        assert.deepEqual(await answerTo(event, answer), body === undefined ? answer : expected);
      });
    }
  }

  for (const [caller, event] of Object.entries(EVENTS).filter(([name]) => !JSON_CALLERS.includes(name))) {
    test(`${caller}: is left as it is`, async () => {
      for (const [, answer] of answers) assert.equal(await answerTo(event, answer), answer);
    });
  }
});

describe('what onRefused answers', () => {
  const onRefused = () => {
    const response = new Response('mine', { status: 418, statusText: 'Teapot' });
    for (const cookie of ['a=1', 'b=2']) response.headers.append('set-cookie', cookie);
    return response;
  };
  const cookies = ['a=1', 'b=2'];
  const expected: Readonly<Record<string, object>> = {
    'HTTP API 2.0': { cookies },
    'a function URL': { cookies },
    'HTTP API 1.0': { multiValueHeaders: { 'set-cookie': cookies } },
    'REST API': { multiValueHeaders: { 'set-cookie': cookies } },
  };
  for (const [name, where] of Object.entries(expected)) {
    test(`${name}: has all of its cookies`, async () => {
      const answer = await answerTo(REFUSED[name], 'never', { onRefused });
      assert.deepInclude(answer, { statusCode: 418, statusDescription: '418 Teapot', body: 'mine', ...where });
    });
  }

  test('an ALB with multi-value headers: has all of its cookies', async () => {
    const answer = await answerTo(REFUSED[MULTI], 'never', { onRefused });
    assert.deepNestedInclude(answer, { 'multiValueHeaders.set-cookie': cookies });
  });

  test('an ALB without them: has the first, since it takes one only', async () => {
    const answer = await answerTo(REFUSED['an ALB'], 'never', { onRefused });
    assert.deepNestedInclude(answer, { 'headers.set-cookie': 'a=1' });
    assert.notProperty(answer, 'multiValueHeaders');
  });
});

describe('behind Middy', () => {
  const event = EVENTS['HTTP API 2.0'];
  const fail = async () => {
    throw new Error('mine');
  };
  const answerError = {
    onError: (request: { response?: unknown }) => {
      request.response = { statusCode: 500 };
    },
  };
  const run = (handler: () => Promise<unknown>, ...others: (typeof answerError)[]): Promise<unknown> =>
    middy().use(pomeriumMiddleware(options)).use(others).handler(handler)(event as never, {} as never);

  test('the answer is kept out of shared caches', async () => {
    const answer = { statusCode: 200, body: 'in' };
    assert.deepEqual(await run(async () => answer), { ...answer, headers: PRIVATE });
    assert.deepInclude(await run(async () => ({ a: 1 })), { statusCode: 200, body: '{"a":1}' });
  });

  test('what another middleware makes of an error is kept out of shared caches, too', async () => {
    assert.deepEqual(await run(fail, answerError), { statusCode: 500, headers: PRIVATE });
  });

  test('an error that nobody answers stays an error', async () => {
    assert.propertyVal(await run(fail).catch((error) => error), 'message', 'mine');
  });
});
