import { assert, describe, test } from 'vitest';
import { cacheStore, kvStore } from '../../../adapters/cloudflare/index.ts';

/** KV as far as the store uses it, with what was written. The real one is in test/e2e/isolates.test.ts. */
function fakeKv(held: string | null = null) {
  const writes: [string, { expirationTtl?: number } | undefined][] = [];
  let value = held;
  return {
    writes,
    get: async () => value,
    put: async (_: string, next: string, options?: { expirationTtl?: number }) => {
      value = next;
      writes.push([next, options]);
    },
  };
}

const entry = (fetchedAt: number, document = 'a') => JSON.stringify({ document, fetchedAt, maxAge: 60 });

describe('kvStore', () => {
  const cases: [name: string, held: string | null, next: string, writes: number][] = [
    ['what is not there yet is written', null, entry(0), 1],
    ['the same keys a minute later are not', entry(0), entry(61), 0],
    ['nor up to three minutes later', entry(0), entry(179), 0],
    ['but then they are', entry(0), entry(180), 1],
    ['other keys are written at once', entry(0), entry(1, 'b'), 1],
    ['so is what is no entry', 'junk', entry(0), 1],
  ];
  for (const [name, held, next, writes] of cases) {
    test(name, async () => {
      const kv = fakeKv(held);
      await kvStore(kv).setItem('k', next, { ttl: 10 });
      assert.deepEqual(kv.writes, writes ? [[next, { expirationTtl: 60 }]] : []);
      assert.equal(await kvStore(kv).getItem('k'), writes ? next : held);
    });
  }

  test('knows what it read and wrote, and does not read again to compare', async () => {
    const kv = fakeKv(entry(0));
    const store = kvStore(kv);
    await store.getItem('k');
    await store.setItem('k', entry(200));
    kv.get = () => Promise.reject(new Error('no second read'));
    await store.setItem('k', entry(250));
    assert.lengthOf(kv.writes, 1);
  });
});

describe('cacheStore, on the Cache API of workerd', () => {
  const claim = (store = cacheStore(), now = 100) => store.claim?.('claimed', { now, ttl: 5 });

  test('gives what was put, under any name, and null for the rest', async () => {
    const store = cacheStore();
    const key = 'pomerium-edge:jwks:https%3A%2F%2Fa.example%2F?x=1#y';
    assert.isNull(await store.getItem(key));
    await store.setItem(key, '{"a":"李"}', { ttl: 60 });
    assert.equal(await cacheStore().getItem(key), '{"a":"李"}');
    assert.isNull(await store.getItem(`${key}z`));
    assert.isNull(await cacheStore({ name: 'another' }).getItem(key));
  });

  test('of many who claim at once, one gets it; nobody else until it is over', async () => {
    const claims = await Promise.all(Array.from({ length: 20 }, () => claim()));
    assert.lengthOf(claims.filter(Boolean), 1);
    assert.isFalse(await claim(cacheStore(), 104));
    assert.isTrue(await claim(cacheStore(), 105));
  });
});
