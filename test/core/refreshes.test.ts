import { assert, describe, test } from 'vitest';
import { type JwksStore, type RemoteKeysOptions, remoteKeys, type StoredValue, tieredStore } from '../../core/index.ts';
import { noteKey, storeKey } from '../../core/keys/stores/store.ts';
import { withChance } from '../support/chance.ts';
import { jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const other = await makeKey();
const token = await sign(key, { exp: 9e9 });
const otherToken = await sign(other, { exp: 9e9 });
const URL = 'https://app.corp.example.com/jwks.json';

const later = <T>(value: T, milliseconds: number) =>
  new Promise<T>((resolve) => setTimeout(() => resolve(value), milliseconds));

const good = () => new Response(JSON.stringify(jwks(key)), { headers: { 'cache-control': 'max-age=60' } });
const down = () => new Response('', { status: 503 });
const never = () => new Promise<Response>(() => {});

const entryOf = (fetchedAt: number) => ({
  version: 1,
  url: URL,
  document: JSON.stringify(jwks(key)),
  fetchedAt,
  maxAge: 60,
});

/** An instance whose origin answers as `origin.fetch` says. */
function makeInstance(fetch: () => Response | Promise<Response>, options: RemoteKeysOptions = {}) {
  const origin = { fetch, requests: 0 };
  const ask = async () => {
    origin.requests += 1;
    return origin.fetch();
  };
  return { origin, rig: makeRig(remoteKeys(URL, { fetch: ask, ...options }), { clockTolerance: 1e6 }) };
}

/** A store with a list of what was read. */
function makeStore(entry?: object) {
  const items = new Map<string, StoredValue>(entry ? [[storeKey(URL), entry]] : []);
  const reads: string[] = [];
  const store: JwksStore = {
    getItem: (name) => {
      reads.push(name === storeKey(URL) ? 'entry' : 'note');
      return items.get(name) ?? null;
    },
    setItem: (name, value) => void items.set(name, value),
  };
  return { store, items, reads };
}

/** Milliseconds that the work takes. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

describe('the store is read', () => {
  test('once for keys that are fresh, and not for notes of failures', async () => {
    const { store, reads } = makeStore(entryOf(NOW));
    const { rig } = makeInstance(down, { store });
    for (let i = 0; i < 3; i++) assert.equal(await rig.codeOf(token), 'valid');
    assert.deepEqual(reads, ['entry']);
  });

  test('by a ready that needs keys, and not by one that has fresh ones', async () => {
    const { store, reads } = makeStore(entryOf(NOW));
    const { rig } = makeInstance(down, { store });
    for (let i = 0; i < 3; i++) await rig.verifier.ready();
    assert.deepEqual(reads, ['entry']);
  });

  test('once a second while somebody else refreshes keys that are stale', async () => {
    const { store, reads } = makeStore(entryOf(NOW - 60));
    const { origin, rig } = makeInstance(good, { store: { ...store, claim: () => false } });
    await rig.verify(token);
    const readAt: number[] = [];
    for (let quarter = 1; quarter <= 8; quarter++) {
      rig.advance(0.25);
      reads.length = 0;
      await rig.verify(token);
      await rig.settle();
      if (reads.length > 0) readAt.push(quarter / 4);
    }
    assert.deepEqual(readAt, [0.25, 1.25]);
    assert.equal(origin.requests, 0);
  });

  test('every ten seconds while the origin is known to fail', async () => {
    const { store, reads } = makeStore(entryOf(NOW - 1000));
    const { rig } = makeInstance(down, { store, cooldown: 100 });
    await withChance(0, async () => {
      await rig.codeOf(token);
      await rig.settle();
      rig.advance(1);
      await rig.codeOf(token);
      await rig.settle();
      const readAt: number[] = [];
      for (let second = 1; second < 15; second++) {
        rig.advance(1);
        reads.length = 0;
        await rig.codeOf(token);
        await rig.settle();
        if (reads.length > 0) readAt.push(second);
      }
      assert.deepEqual(readAt, [1, 11]);
    });
  });

  test('once a second for keys that nobody knows', async () => {
    const { store, reads } = makeStore(entryOf(NOW));
    const { rig } = makeInstance(good, { store });
    const counts: number[] = [];
    for (const seconds of [0.5, 0.5, 0, -50, 0, 0]) {
      await rig.codeOf(await sign(key, { exp: 9e9 }, { kid: crypto.randomUUID() }));
      await rig.settle();
      counts.push(reads.filter((name) => name === 'entry').length);
      rig.advance(seconds);
    }
    assert.deepEqual(counts, [2, 2, 3, 3, 4, 5], 'and again by a clock that went back');
  });

  test('for a key that is new, until it is found', async () => {
    const { store, items, reads } = makeStore(entryOf(NOW));
    const { origin, rig } = makeInstance(down, { store });
    await rig.verify(token);
    await rig.settle();
    rig.advance(1);
    items.set(storeKey(URL), { ...entryOf(NOW + 1), document: JSON.stringify(jwks(key, other)) });
    assert.equal(await rig.codeOf(otherToken), 'valid');
    assert.deepEqual(reads, ['entry', 'entry']);
    assert.lengthOf(rig.pending, 1);
    assert.equal(origin.requests, 0);
  });

  test('again when the origin fails, only as far as that gives keys', async () => {
    const [near, far] = [makeStore(), makeStore()];
    const late: JwksStore = { ...near.store, getItem: (name) => (near.reads.push(name) > 2 ? entryOf(NOW) : null) };
    const { origin, rig } = makeInstance(down, { store: tieredStore(late, far.store) });
    assert.equal(await rig.codeOf(token), 'valid');
    assert.equal(origin.requests, 1);
    assert.deepEqual(far.reads, ['entry']);
  });

  test('no more when the origin fails while old keys are at hand', async () => {
    const { store, reads } = makeStore(entryOf(NOW - 1000));
    const { rig } = makeInstance(down, { store });
    assert.equal(await rig.codeOf(token), 'valid');
    await rig.settle();
    assert.deepEqual(reads, ['entry', 'note', 'note']);
  });
});

describe('what a request lends to work that outlives it', () => {
  test('is one promise for the keys, without a store', async () => {
    const { rig } = makeInstance(good);
    await rig.verify(token);
    assert.lengthOf(rig.pending, 1);
  });

  test('is nothing while the origin is known to fail, without a store', async () => {
    const { origin, rig } = makeInstance(good);
    await rig.verify(token);
    origin.fetch = down;
    rig.advance(400);
    await rig.verify(token);
    await rig.settle();
    await rig.verify(token);
    assert.lengthOf(rig.pending, 0);
  });

  test('is nothing more while stale keys are refreshed', async () => {
    const { origin, rig } = makeInstance(good);
    await rig.verify(token);
    await rig.settle();
    origin.fetch = never;
    rig.advance(61);
    for (let i = 0; i < 3; i++) {
      await rig.verify(token);
      rig.advance(2);
    }
    assert.lengthOf(rig.pending, 1);
  });

  test('is one promise for the stores', async () => {
    const { rig } = makeInstance(never, { store: { getItem: () => new Promise(() => {}), setItem: () => {} } });
    void rig.codeOf(token);
    await later(undefined, 20);
    assert.lengthOf(rig.pending, 1);
  });

  test('is one promise for a key that is new', async () => {
    const { rig } = makeInstance(good);
    await rig.verify(token);
    await rig.settle();
    await rig.codeOf(otherToken);
    assert.lengthOf(rig.pending, 1);
  });
});

describe('a request without keys', () => {
  test('waits for an origin that takes long', async () => {
    const { rig } = makeInstance(() => later(good(), 700));
    assert.equal(await rig.codeOf(token), 'valid');
  });

  test('waits for an origin that takes long after a slow store that has nothing', async () => {
    const store: JwksStore = { getItem: () => later(null, 400), setItem: () => {} };
    const { rig } = makeInstance(() => later(good(), 700), { store });
    assert.equal(await rig.codeOf(token), 'valid');
  });

  for (const [name, fetchedAt] of [
    ['takes fresh keys of a slow store, when the origin takes longer', NOW],
    ['takes old keys of a slow store, when the origin takes longer than half a second', NOW - 1000],
  ] as const) {
    test(name, async () => {
      const store: JwksStore = { getItem: () => later(entryOf(fetchedAt), 400), setItem: () => {} };
      const { rig } = makeInstance(never, { store });
      let code = '';
      const time = await timeOf(async () => {
        code = await rig.codeOf(token);
      });
      assert.equal(code, 'valid');
      assert.isBelow(time, 1500);
    });
  }

  test('uses stale keys of a store, and leaves the refresh to the background', async () => {
    const { store, reads } = makeStore(entryOf(NOW - 100));
    const { origin, rig } = makeInstance(never, { store });
    assert.isBelow(await timeOf(() => rig.verify(token)), 400);
    for (let i = 0; i < 100 && origin.requests === 0; i++) await later(undefined, 1);
    assert.equal(origin.requests, 1);
    assert.deepEqual(reads, ['entry', 'entry', 'note'], 'once for itself, and once in the background');
  });

  test('is told what is missing, and why', async () => {
    const { rig } = makeInstance(down);
    const failed = await errorOf(() => rig.verify(token));
    assert.match(failed?.message ?? '', /^There are no keys to verify with\. The JWKS URL answers with status 503\./);
    assert.deepEqual([failed?.expected, failed?.received], [`a JWKS with a signing key at ${URL}`, 'status']);

    const { store, items } = makeStore();
    items.set(noteKey(URL), { failedAt: NOW, retryAt: NOW + 20, failures: 1 });
    const told = await errorOf(() => makeInstance(good, { store }).rig.verify(token));
    assert.match(told?.message ?? '', /^There are no keys to verify with\. The origin failed a moment ago\.$/);
    assert.equal(told?.received, 'nothing');
  });
});

test('keys that become too old while a request waits are refused', async () => {
  const { origin, rig } = makeInstance(good);
  await rig.verify(token);
  origin.fetch = never;
  rig.advance(3659);
  const refused = errorOf(() => rig.verify(token));
  await later(undefined, 20);
  rig.advance(2);
  const error = await refused;
  assert.equal(error?.message, 'There are no keys to verify with. The last ones are too old.');
  assert.equal(error?.received, 'nothing');
});

test('who needs the same new key joins who took the last turn for it', async () => {
  const { origin, rig } = makeInstance(good);
  await rig.verify(token);
  for (const kid of ['a', 'b']) assert.equal(await rig.codeOf(await sign(key, { exp: 9e9 }, { kid })), 'unknown_key');
  origin.fetch = () => later(new Response(JSON.stringify(jwks(key, other))), 50);
  const first = rig.codeOf(otherToken);
  while (origin.requests < 4) await later(undefined, 1);
  assert.deepEqual(await Promise.all([first, rig.codeOf(otherToken), rig.codeOf(otherToken)]), [
    'valid',
    'valid',
    'valid',
  ]);
  assert.equal(origin.requests, 4);
});

test('a look without asking anybody gives the key in use, if there is one', async () => {
  const keys = remoteKeys(URL, { fetch: async () => good() });
  const selector = { algorithm: 'ES256', keyId: key.kid };
  assert.isUndefined(keys.peek?.(selector));
  await keys.ready({ now: () => NOW, waitUntil: () => {}, emit: undefined });
  assert.equal(keys.peek?.(selector)?.keyId, key.kid);
});

test('nobody has to listen to a failure', async () => {
  const keys = remoteKeys(URL, { fetch: async () => down() });
  const error = await errorOf(() => keys.ready({ now: () => NOW, waitUntil: () => {}, emit: undefined }));
  assert.equal(error?.code, 'keys_unavailable');
});

describe('a store that is broken while somebody else asks the origin', () => {
  test('is told once, and then the origin is asked', async () => {
    const store = {
      getItem: () => Promise.reject(new Error('down')),
      setItem: () => {},
      claim: () => false,
    };
    const { origin, rig } = makeInstance(good, { store, timeout: 0.4 });
    assert.isBelow(await timeOf(() => rig.verify(token)), 1000);
    assert.equal(origin.requests, 1);
    assert.lengthOf(
      rig.events.filter(({ type }) => type === 'store_failed'),
      1,
    );
  });
});
