import { assert, describe, test } from 'vitest';
import { createVerifier, optionsFromEnvironment } from '../../core/index.ts';
import { HOST, jwks, makeKey, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { codeOf } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key, { exp: 9e9, iat: Math.floor(Date.now() / 1000) });

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

  const differences: [name: string, make: (url: string, i: number) => ReturnType<typeof fromEnvironment>][] = [
    ['a store of its own', (url) => fromEnvironment(url, { store: { getItem: () => null, setItem: () => {} } })],
    ['other seconds', (url, i) => fromEnvironment(url, {}, { timeout: 1 + i })],
    [
      'another fetch',
      (url) => fromEnvironment(url, {}, { fetch: (input: string, init: RequestInit) => fetch(input, init) }),
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
