import { assert, describe, test } from 'vitest';
import { type JwksStore, type PomeriumError, remoteKeys, type StoredValue } from '../../core/index.ts';
import { storeKey } from '../../core/keys/stores/store.ts';
import { jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key, { exp: 9e9 });

const DOWN = { status: 503 };

function memoryStore(): JwksStore & { readonly items: Map<string, StoredValue> } {
  const items = new Map<string, StoredValue>();
  return { items, getItem: (name) => items.get(name) ?? null, setItem: (name, value) => void items.set(name, value) };
}

/** Milliseconds that the work takes. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

describe('threat: outage as amplifier', () => {
  test('a hanging origin costs the first request half a second, and nobody after it anything', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)), { hang: true });
    const rig = makeRig(remoteKeys(origin.url, { timeout: 1 }));
    await rig.verify(token);
    rig.advance(400);
    assert.isBelow(await timeOf(() => rig.verify(token)), 700);
    for (let i = 0; i < 5; i++) assert.isBelow(await timeOf(() => rig.verify(token)), 100);
    await rig.settle();
    assert.isBelow(await timeOf(() => rig.verify(token)), 100, 'the failure is known');
    assert.equal(await origin.count(), 2);
  });

  test('old keys are used without a promise once the origin is known to fail', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)), DOWN);
    const keys = remoteKeys(origin.url);
    const rig = makeRig(keys);
    await rig.verify(token);
    rig.advance(400);
    await rig.verify(token);
    const context = { now: () => NOW + 400, waitUntil: () => {}, emit: undefined };
    const found = keys.find({ algorithm: 'ES256', keyId: key.kid }, context);
    assert.notInstanceOf(found, Promise);
  });

  test('is asked four times in the first minute, and then at most each 24 s', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)), DOWN);
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    rig.advance(400);
    for (let second = 0; second < 60; second++) {
      assert.equal(await rig.codeOf(token), 'valid');
      await rig.settle();
      rig.advance(1);
    }
    assert.isAtMost((await origin.count()) - 1, 4);
  });

  test('without any keys it is a 503 that comes at once, and Retry-After is true', async () => {
    const origin = await Origin.start(DOWN, jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.codeOf(token);
    const error = await errorOf(() => rig.verify(token));
    assert.equal(error?.code, 'keys_unavailable');
    rig.advance(error?.retryAfter ?? 0);
    assert.equal(await rig.codeOf(token), 'valid');
  });

  test('who comes after a failed ready asks once more, and is not refused for what happened before', async () => {
    const origin = await Origin.start(DOWN, jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await errorOf(() => rig.verifier.ready());
    assert.equal(await rig.codeOf(token), 'valid');
    assert.equal(await origin.count(), 2);
  });

  test('so does who comes after one that failed when the keys of an earlier one were used up', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)), DOWN);
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verifier.ready();
    rig.advance(4000);
    await errorOf(() => rig.verifier.ready());
    await rig.codeOf(token);
    await rig.codeOf(token);
    assert.equal(await origin.count(), 3);
  });

  test('a ready that fails with old keys at hand gives no request an attempt, when those are used up either', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)), DOWN);
    const rig = makeRig(remoteKeys(origin.url));
    for (const seconds of [3650, 5, 6]) {
      await rig.verifier.ready();
      rig.advance(seconds);
    }
    assert.equal(await rig.codeOf(token), 'keys_unavailable');
    assert.equal(await origin.count(), 3);
  });

  test('that is once for each failed ready, for all who come at the same time', async () => {
    const origin = await Origin.start(DOWN);
    const store = memoryStore();
    const rig = makeRig(remoteKeys(origin.url, { store }));
    await errorOf(() => rig.verifier.ready());
    await Promise.all(Array.from({ length: 5 }, () => rig.codeOf(token)));
    for (let i = 0; i < 5; i++) assert.equal(await rig.codeOf(token), 'keys_unavailable');
    assert.equal(await origin.count(), 2);
  });

  test('a health check that calls ready() again and again takes no delay away', async () => {
    const origin = await Origin.start(DOWN);
    const rig = makeRig(remoteKeys(origin.url));
    for (let i = 0; i < 100; i++) {
      await errorOf(() => rig.verifier.ready());
      assert.equal(await rig.codeOf(token), 'keys_unavailable');
      rig.advance(0.1);
    }
    // At the start, the attempt of the first request, and after 2 and 4 s, of which a fifth may be missing.
    assert.isAtMost(await origin.count(), 5);
  });

  test('a ready() that learns from others that the origin fails gives no request an attempt', async () => {
    const origin = await Origin.start(DOWN);
    const store = memoryStore();
    const first = makeRig(remoteKeys(origin.url, { store }));
    await errorOf(() => first.verifier.ready());
    await first.settle();
    const second = makeRig(remoteKeys(origin.url, { store }));
    await errorOf(() => second.verifier.ready());
    assert.equal(await second.codeOf(token), 'keys_unavailable');
    assert.equal(await origin.count(), 1);
  });

  test('a hanging origin that is known to fail makes nobody without keys wait longer than half a second', async () => {
    const origin = await Origin.start(DOWN, { hang: true });
    const rig = makeRig(remoteKeys(origin.url, { timeout: 1 }));
    await rig.codeOf(token);
    rig.advance(2);
    let error: PomeriumError | undefined;
    const time = await timeOf(async () => {
      error = await errorOf(() => rig.verify(token));
    });
    assert.isBelow(time, 700);
    assert.equal(error?.retryAfter, 1 + 2, 'what is left of its time, and the delay after that');
  });

  test('who shares a store shares the failure: another instance asks nobody and waits for nobody', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)), DOWN);
    const store = memoryStore();
    const first = makeRig(remoteKeys(origin.url, { store }));
    await first.verify(token);
    first.advance(400);
    await first.verify(token);
    await first.settle();
    const second = makeRig(remoteKeys(origin.url, { store }));
    second.advance(400);
    assert.equal(await second.codeOf(token), 'valid');
    assert.equal(await origin.count(), 2);
    const third = makeRig(remoteKeys(origin.url, { store }));
    third.advance(432);
    assert.equal(await third.codeOf(token), 'valid');
    assert.equal(await origin.count(), 3, 'and after a while one of them asks again');
  });

  const notes: [name: string, note: object][] = [
    ['that the origin failed far in the future', { failedAt: NOW + 1e6, retryAt: NOW + 2e6, failures: 1 }],
    ['not to ask for a year', { failedAt: NOW, retryAt: NOW + 3e7, failures: 99 }],
    ['of an old failure', { failedAt: NOW - 1e4, retryAt: NOW + 20, failures: 3 }],
    ['in other words', { failedAt: 'now', retryAt: 'never' }],
  ];
  for (const [name, note] of notes) {
    test(`a stranger's note ${name} delays nothing`, async () => {
      const origin = await Origin.start(jwksAnswer(jwks(key)));
      const store = memoryStore();
      store.items.set(`${storeKey(origin.url)}:failure`, JSON.stringify(note));
      assert.equal(await makeRig(remoteKeys(origin.url, { store })).codeOf(token), 'valid');
    });
  }

  test("a stranger's note that could be true delays a refresh for 30 s at most", async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const store = memoryStore();
    store.items.set(
      `${storeKey(origin.url)}:failure`,
      JSON.stringify({ failedAt: NOW, retryAt: NOW + 30, failures: 9 }),
    );
    const rig = makeRig(remoteKeys(origin.url, { store }));
    assert.equal(await rig.codeOf(token), 'keys_unavailable');
    rig.advance(32);
    assert.equal(await rig.codeOf(token), 'valid');
  });
});
