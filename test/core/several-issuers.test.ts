import { assert, describe, test } from 'vitest';
import { createVerifier, type KeySource, type PomeriumEvent, remoteKeys, staticKeys } from '../../core/index.ts';
import { keysByIssuer } from '../../core/keys/by-issuer.ts';
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

test('the issuers are those that are named, and no audience is one by itself', async () => {
  const app = 'app.corp.example.com';
  const verifier = createVerifier({ audience: app, issuers: { [A]: staticKeys(jwks(keyOfA)) }, now: () => NOW });
  const code = async (iss: string) => codeOf(async () => verifier.verify(await sign(keyOfA, { aud: app, iss })));
  assert.equal(await code(A), 'valid');
  assert.equal(await code(`https://${A}/`), 'valid');
  assert.equal(await code(app), 'issuer_mismatch');
});

describe('no Pomerium issues for the host of another one:', () => {
  const APP = 'app.corp.example.com';
  const issuers = { [A]: staticKeys(jwks(keyOfA)), [B]: staticKeys(jwks(keyOfB)) };
  const rows: [aud: string[], iss: string, host: string | undefined, code: string][] = [
    [[A], A, A, 'valid'],
    [[A], `https://${A}/`, undefined, 'valid'],
    [[A], B, A, 'issuer_mismatch'],
    [[A], B, undefined, 'issuer_mismatch'],
    [[A], `https://${B}/`, undefined, 'issuer_mismatch'],
    [[A, APP], B, undefined, 'issuer_mismatch'],
    [[A, APP], APP, undefined, 'issuer_mismatch'],
    [[A, B], B, A, 'issuer_mismatch'],
    [[A, B], B, B, 'valid'],
    [[A, B], B, `${A}, ${B}`, 'audience_mismatch'],
    // That is no issuer's: which Pomerium has it is not said.
    [[APP], A, APP, 'valid'],
    [[APP], B, undefined, 'valid'],
  ];
  for (const [aud, iss, host, code] of rows) {
    test(`aud ${aud}, iss ${iss}, Host ${host}: ${code}`, async () => {
      const verifier = createVerifier({ audience: [A, B, APP], issuers, now: () => NOW });
      const token = await sign(iss.includes(B) ? keyOfB : keyOfA, { aud, iss, exp: 9e9 });
      const headers = { 'x-pomerium-jwt-assertion': token, host };
      assert.equal(await codeOf(() => verifier.verifyRequest({ headers })), code);
    });
  }
});

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

test('a signature of nobody is no valid one, however many have a key with its key id', async () => {
  const verifier = verifierOf({ [A]: staticKeys(jwks(keyOfA)), [B]: staticKeys(jwks(keyOfA)) });
  await verifier.ready();
  const forged = await signFor(keyOfB, A, { kid: keyOfA.kid });
  assert.equal(await codeOf(() => verifier.verify(forged)), 'invalid_signature');
});

test('a signature of nobody is no valid one either where a key with its key id is fetched for it', async () => {
  const kid = { kid: keyOfA.kid };
  for (const iss of [A, B]) {
    const origin = await Origin.start({ status: 503 });
    let now = NOW;
    const issuers = { [A]: staticKeys(jwks(keyOfA)), [B]: remoteKeys(origin.url) };
    const verifier = createVerifier({ audience: [A, B], issuers, now: () => now });
    assert.equal(await codeOf(() => verifier.ready()), 'keys_unavailable');
    await origin.answer(jwksAnswer({ keys: [{ ...keyOfB.publicJwk, ...kid }] }));
    now += 361;
    const forged = await signFor(await makeKey(), iss, kid);
    assert.equal(await codeOf(() => verifier.verify(forged)), 'invalid_signature');
    assert.equal((await verifier.verify(await signFor(keyOfB, B, kid))).issuer, B);
  }
});

test('a key of another one under the same key id, for another algorithm, locks nobody out and verifies nothing else', async () => {
  const rs256 = await makeKey('RS256');
  const imitation = staticKeys({ keys: [{ ...rs256.publicJwk, kid: keyOfA.kid }] });
  const own = staticKeys(jwks(keyOfA));
  for (const issuers of [
    { [A]: own, [B]: imitation },
    { [B]: imitation, [A]: own },
  ]) {
    const fresh = () => createVerifier({ audience: [A, B], issuers, algorithms: ['ES256', 'RS256'], now: () => NOW });
    const first = await signFor(rs256, A, { kid: keyOfA.kid, alg: 'ES256' });
    assert.equal(await codeOf(() => fresh().verify(first)), 'invalid_signature');
    const verifier = fresh();
    for (let i = 0; i < 2; i++) {
      assert.equal((await verifier.verify(await signFor(keyOfA, A))).issuer, A);
      assert.equal((await verifier.verify(await signFor(rs256, B, { kid: keyOfA.kid }))).issuer, B);
      for (const signer of [keyOfB, rs256]) {
        const wrong = await signFor(signer, A, { kid: keyOfA.kid, alg: 'ES256' });
        assert.equal(await codeOf(() => verifier.verify(wrong)), 'invalid_signature');
      }
    }
  }
});

const before: [name: string, answer: Parameters<typeof Origin.start>[0]][] = [
  ['whose origin was down', { status: 503 }],
  ['that has a new key', jwksAnswer(jwks(keyOfB))],
];
for (const algorithm of ['ES256', 'RS256'] as const) {
  for (const [name, answer] of before) {
    test(`another one with a key (${algorithm}) under the key id of an issuer ${name} keeps nobody from that issuer's key`, async () => {
      const other = await makeKey(algorithm);
      const own = await Origin.start(answer);
      const imitation = await Origin.start(jwksAnswer({ keys: [{ ...other.publicJwk, kid: keyOfA.kid }] }));
      let now = NOW;
      const issuers = { [A]: remoteKeys(own.url), [B]: remoteKeys(imitation.url) };
      const algorithms = ['ES256', 'RS256'] as const;
      const verifier = createVerifier({ audience: [A, B], issuers, algorithms, now: () => now });
      await verifier.ready().catch(() => {});
      const ofB = await signFor(other, B, { kid: keyOfA.kid });
      assert.equal((await verifier.verify(ofB)).issuer, B);
      await own.answer(jwksAnswer(jwks(keyOfA)));
      now += 361;
      for (let i = 0; i < 2; i++) {
        assert.equal((await verifier.verify(await signFor(keyOfA, A))).issuer, A);
        assert.equal((await verifier.verify(ofB)).issuer, B);
      }
      const wrong = await signFor(other, A, { kid: keyOfA.kid });
      assert.equal(await codeOf(() => verifier.verify(wrong)), 'issuer_mismatch');
    });
  }
}

test('a signature that is not of the key at hand is invalid, unless one cannot tell whether it has another key', async () => {
  const down = await Origin.start({ status: 503 });
  const forged = await signFor(keyOfB, A, { kid: keyOfA.kid });
  for (const [other, code] of [
    [staticKeys(jwks(keyOfB)), 'invalid_signature'],
    [remoteKeys(down.url), 'keys_unavailable'],
  ] as const) {
    assert.equal(await codeOf(() => verifierOf({ [A]: staticKeys(jwks(keyOfA)), [B]: other }).verify(forged)), code);
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

test('a key for another algorithm is unsupported, unless one cannot tell whether it has the right one', async () => {
  const down = await Origin.start({ status: 503 });
  const token = await signFor(keyOfA, A, { alg: 'RS256' });
  for (const [other, code] of [
    [staticKeys(jwks(keyOfB)), 'unsupported_algorithm'],
    [remoteKeys(down.url), 'keys_unavailable'],
  ] as const) {
    const issuers = { [A]: staticKeys(jwks(keyOfA)), [B]: other };
    const verifier = createVerifier({ audience: [A, B], issuers, algorithms: ['ES256', 'RS256'], now: () => NOW });
    assert.equal(await codeOf(() => verifier.verify(token)), code);
  }
});

test('what was verified is remembered, from the first request on', async () => {
  const cached: boolean[] = [];
  const issuers = { [A]: staticKeys(jwks(keyOfA)), [B]: staticKeys(jwks(keyOfB)) };
  const onEvent = (event: PomeriumEvent) => {
    if (event.type === 'assertion_verified') cached.push(event.cached);
  };
  const verifier = createVerifier({ audience: [A, B], issuers, now: () => NOW, onEvent });
  const token = await signFor(keyOfA, A);
  for (let i = 0; i < 3; i++) await verifier.verify(token);
  assert.deepEqual(cached, [false, true, true]);
});

describe('the keys of several issuers as one source', () => {
  const context = { now: () => NOW, waitUntil: () => {}, emit: undefined };
  const sourceOf = (keys: KeySource, host: string) => ({ issuers: new Set([host]), keys });
  const selector = { algorithm: 'ES256', keyId: keyOfA.kid };

  test('give a key without a promise where one of them alone has it in memory', async () => {
    const a = staticKeys(jwks(keyOfA));
    const both = keysByIssuer([sourceOf(staticKeys(jwks(keyOfB)), B), sourceOf(a, A)]);
    await both.ready(context);
    assert.equal(both.find(selector, context), a.peek?.(selector));
  });

  test('ask nobody else where several have it in memory', async () => {
    let isAsked = false;
    const third: KeySource = {
      find: () => {
        isAsked = true;
        throw new Error('asked');
      },
      ready: async () => {},
    };
    const twins = [A, B].map((host) => sourceOf(staticKeys(jwks(keyOfA)), host));
    const all = keysByIssuer([sourceOf(third, 'c.corp.example.com'), ...twins]);
    await all.ready(context);
    assert.equal((await all.find(selector, context)).keyId, keyOfA.kid);
    assert.isFalse(isAsked);
  });

  test('are asked where one cannot say what it has in memory', async () => {
    const { find, ready } = staticKeys(jwks(keyOfA));
    const all = keysByIssuer([sourceOf({ find, ready }, A), sourceOf(staticKeys(jwks(keyOfB)), B)]);
    for (let i = 0; i < 2; i++) assert.equal((await all.find(selector, context)).keyId, keyOfA.kid);
  });
});

test('asks only the origin of the issuer whose key it is', async () => {
  const [a, b] = [await Origin.start(jwksAnswer(jwks(keyOfA))), await Origin.start(jwksAnswer(jwks(keyOfB)))];
  const verifier = verifierOf({ [A]: remoteKeys(a.url), [B]: remoteKeys(b.url) });
  await verifier.ready();
  await verifier.verify(await signFor(keyOfA, A));
  await verifier.verify(await signFor(keyOfB, B));
  assert.deepEqual([await a.count(), await b.count()], [1, 1]);
});

const own = staticKeys(jwks(keyOfA));
const wrong: [name: string, options: object, says: string][] = [
  ['no host', { issuers: {} }, 'write issuers: {'],
  ['nothing in it', { issuers: null }, 'write issuers: {'],
  ['a list', { issuers: [own] }, 'write issuers: {'],
  ['a URL', { issuers: { 'https://a.example/': own } }, 'write issuers: {'],
  ['a path', { issuers: { 'a.example/': own } }, 'write issuers: {'],
  ['a port', { issuers: { 'a.example:8443': own } }, 'write issuers: {'],
  ['a wildcard', { issuers: { '*.example': own } }, 'write issuers: {'],
  ['a space', { issuers: { [` ${A}`]: own } }, 'write issuers: {'],
  ['two hosts in one', { issuers: { [`${A},${B}`]: own } }, 'write issuers: {'],
  ['an empty host', { issuers: { '': own } }, 'write issuers: {'],
  ['what is no key source', { issuers: { [A]: 'keys' } }, "must have the keys of each issuer's host"],
  ['a host without keys beside a good one', { issuers: { [A]: own, [B]: null } }, 'write issuers: {'],
  ['keys beside it', { issuers: { [A]: own }, keys: own }, 'issuers says whose keys are for what; leave keys out'],
  ['an issuer beside it', { issuers: { [A]: own }, issuer: A }, 'leave issuer out'],
  ['a store beside it', { issuers: { [A]: own }, store: new Map() }, 'leave store out'],
];
for (const [name, options, says] of wrong) {
  test(`issuers with ${name} is an invalid_configuration`, async () => {
    const error = await errorOf(() => createVerifier({ audience: A, ...options }));
    assert.equal(error?.code, 'invalid_configuration');
    assert.include(error?.message, says);
  });
}
