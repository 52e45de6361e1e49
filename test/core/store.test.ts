import { assert, describe, test } from 'vitest';
import {
  compilePolicy,
  createVerifier,
  type JwksStore,
  optionsFromEnvironment,
  type RemoteKeysOptions,
  remoteKeys,
  type StoredValue,
  tieredStore,
} from '../../core/index.ts';
import { storeKey } from '../../core/keys/stores/store.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { makeRig } from '../support/verifying.ts';

const key = await makeKey();
const other = await makeKey();
const token = await sign(key, { exp: 9e9 });
const otherToken = await sign(other, { exp: 9e9 });

class MemoryStore implements JwksStore {
  readonly items = new Map<string, StoredValue>();
  readonly ttls: (number | undefined)[] = [];
  reads = 0;

  getItem(name: string): StoredValue {
    this.reads += 1;
    return this.items.get(name) ?? null;
  }

  setItem(name: string, value: string, { ttl }: { ttl?: number } = {}): void {
    this.items.set(name, value);
    this.ttls.push(ttl);
  }
}

const failures = (rig: ReturnType<typeof makeRig>) =>
  rig.events.flatMap((event) => (event.type === 'store_failed' ? [`${event.operation} ${event.reason}`] : []));

/** A store that holds what another instance fetched, and the entry it holds. */
async function filledStore(
  origin: Origin,
  options: RemoteKeysOptions = {},
): Promise<{ store: MemoryStore; name: string; entry: Record<string, unknown> }> {
  const store = new MemoryStore();
  const rig = makeRig(remoteKeys(origin.url, { ...options, store }));
  await rig.verify(token);
  await rig.settle();
  const name = storeKey(origin.url);
  return { store, name, entry: JSON.parse(String(store.items.get(name))) };
}

describe('the store', () => {
  test('saves the origin a request: a cold instance takes what another one fetched', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const { store } = await filledStore(origin);
    const cold = makeRig(remoteKeys(origin.url, { store }));
    assert.equal(await cold.codeOf(token), 'valid');
    assert.equal(await origin.count(), 1);
    const from = cold.events.flatMap((event) => (event.type === 'keys_refreshed' ? [event.from] : []));
    assert.deepEqual(from, ['store']);
  });

  test('does not add to the bounds: freshness counts from the origin’s answer through every tier', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const { store } = await filledStore(origin);
    await origin.answer(jwksAnswer(jwks(other)));
    const cold = makeRig(remoteKeys(origin.url, { store }));
    cold.advance(59);
    assert.equal(await cold.codeOf(token), 'valid');
    cold.advance(302);
    assert.equal(await cold.codeOf(token), 'unknown_key', 'a minute and five after the answer, not after the read');
  });

  test('is read before the origin when memory is stale: what another instance refreshed is taken', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const store = new MemoryStore();
    const [first, second] = [makeRig(remoteKeys(origin.url, { store })), makeRig(remoteKeys(origin.url, { store }))];
    await first.verify(token);
    await second.verify(token);
    for (const rig of [first, second]) {
      rig.advance(61);
      await rig.verify(token);
      await rig.settle();
    }
    assert.equal(await origin.count(), 2);
  });

  test('is asked for an unknown key id before the origin is', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const store = new MemoryStore();
    const [first, second] = [makeRig(remoteKeys(origin.url, { store })), makeRig(remoteKeys(origin.url, { store }))];
    await first.verify(token);
    await second.verify(token);
    await origin.answer(jwksAnswer(jwks(other, key)));
    for (const rig of [first, second]) rig.advance(1);
    assert.equal(await first.codeOf(otherToken), 'valid');
    await first.settle();
    assert.equal(await second.codeOf(otherToken), 'valid');
    assert.equal(await origin.count(), 2);
  });

  test('carries the turns of unknown key ids: what other instances took is taken', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const store = new MemoryStore();
    const codes: string[] = [];
    for (let instance = 0; instance < 5; instance++) {
      const rig = makeRig(remoteKeys(origin.url, { store }));
      rig.advance(instance / 10);
      assert.equal(await rig.codeOf(token), 'valid');
      codes.push(await rig.codeOf(await sign(key, {}, { kid: `stranger-${instance}` })));
      await rig.settle();
    }
    assert.deepEqual(codes, ['unknown_key', 'unknown_key', 'unknown_key', 'keys_unavailable', 'keys_unavailable']);
    assert.equal(await origin.count(), 1 + 3);
  });

  test('is used with keys that are too old, if the origin fails, within staleIfError', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const { store } = await filledStore(origin);
    await origin.answer({ status: 503 });
    const cold = makeRig(remoteKeys(origin.url, { store }));
    cold.advance(60 + 3600);
    assert.equal(await cold.codeOf(token), 'valid');
    const later = makeRig(remoteKeys(origin.url, { store }));
    later.advance(60 + 3601);
    assert.equal(await later.codeOf(token), 'keys_unavailable');
  });

  const timesOfUse: [name: string, options: RemoteKeysOptions, ttl: number][] = [
    ['freshness and staleIfError', {}, 60 + 3600],
    ['freshness and staleWhileRevalidate where that is more', { staleIfError: 0, staleWhileRevalidate: 400 }, 60 + 400],
  ];
  for (const [name, options, ttl] of timesOfUse) {
    test(`is given the time for which the value is of use: ${name}`, async () => {
      const origin = await Origin.start(jwksAnswer(jwks(key)));
      const { store } = await filledStore(origin, options);
      assert.deepEqual(store.ttls, [ttl]);
    });
  }

  const takenAnswers: [name: string, headers: Record<string, string>, body?: string][] = [
    ['without max-age', { 'cache-control': '' }],
    ['that is not to be stored', { 'cache-control': 'no-store' }],
    ['of exactly 64 KiB', {}, JSON.stringify(jwks(key)).padEnd(65_536)],
  ];
  for (const [name, headers, body] of takenAnswers) {
    test(`gives back an answer ${name}, too`, async () => {
      const origin = await Origin.start(jwksAnswer(body ?? jwks(key), headers));
      const { store } = await filledStore(origin);
      const cold = makeRig(remoteKeys(origin.url, { store }));
      assert.equal(await cold.codeOf(token), 'valid');
      assert.equal(await origin.count(), 1);
      assert.deepEqual(failures(cold), []);
    });
  }

  test('serves an instance whose clock is some milliseconds behind', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const store = new MemoryStore();
    const [ahead, behind] = [makeRig(remoteKeys(origin.url, { store })), makeRig(remoteKeys(origin.url, { store }))];
    ahead.advance(0.9);
    await ahead.verify(token);
    await ahead.settle();
    behind.advance(0.1);
    assert.equal(await behind.codeOf(token), 'valid');
    assert.equal(await origin.count(), 1);
  });

  test('may parse JSON by itself, as unstorage does', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const { store, name, entry } = await filledStore(origin);
    store.items.set(name, entry);
    assert.equal(await makeRig(remoteKeys(origin.url, { store })).codeOf(token), 'valid');
    assert.equal(await origin.count(), 1);
  });

  test('has the whole URL in its key', () => {
    const urls = [
      'https://a/?x=1',
      'https://a/?x=2',
      'https://a/',
      'https://a:444/',
      'https://A.b/c',
      'https://a/c%2Fd',
    ];
    assert.equal(new Set(urls.map(storeKey)).size, urls.length);
  });
});

describe('threat: poisoned or odd store', () => {
  const poisons: [string, (entry: Record<string, unknown>) => unknown][] = [
    ['rubbish', () => 'rubbish'],
    ['a number', () => 7],
    ['an empty object', () => ({})],
    ['a list', () => []],
    ['another URL', (entry) => ({ ...entry, url: 'https://evil.test/' })],
    ['another version', (entry) => ({ ...entry, version: 0 })],
    ['a time in the future', (entry) => ({ ...entry, fetchedAt: NOW + 1 })],
    ['a time far in the future', (entry) => ({ ...entry, fetchedAt: 9e9 })],
    ['no time', ({ fetchedAt, ...entry }) => entry],
    ['a time as text', (entry) => ({ ...entry, fetchedAt: String(NOW) })],
    ['a negative max-age', (entry) => ({ ...entry, maxAge: -1 })],
    ['an endless max-age', (entry) => JSON.stringify(entry).replace('"maxAge":60', '"maxAge":1e999')],
    ['turns of unknown keys as text', (entry) => ({ ...entry, unknownKeysUntil: 'never' })],
    ['no document', ({ document, ...entry }) => entry],
    ['a document that is HTML', (entry) => ({ ...entry, document: '<!DOCTYPE html>' })],
    ['a document without keys', (entry) => ({ ...entry, document: '{"keys":null}' })],
    ['a document with a shared secret', (entry) => ({ ...entry, document: '{"keys":[{"kty":"oct","k":"AAAA"}]}' })],
    [
      'a document of more than 64 KiB',
      (entry) => ({ ...entry, document: `${' '.repeat(65_536)}${entry['document']}` }),
    ],
  ];
  for (const [name, poison] of poisons) {
    test(`${name} is an event and a miss`, async () => {
      const origin = await Origin.start(jwksAnswer(jwks(key)));
      const filled = await filledStore(origin);
      const poisoned = poison(filled.entry);
      filled.store.items.set(filled.name, typeof poisoned === 'object' ? JSON.stringify(poisoned) : poisoned);
      const rig = makeRig(remoteKeys(origin.url, { store: filled.store }));
      assert.equal(await rig.codeOf(token), 'valid');
      assert.equal(await origin.count(), 2);
      assert.deepEqual(failures(rig), ['get unusable_entry']);
    });
  }

  test('an entry is never fresh for longer than maxTtl, whatever it says', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const { store, name, entry } = await filledStore(origin);
    store.items.set(name, JSON.stringify({ ...entry, maxAge: 1e12 }));
    await origin.answer(jwksAnswer(jwks(other)));
    const rig = makeRig(remoteKeys(origin.url, { store, maxTtl: 100, staleWhileRevalidate: 0 }));
    rig.advance(100);
    assert.equal(await rig.codeOf(token), 'valid');
    rig.advance(1);
    assert.equal(await rig.codeOf(token), 'unknown_key');
  });

  const broken: [string, JwksStore, string[]][] = [
    [
      'throws',
      {
        getItem: () => {
          throw new Error('x');
        },
        setItem: () => {
          throw new Error('x');
        },
      },
      ['get threw', 'set threw'],
    ],
    [
      'rejects',
      { getItem: () => Promise.reject(new Error('x')), setItem: () => Promise.reject(new Error('x')) },
      ['get threw', 'set threw'],
    ],
  ];
  for (const [name, store, expected] of broken) {
    test(`a store that ${name} costs nothing but events`, async () => {
      const origin = await Origin.start(jwksAnswer(jwks(key)));
      const rig = makeRig(remoteKeys(origin.url, { store }));
      assert.equal(await rig.codeOf(token), 'valid');
      assert.equal(await rig.codeOf(token), 'valid');
      await rig.settle();
      assert.equal(await origin.count(), 1);
      assert.deepEqual(failures(rig), expected);
    });
  }
});

describe('several stores', () => {
  const namesOf = (rig: ReturnType<typeof makeRig>) =>
    rig.events.flatMap((event) => (event.type === 'keys_refreshed' ? [event.from] : []));

  test('the near one is enough while it has fresh keys', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const { store: near } = await filledStore(origin);
    const far = new MemoryStore();
    const rig = makeRig(remoteKeys(origin.url, { store: tieredStore(near, far) }));
    assert.equal(await rig.codeOf(token), 'valid');
    assert.equal(far.reads, 0);
    assert.equal(await origin.count(), 1);
  });

  test('the far one is asked before the origin, and the near one gets what it had', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const { store: far, name } = await filledStore(origin);
    const near = new MemoryStore();
    const rig = makeRig(remoteKeys(origin.url, { store: tieredStore(near, far) }));
    assert.equal(await rig.codeOf(token), 'valid');
    await rig.settle();
    assert.equal(await origin.count(), 1);
    assert.deepEqual(near.items.get(name), far.items.get(name));
  });

  test('a refresh looks for fresh keys in the far one when those of the near one are stale', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const { store: near } = await filledStore(origin);
    const far = new MemoryStore();
    const later = makeRig(remoteKeys(origin.url, { store: far }));
    later.advance(100);
    await later.verify(token);
    await later.settle();
    assert.equal(await origin.count(), 2);
    const rig = makeRig(remoteKeys(origin.url, { store: tieredStore(near, far) }));
    rig.advance(110);
    assert.equal(await rig.codeOf(token), 'valid', 'stale keys are used at once');
    await rig.settle();
    assert.deepEqual(namesOf(rig), ['store', 'store']);
    assert.equal(await origin.count(), 2);
  });

  test('what the origin says goes to all of them, and one that is broken stops no other', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const broken: JwksStore = {
      getItem: () => Promise.reject(new Error('down')),
      setItem: () => Promise.reject(new Error('down')),
    };
    const far = new MemoryStore();
    const rig = makeRig(remoteKeys(origin.url, { store: tieredStore(broken, far) }));
    assert.equal(await rig.codeOf(token), 'valid');
    await rig.settle();
    assert.equal(far.items.size, 1);
    assert.deepEqual(failures(rig), ['get threw', 'set threw']);
  });

  test('is a store by itself: the first to have a value, written to all', async () => {
    const near = new MemoryStore();
    const far = new MemoryStore();
    const store = tieredStore(near, tieredStore(far));
    assert.deepEqual(store.tiers, [near, far]);
    far.setItem('a', '1');
    assert.equal(await store.getItem('a'), '1');
    assert.isNull(await store.getItem('b'));
    await store.setItem('c', '2', { ttl: 5 });
    assert.deepEqual([near.items.get('c'), far.items.get('c')], ['2', '2']);
  });
});

test('the store of an environment is asked for the default keys of onBehalfOf, too', async () => {
  const store = new MemoryStore();
  const callers = compilePolicy({ allow: { or: [{ accept: true }] } });
  const remote = { store, fetch: () => Promise.reject(new TypeError('no network')) };
  const options = { onBehalfOf: { audience: 'first.corp.example.com', callers } };
  const verifier = createVerifier(optionsFromEnvironment({ POMERIUM_AUDIENCE: HOST }, options, remote));
  await verifier.ready().catch(() => {});
  assert.isAbove(store.reads, 0);
  const asked: string[] = [];
  store.getItem = (name) => {
    asked.push(decodeURIComponent(name));
    return null;
  };
  await verifier.ready().catch(() => {});
  assert.isTrue(asked.some((name) => name.includes('first.corp.example.com')));
});

describe('a store that lets one instance claim the origin', () => {
  /** Gives the first who asks the claim for a purpose, and nobody else. */
  class ClaimStore extends MemoryStore {
    readonly claims: string[] = [];

    claim(name: string): boolean {
      const isFirst = !this.claims.includes(name);
      this.claims.push(name);
      return isFirst;
    }
  }

  test('makes many cold instances ask once: the others take what the first stores', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const store = new ClaimStore();
    const rigs = Array.from({ length: 10 }, () => makeRig(remoteKeys(origin.url, { store })));
    const codes = await Promise.all(rigs.map((rig) => rig.codeOf(token)));
    assert.deepEqual(new Set(codes), new Set(['valid']));
    assert.equal(await origin.count(), 1);
    assert.deepEqual(new Set(store.claims), new Set([`${storeKey(origin.url)}:refresh`]));
  });

  test('makes them ask once for a key that nobody knows, too', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const store = new ClaimStore();
    const rigs = Array.from({ length: 10 }, () => makeRig(remoteKeys(origin.url, { store })));
    await Promise.all(rigs.map((rig) => rig.verify(token)));
    await origin.answer(jwksAnswer(jwks(other, key)));
    for (const rig of rigs) rig.advance(1);
    const codes = await Promise.all(rigs.map((rig) => rig.codeOf(otherToken)));
    assert.deepEqual(new Set(codes), new Set(['valid']));
    assert.equal(await origin.count(), 2);
  });

  test('an instance that waits in vain for the claimed answer asks the origin itself', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const store = new ClaimStore();
    store.claim(`${storeKey(origin.url)}:refresh`);
    const rig = makeRig(remoteKeys(origin.url, { store, timeout: 0.2 }));
    assert.equal(await rig.codeOf(token), 'valid');
    assert.equal(await origin.count(), 1);
  });

  test('one whose claims fail keeps nobody from the origin', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const store = Object.assign(new MemoryStore(), { claim: () => Promise.reject(new Error('down')) });
    const rig = makeRig(remoteKeys(origin.url, { store }));
    const startedAt = Date.now();
    assert.equal(await rig.codeOf(token), 'valid');
    assert.isBelow(Date.now() - startedAt, 1200, 'nobody is waited for');
    assert.deepEqual(failures(rig), ['claim threw']);
  });
});

describe('requests of one instance', () => {
  test('that come while the first gets the keys wait for it: one request to the origin', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    const codes = await Promise.all(Array.from({ length: 50 }, () => rig.codeOf(token)));
    assert.deepEqual(new Set(codes), new Set(['valid']));
    assert.equal(await origin.count(), 1);
  });

  test('wait for one fetch, and fail with it without a second one', async () => {
    const origin = await Origin.start({ status: 500 });
    const rig = makeRig(remoteKeys(origin.url));
    const codes = await Promise.all(Array.from({ length: 50 }, () => rig.codeOf(token)));
    assert.deepEqual(new Set(codes), new Set(['keys_unavailable']));
    assert.equal(await origin.count(), 1);
  });
});
