import { assert, describe, test } from 'vitest';
import { createVerifier, optionsFromEnvironment } from '../../core/index.ts';
import { fetchTransport } from '../../core/keys/remote/fetch-transport.ts';
import type { Transport } from '../../core/keys/remote/transport.ts';
import { HOST, jwks, makeKey, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { assertMisconfigured, codeOf } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key, { exp: 9e9, iat: Math.floor(Date.now() / 1000) });

const fetched = fetchTransport();

const fromEnvironment = (url: string, options = {}, platform = {}) =>
  createVerifier(optionsFromEnvironment({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: url }, options, platform));

describe('default keys', () => {
  test('eight verifiers of one URL share one set: one request', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    for (let i = 0; i < 8; i++) await fromEnvironment(origin.url).verify(token);
    assert.equal(await origin.count(), 1);
  });

  test('eight verifiers of one URL share one back-off', async () => {
    const origin = await Origin.start({ status: 503 });
    for (let i = 0; i < 8; i++) {
      assert.equal(await codeOf(() => fromEnvironment(origin.url).verify(token)), 'keys_unavailable');
    }
    assert.equal(await origin.count(), 1);
  });

  test('are shared where createVerifier makes the URL from the audience', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const original = globalThis.fetch;
    globalThis.fetch = (_input, init) => original(origin.url, init);
    try {
      for (let i = 0; i < 3; i++) await createVerifier({ audience: HOST }).verify(token);
    } finally {
      globalThis.fetch = original;
    }
    assert.equal(await origin.count(), 1);
  });

  test('are shared with the same seconds, in whatever order they are written', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    await fromEnvironment(origin.url, {}, { timeout: 2, cooldown: 20 }).verify(token);
    await fromEnvironment(origin.url, {}, { cooldown: 20, timeout: 2 }).verify(token);
    assert.equal(await origin.count(), 1);
  });

  test('are not shared with another fetch of the runtime', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const original = globalThis.fetch;
    try {
      for (let i = 0; i < 2; i++) {
        globalThis.fetch = (input, init) => original(input, init);
        await fromEnvironment(origin.url).verify(token);
      }
    } finally {
      globalThis.fetch = original;
    }
    assert.equal(await origin.count(), 2);
  });

  test('are asked for by the transport of the platform', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const urls: string[] = [];
    const transport: Transport = (url, request) => {
      urls.push(url);
      return fetched(url, request);
    };
    await fromEnvironment(origin.url, {}, { transport }).verify(token);
    assert.deepEqual(urls, [origin.url]);
  });

  test('are asked for by the given fetch where there is a transport, too', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const transport = () => Promise.reject(new Error('not asked'));
    const given = (input: string, init: RequestInit) => fetch(input, init);
    await fromEnvironment(origin.url, {}, { transport, fetch: given }).verify(token);
    assert.equal(await origin.count(), 1);
  });

  const misconfigured: [name: string, options: object, platform: object, message: RegExp][] = [
    ['a store that is null', {}, { store: null }, /store must have getItem/],
    ['a store that is text', {}, { store: 'kv' }, /store must have getItem/],
    ['a fetch that is text', {}, { fetch: 'fetch' }, /fetch must be a function/],
    ['a clock that is a number', { now: 5 }, {}, /now must be a function/],
  ];
  for (const [name, options, platform, message] of misconfigured) {
    test(`are refused with ${name}, as keys of your own are`, () =>
      assertMisconfigured(() => fromEnvironment('https://app.corp.example.com/jwks.json', options, platform), message));
  }

  const differences: [name: string, make: (url: string, i: number) => ReturnType<typeof fromEnvironment>][] = [
    ['a store of its own', (url) => fromEnvironment(url, { store: { getItem: () => null, setItem: () => {} } })],
    ['other seconds', (url, i) => fromEnvironment(url, {}, { timeout: 1 + i })],
    [
      'another fetch',
      (url) => fromEnvironment(url, {}, { fetch: (input: string, init: RequestInit) => fetch(input, init) }),
    ],
    [
      'another transport',
      (url) => fromEnvironment(url, {}, { transport: (...request: Parameters<Transport>) => fetched(...request) }),
    ],
    ['another clock', (url) => fromEnvironment(url, { now: () => Date.now() / 1000 })],
  ];
  for (const [name, make] of differences) {
    test(`are not shared with ${name}`, async () => {
      const origin = await Origin.start(jwksAnswer(jwks(key)));
      for (let i = 0; i < 2; i++) await make(origin.url, i).verify(token);
      assert.equal(await origin.count(), 2);
    });
  }
});
