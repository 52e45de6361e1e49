import { assert, describe, test } from 'vitest';
import { createVerifier, remoteKeys, staticKeys } from '../../core/index.ts';
import { jwks, makeKey, NOW, sign, type TestKey } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { codeOf, errorOf } from '../support/verifying.ts';

const A = 'a.corp.example.com';
const B = 'b.corp.example.com';
const keyOfA = await makeKey();
const keyOfB = await makeKey();

const signFor = (key: TestKey, iss: string, header = {}) => sign(key, { iss, aud: [iss], exp: 9e9 }, header);

function verifierOf(issuers: Record<string, ReturnType<typeof staticKeys>>) {
  return createVerifier({ audience: [A, B], issuers, now: () => NOW });
}

const sources: [name: string, of: (key: TestKey) => Promise<ReturnType<typeof staticKeys>>][] = [
  ['static keys', async (key) => staticKeys(jwks(key))],
  ['keys that are fetched', async (key) => remoteKeys((await Origin.start(jwksAnswer(jwks(key)))).url)],
];

for (const [name, keysOf] of sources) {
  describe(`several issuers, each with ${name}`, () => {
    const verifier = async () => verifierOf({ [A]: await keysOf(keyOfA), [B]: await keysOf(keyOfB) });

    test('an assertion of each is valid under its own keys, in both formats of iss', async () => {
      const { verify } = await verifier().then((one) => ({ verify: (token: string) => one.verify(token) }));
      for (const [key, host] of [
        [keyOfA, A],
        [keyOfB, B],
      ] as const) {
        assert.equal((await verify(await signFor(key, host))).issuer, host);
        const uri = await sign(key, { iss: `https://${host}/`, aud: [host], exp: 9e9 });
        assert.equal((await verify(uri)).issuer, `https://${host}/`);
      }
    });

    test('the keys of one verify nothing that names another, however often it is tried', async () => {
      const one = await verifier();
      for (let i = 0; i < 2; i++) {
        assert.equal(await codeOf(async () => one.verify(await signFor(keyOfA, B))), 'issuer_mismatch');
        assert.equal(await codeOf(async () => one.verify(await signFor(keyOfB, A))), 'issuer_mismatch');
      }
    });

    test('a key id that none of them knows is an unknown_key', async () => {
      const one = await verifier();
      assert.equal(await codeOf(async () => one.verify(await signFor(await makeKey(), A))), 'unknown_key');
    });
  });
}

test('two Pomeriums with the same signing key each issue for themselves', async () => {
  const verifier = verifierOf({ [A]: staticKeys(jwks(keyOfA)), [B]: staticKeys(jwks(keyOfA)) });
  await verifier.ready();
  for (const host of [A, B]) assert.equal((await verifier.verify(await signFor(keyOfA, host))).issuer, host);
});

test('a key of another one under the same key id is not taken for its own, and locks nobody out', async () => {
  const imitation = { ...keyOfB.publicJwk, kid: keyOfA.kid };
  for (const order of [1, -1]) {
    const entries = [
      [A, staticKeys(jwks(keyOfA))],
      [B, staticKeys({ keys: [imitation] })],
    ] as const;
    const verifier = verifierOf(Object.fromEntries([...entries].sort(() => order)));
    await verifier.ready();
    const kid = { kid: keyOfA.kid };
    assert.equal(await codeOf(async () => verifier.verify(await signFor(keyOfB, A, kid))), 'issuer_mismatch');
    assert.equal((await verifier.verify(await signFor(keyOfA, A))).issuer, A);
    assert.equal((await verifier.verify(await signFor(keyOfB, B, kid))).issuer, B);
  }
});

test('a key that its issuer withdrew verifies nothing of it, though another one still publishes it', async () => {
  const [a, b] = [await Origin.start(jwksAnswer(jwks(keyOfA))), await Origin.start(jwksAnswer(jwks(keyOfA)))];
  let now = NOW;
  const issuers = { [A]: remoteKeys(a.url), [B]: remoteKeys(b.url) };
  const verifier = createVerifier({ audience: [A, B], issuers, now: () => now });
  const token = await signFor(keyOfA, B);
  await verifier.verify(token);
  await b.answer(jwksAnswer(jwks(keyOfB)));
  now += 361;
  assert.equal(await codeOf(() => verifier.verify(token)), 'issuer_mismatch');
  assert.equal((await verifier.verify(await signFor(keyOfA, A))).issuer, A);
});

test('one that waits for its origin keeps nobody from the keys of another', async () => {
  const never: typeof fetch = () => new Promise(() => {});
  const other = await Origin.start(jwksAnswer(jwks(keyOfB)));
  const issuers = {
    [A]: remoteKeys('https://a.example/jwks', { fetch: never, timeout: 600 }),
    [B]: remoteKeys(other.url),
  };
  const verifier = createVerifier({ audience: [A, B], issuers, now: () => NOW });
  assert.equal((await verifier.verify(await signFor(keyOfB, B))).issuer, B);
});

test('while the origin of one fails, the others go on, and nobody is told that a key is unknown', async () => {
  const down = await Origin.start({ status: 503 });
  const verifier = verifierOf({ [A]: staticKeys(jwks(keyOfA)), [B]: remoteKeys(down.url) });
  assert.equal((await verifier.verify(await signFor(keyOfA, A))).issuer, A);
  assert.equal(await codeOf(async () => verifier.verify(await signFor(keyOfB, B))), 'keys_unavailable');
});

test('asks only the origin of the issuer whose key it is', async () => {
  const [a, b] = [await Origin.start(jwksAnswer(jwks(keyOfA))), await Origin.start(jwksAnswer(jwks(keyOfB)))];
  const verifier = verifierOf({ [A]: remoteKeys(a.url), [B]: remoteKeys(b.url) });
  await verifier.ready();
  await verifier.verify(await signFor(keyOfA, A));
  await verifier.verify(await signFor(keyOfB, B));
  assert.deepEqual([await a.count(), await b.count()], [1, 1]);
});

const wrong: [name: string, options: object, says: string][] = [
  ['no host', { issuers: {} }, 'write issuers'],
  ['a URL', { issuers: { 'https://a.example/': staticKeys(jwks(keyOfA)) } }, 'write issuers'],
  ['what is no key source', { issuers: { [A]: 'keys' } }, 'write issuers'],
  ['keys beside it', { issuers: { [A]: staticKeys(jwks(keyOfA)) }, keys: staticKeys(jwks(keyOfA)) }, 'leave keys out'],
  ['an issuer beside it', { issuers: { [A]: staticKeys(jwks(keyOfA)) }, issuer: A }, 'leave issuer out'],
];
for (const [name, options, says] of wrong) {
  test(`issuers with ${name} is an invalid_configuration`, async () => {
    const error = await errorOf(() => createVerifier({ audience: A, ...options }));
    assert.equal(error?.code, 'invalid_configuration');
    assert.include(error?.message, says);
  });
}
