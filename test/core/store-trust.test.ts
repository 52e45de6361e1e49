import { assert, describe, test } from 'vitest';
import { type JwksStore, remoteKeys, type StoredValue } from '../../core/index.ts';
import { storeKey } from '../../core/keys/stores/store.ts';
import { jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { makeRig } from '../support/verifying.ts';

const key = await makeKey();
const forged = await makeKey();
const token = await sign(key, { exp: 9e9 });
const forgedToken = await sign(forged, { exp: 9e9 });
const ETAG = { etag: '"pomerium"', 'cache-control': 'max-age=60' };

function storeWith(url: string, entry: object): JwksStore & { readonly items: Map<string, StoredValue> } {
  const items = new Map<string, StoredValue>([[storeKey(url), JSON.stringify({ version: 1, url, ...entry })]]);
  return { items, getItem: (name) => items.get(name) ?? null, setItem: (name, value) => void items.set(name, value) };
}

describe('threat: poisoned store that stays', () => {
  test("a stranger's document with Pomerium's real ETag is gone after its own time: it is fetched anew, whole", async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key), ETAG));
    const document = JSON.stringify(jwks(forged));
    const store = storeWith(origin.url, { document, fetchedAt: NOW, maxAge: 60, etag: ETAG.etag, unknownKeyAt: null });
    const rig = makeRig(remoteKeys(origin.url, { store }));
    assert.equal(await rig.codeOf(forgedToken), 'valid', 'whoever writes to the store chooses the keys for a while');
    rig.advance(361);
    assert.equal(await rig.codeOf(token), 'valid');
    assert.equal(await rig.codeOf(forgedToken), 'unknown_key');
    const [request] = await origin.hits();
    assert.isUndefined(request?.headers['if-none-match']);
  });

  test('the longest time that it can claim is maxTtl and staleWhileRevalidate', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key), ETAG));
    const store = storeWith(origin.url, { document: JSON.stringify(jwks(forged)), fetchedAt: NOW, maxAge: 1e9 });
    const rig = makeRig(remoteKeys(origin.url, { store, maxTtl: 600 }));
    rig.advance(901);
    assert.equal(await rig.codeOf(forgedToken), 'unknown_key');
  });

  test('a document that this process got from the origin is asked about, and a 304 brings it back', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key), ETAG));
    const store = storeWith(origin.url, { document: '{}', fetchedAt: 0, maxAge: 0 });
    const rig = makeRig(remoteKeys(origin.url, { store }));
    await rig.verify(token);
    await rig.settle();
    rig.advance(70);
    const entry = {
      version: 1,
      url: origin.url,
      document: JSON.stringify(jwks(forged)),
      fetchedAt: NOW + 69,
      maxAge: 0,
    };
    store.items.set(storeKey(origin.url), JSON.stringify(entry));
    await rig.verify(token);
    await rig.settle();
    assert.equal(await rig.codeOf(forgedToken), 'valid', 'for a while');
    rig.advance(400);
    assert.equal(await rig.codeOf(token), 'valid');
    assert.equal((await origin.hits()).at(-1)?.headers['if-none-match'], ETAG.etag);
  });
});

describe('a slow store', () => {
  const later = <T>(value: T, milliseconds: number) =>
    new Promise<T>((resolve) => setTimeout(() => resolve(value), milliseconds));

  test('may answer too late for a request, and is still used where the origin has nothing', async () => {
    const origin = await Origin.start({ status: 503 });
    const entry = { document: JSON.stringify(jwks(key)), fetchedAt: NOW - 10, maxAge: 60 };
    const { items } = storeWith(origin.url, entry);
    const store = { getItem: (name: string) => later(items.get(name) ?? null, 400), setItem: () => {} };
    const rig = makeRig(remoteKeys(origin.url, { store, timeout: 2 }));
    assert.equal(await rig.codeOf(token), 'valid');
  });

  test('has seconds to write: nobody waits for that', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const written: string[] = [];
    const store = {
      getItem: () => null,
      setItem: (name: string) => later(undefined, 400).then(() => void written.push(name)),
    };
    const rig = makeRig(remoteKeys(origin.url, { store }));
    await rig.verify(token);
    await rig.settle();
    assert.deepEqual(written, [storeKey(origin.url)]);
    assert.notInclude(
      rig.events.map(({ type }) => type),
      'store_failed',
    );
  });
});
