import { assert, describe, test } from 'vitest';
import { type JwksStore, PomeriumError, remoteKeys, type StoredValue, tieredStore } from '../../core/index.ts';
import { isEntryKey, noteKey, storeKey, urlOfKey } from '../../core/keys/stores/store.ts';
import { throttledStore } from '../../core/keys/stores/throttled.ts';
import { jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { makeRig } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key, { exp: 9e9 });
const URL = 'https://app.corp.example.com/jwks.json?a=1:2#x';

describe('the key under which a store keeps something', () => {
  const cases: [name: string, key: () => string, url: string | undefined, isEntry: boolean][] = [
    ['of an entry', () => storeKey(URL), URL, true],
    ['of a note beside it', () => noteKey(URL), URL, false],
    ['of a claim', () => `${storeKey(URL)}:refresh`, URL, false],
    ['of somebody else', () => 'somebody:else', '', false],
    ['that ends as ours begins', () => 'somebody:pomerium-edge:jwks:', '', false],
    ['that cannot be decoded', () => 'pomerium-edge:jwks:%', undefined, true],
  ];
  for (const [name, makeStoredKey, url, isEntry] of cases) {
    test(`${name} tells its URL, and whether it is that of an entry`, () => {
      assert.equal(urlOfKey(makeStoredKey()), url);
      assert.equal(isEntryKey(makeStoredKey()), isEntry);
    });
  }
});

/** A verified request with that store, and what was told of the store. */
async function useStore(store: JwksStore) {
  const fetch = async () => new Response(JSON.stringify(jwks(key)));
  const rig = makeRig(remoteKeys('https://a.test/', { store, fetch }));
  assert.equal(await rig.codeOf(token), 'valid');
  await rig.settle();
  return rig.events.flatMap((event) => (event.type === 'store_failed' ? [event] : []));
}

describe('what is told of a store that fails', () => {
  const quiet: JwksStore = { getItem: () => null, setItem: () => {} };
  const reject = (error: unknown) => () => Promise.reject(error);
  const cases: [name: string, store: JwksStore, told: object[]][] = [
    [
      'the name of an error, not its message, which may hold anything',
      { ...quiet, getItem: reject(new RangeError('secret')) },
      [{ operation: 'get', reason: 'threw', message: 'The store threw RangeError.' }],
    ],
    [
      'the message of an error of ours',
      { ...quiet, setItem: reject(new PomeriumError('keys_unavailable', 'Set the name of the parameter.')) },
      [{ operation: 'set', reason: 'threw', message: 'Set the name of the parameter.' }],
    ],
    [
      'the type of what is no error',
      { ...quiet, claim: reject('secret') },
      [{ operation: 'claim', reason: 'threw', message: 'The store threw string.' }],
    ],
    [
      'the name of another DOMException',
      { ...quiet, getItem: reject(new DOMException('secret', 'QuotaExceededError')) },
      [{ operation: 'get', reason: 'threw', message: 'The store threw QuotaExceededError.' }],
    ],
    [
      'that it took too long to tell whose turn it is',
      { ...quiet, claim: () => new Promise<boolean>(() => {}) },
      [{ operation: 'claim', reason: 'timeout', message: 'The store did not answer within 250 ms.' }],
    ],
    [
      'that what it holds is ignored',
      { ...quiet, getItem: () => 'rubbish' },
      [
        {
          operation: 'get',
          reason: 'unusable_entry',
          message: 'The store holds no key set of this URL; what it holds is ignored.',
        },
      ],
    ],
  ];
  for (const [name, store, told] of cases) {
    test(name, async () => {
      const events = await useStore(store);
      assert.deepEqual(
        events,
        told.map((event) => ({ type: 'store_failed', url: 'https://a.test/', ...event })) as typeof events,
      );
    });
  }

  test('to nobody, where nobody listens', async () => {
    const store = { getItem: reject(new Error('x')), setItem: reject(new Error('x')), claim: reject(new Error('x')) };
    const keys = remoteKeys('https://a.test/', { store, fetch: async () => new Response(JSON.stringify(jwks(key))) });
    const pending: Promise<unknown>[] = [];
    const waitUntil = (promise: Promise<unknown>) => void pending.push(promise);
    await keys.find({ algorithm: 'ES256', keyId: key.kid }, { now: () => 1, waitUntil, emit: undefined });
    await Promise.all(pending);
    const odd = remoteKeys('https://a.test/', {
      store: { getItem: () => 'rubbish', setItem: () => {} },
      fetch: async () => new Response(JSON.stringify(jwks(key))),
    });
    await odd.find({ algorithm: 'ES256', keyId: key.kid }, { now: () => 1, waitUntil, emit: undefined });
  });
});

describe('a store that says whose turn it is', () => {
  for (const [name, answer] of [
    ['nothing', undefined],
    ['yes', true],
  ] as const) {
    test(`and says ${name} lets the origin be asked`, async () => {
      const claim = async () => answer as boolean;
      assert.deepEqual(await useStore({ getItem: () => null, setItem: () => {}, claim }), []);
    });
  }

  test('may be the far one of several', async () => {
    const claims: unknown[] = [];
    const near: JwksStore = { getItem: () => null, setItem: () => {} };
    const far: JwksStore = { ...near, claim: (name, options) => claims.push([name, options]) > 0 };
    await useStore(tieredStore(near, far));
    assert.deepEqual(claims, [[`${storeKey('https://a.test/')}:refresh`, { now: NOW, ttl: 6 }]]);
  });
});

test('several stores as one give the first value that there is, though it is empty', async () => {
  const giving = (value: StoredValue): JwksStore => ({ getItem: () => value, setItem: () => {} });
  assert.equal(await tieredStore(giving(undefined), giving(null), giving(''), giving('a')).getItem('k'), '');
});

describe('a store whose writes are few', () => {
  const entry = (fetchedAt: number, { document = 'a', maxAge = 60 } = {}) =>
    JSON.stringify({ document, fetchedAt, maxAge });

  /** A store that holds this, with what was asked of it. */
  function makeStore(held: StoredValue) {
    const calls: unknown[][] = [];
    let value = held;
    const store: JwksStore = {
      getItem: (name) => {
        calls.push(['get', name]);
        return value;
      },
      setItem: (name, next, options) => {
        calls.push(['set', name, next, options]);
        value = next;
      },
    };
    return { store, calls };
  }

  const cases: [name: string, held: StoredValue, next: string, isWritten: boolean][] = [
    ['writes what is not there', null, entry(0), true],
    ['does not write the same a moment later', entry(0), entry(9), false],
    ['writes the same when that is about to go stale', entry(0), entry(10), true],
    ['writes another document', entry(0), entry(1, { document: 'b' }), true],
    ['writes another max-age', entry(0), entry(1, { maxAge: 61 }), true],
    ['writes over rubbish', 'rubbish', entry(1), true],
    ['does not write the same as an object', { document: 'a', fetchedAt: 0, maxAge: 60 }, entry(9), false],
    ['writes rubbish over an entry', entry(0), 'rubbish', true],
    ['does not write rubbish where there is nothing', null, 'rubbish', false],
    ['does not write notes of failures', null, JSON.stringify({ failedAt: 1 }), false],
  ];
  for (const [name, held, next, isWritten] of cases) {
    test(name, async () => {
      const { store, calls } = makeStore(held);
      await throttledStore(store, { rewriteAfter: 10 }).setItem('k', next, { ttl: 5 });
      assert.deepEqual(calls, [['get', 'k'], ...(isWritten ? [['set', 'k', next, { ttl: 5 }]] : [])]);
    });
  }

  test('compares with what it read or wrote last, without another read', async () => {
    const { store, calls } = makeStore(entry(0));
    const throttled = throttledStore(store, { rewriteAfter: 10 });
    assert.equal(await throttled.getItem('k'), entry(0));
    await throttled.setItem('k', entry(10));
    await throttled.setItem('k', entry(19));
    assert.deepEqual(calls, [
      ['get', 'k'],
      ['set', 'k', entry(10), undefined],
    ]);
  });

  for (const nothing of [null, undefined]) {
    test(`keeps what it knows when the store says ${nothing}`, async () => {
      const { store, calls } = makeStore(entry(0));
      const throttled = throttledStore(store, { rewriteAfter: 10 });
      await throttled.getItem('k');
      store.getItem = () => nothing;
      assert.equal(await throttled.getItem('k'), nothing);
      await throttled.setItem('k', entry(9));
      assert.lengthOf(calls, 1);
    });
  }

  test('claims as the store does, if that can', async () => {
    const { store } = makeStore(null);
    assert.notProperty(throttledStore(store, { rewriteAfter: 10 }), 'claim');
    const claims: unknown[] = [];
    const claiming: JwksStore = { ...store, claim: (...claim) => claims.push(claim) > 1 };
    const throttled = throttledStore(claiming, { rewriteAfter: 10 });
    const options = { now: 1, ttl: 2 };
    assert.deepEqual([await throttled.claim?.('k', options), await throttled.claim?.('k', options)], [false, true]);
    assert.deepEqual(claims[0], ['k', options]);
  });
});
