import { assert, describe, test } from 'vitest';
import { type JwksStore, type PomeriumEvent, remoteKeys, type StoredValue, tieredStore } from '../../core/index.ts';
import { noteKey, storeKey } from '../../core/keys/stores/store.ts';
import { jwks, makeKey, NOW, sign, type TestKey } from '../support/issuer.ts';
import { makeRig } from '../support/verifying.ts';

const key = await makeKey();
const other = await makeKey();
const token = await sign(key, { exp: 9e9 });
const otherToken = await sign(other, { exp: 9e9 });
const URL = 'https://app.corp.example.com/jwks.json';

const answer = (body: unknown, headers: Record<string, string> = {}, status = 200) =>
  new Response(status === 304 ? null : JSON.stringify(body), {
    status,
    headers: { 'cache-control': 'max-age=60', ...headers },
  });

/** An instance whose origin gives these answers, in order, and what it was sent as If-None-Match. */
function makeInstance(answers: readonly (Response | Promise<Response>)[], store?: JwksStore) {
  const rest = [...answers];
  const etags: (string | null)[] = [];
  const fetch: typeof globalThis.fetch = async (_url, init) => {
    etags.push(new Headers(init?.headers).get('if-none-match'));
    const next = await rest.shift();
    assert(next, 'no request more than that');
    return next;
  };
  const keys = remoteKeys(URL, { fetch, ...(store && { store }) });
  const rig = makeRig(keys, { clockTolerance: 1e6 });
  return { keys, rig, etags };
}

class MemoryStore implements JwksStore {
  readonly items = new Map<string, StoredValue>();
  writes = 0;

  getItem(name: string): StoredValue {
    return this.items.get(name);
  }

  setItem(name: string, value: string): void {
    this.items.set(name, value);
    this.writes += 1;
  }

  keep(one: TestKey, fetchedAt: number): void {
    const entry = { version: 1, url: URL, document: JSON.stringify(jwks(one)), fetchedAt, maxAge: 60 };
    this.items.set(storeKey(URL), JSON.stringify(entry));
  }
}

const ofType = <T extends PomeriumEvent['type']>(events: PomeriumEvent[], type: T) =>
  events.filter((event): event is Extract<PomeriumEvent, { type: T }> => event.type === type);

describe('what a store gives', () => {
  test('is told as an event, once', async () => {
    const store = new MemoryStore();
    store.keep(key, NOW - 10);
    const { rig } = makeInstance([answer(jwks(key))], store);
    await rig.verify(token);
    rig.advance(51);
    await rig.verify(token);
    await rig.settle();
    const common = { type: 'keys_refreshed', url: URL, keyIds: [key.kid], notModified: false };
    assert.deepEqual(ofType(rig.events, 'keys_refreshed').map(({ ...event }) => event) as object[], [
      { ...common, from: 'store', fetchedAt: NOW - 10 },
      { ...common, from: 'origin', fetchedAt: NOW + 51 },
    ]);
    assert.deepEqual(ofType(rig.events, 'store_failed'), []);
  });

  const nothing: [name: string, fill: (store: MemoryStore) => void][] = [
    ['nothing, as undefined,', () => {}],
    ['null', (store) => store.items.set(storeKey(URL), null)],
    ['keys that are too old for any use', (store) => store.keep(other, NOW - 60 - 3601)],
  ];
  for (const [name, fill] of nothing) {
    test(`is a miss without an event where that is ${name}`, async () => {
      const store = new MemoryStore();
      fill(store);
      const { rig } = makeInstance([answer(jwks(key))], store);
      assert.equal(await rig.codeOf(token), 'valid');
      assert.deepEqual(
        rig.events.map(({ type }) => type),
        ['keys_refreshed', 'assertion_verified'],
      );
    });
  }

  test('goes to the nearer stores, and back to no other', async () => {
    const stores = [new MemoryStore(), new MemoryStore(), new MemoryStore()] as const;
    stores[1].keep(key, NOW);
    const { rig } = makeInstance([], tieredStore(...stores));
    assert.equal(await rig.codeOf(token), 'valid');
    await rig.settle();
    assert.deepEqual(
      stores.map(({ writes }) => writes),
      [1, 0, 0],
    );
  });

  test('is waited for a quarter of a second each, also after one that hangs', async () => {
    const hanging: JwksStore = { getItem: () => new Promise(() => {}), setItem: () => {} };
    const slow = new MemoryStore();
    slow.keep(key, NOW);
    const far: JwksStore = {
      getItem: (name) => new Promise((resolve) => setTimeout(() => resolve(slow.getItem(name)), 50)),
      setItem: () => {},
    };
    const { rig, etags } = makeInstance([], tieredStore(hanging, far));
    assert.equal(await rig.codeOf(token), 'valid');
    assert.lengthOf(etags, 0);
  });

  test('of failures is read from the nearest one, also when another is broken', async () => {
    const near = new MemoryStore();
    near.items.set(noteKey(URL), { failedAt: NOW, retryAt: NOW + 10, failures: 1 });
    const far = { getItem: () => Promise.reject(new Error('down')), setItem: () => {} };
    const { rig } = makeInstance([answer(jwks(key))], tieredStore(near, far));
    assert.equal(await rig.codeOf(token), 'keys_unavailable');
  });
});

describe('the set in use', () => {
  test('is not replaced by an older answer that comes late', async () => {
    const store = new MemoryStore();
    let send = (_: Response) => {};
    const late = new Promise<Response>((resolve) => {
      send = resolve;
    });
    const { rig, etags } = makeInstance([answer(jwks(key)), late], store);
    await rig.verify(token);
    rig.advance(61);
    assert.equal(await rig.codeOf(token), 'valid');
    while (etags.length < 2) await new Promise((resolve) => setTimeout(resolve));
    rig.advance(2);
    store.keep(other, NOW + 63);
    assert.equal(await rig.codeOf(otherToken), 'valid', 'another instance got its answer first');
    send(answer(jwks(key)));
    await rig.settle();
    assert.equal(await rig.codeOf(otherToken), 'valid');
    assert.equal(ofType(rig.events, 'keys_refreshed').at(-1)?.keyIds[0], other.kid);
  });

  test('is replaced by an answer of a clock that went back', async () => {
    const { rig } = makeInstance([answer(jwks(key)), answer(jwks(other)), answer(jwks(other))]);
    await rig.verify(token);
    rig.advance(-1000);
    assert.equal(await rig.codeOf(otherToken), 'valid');
    assert.equal(await rig.codeOf(token), 'unknown_key');
  });

  test('keeps the keys that the next one has, too', async () => {
    const { keys, rig } = makeInstance([answer(jwks(key)), answer(jwks(key, other))]);
    const find = () => keys.find({ algorithm: 'ES256', keyId: key.kid }, context);
    const context = { now: () => NOW, waitUntil: () => {}, emit: undefined };
    const before = await find();
    assert.equal(await rig.codeOf(otherToken), 'valid');
    assert.strictEqual(await find(), before);
  });

  test('tells of a key that it skips once, as long as the document is the same', async () => {
    const document = { keys: [...jwks(key).keys, null] };
    const again = { keys: [null, ...jwks(key).keys] };
    const { rig } = makeInstance([answer(document), answer(document), answer(again)]);
    const counts: number[] = [];
    for (let i = 0; i < 3; i++) {
      await rig.verify(token);
      await rig.settle();
      counts.push(ofType(rig.events, 'key_skipped').length);
      rig.advance(61);
    }
    assert.deepEqual(counts, [1, 1, 2]);
  });
});

describe('the ETag that the origin is asked with', () => {
  const cases: [name: string, answers: Response[], etags: (string | null)[]][] = [
    [
      'is the one of the document, which a 304 need not repeat',
      [answer(jwks(key), { etag: '"a"' }), answer(null, {}, 304), answer(null, {}, 304)],
      [null, '"a"', '"a"'],
    ],
    [
      'is the one of the last answer',
      [answer(jwks(key), { etag: '"a"' }), answer(null, { etag: '"b"' }, 304), answer(null, {}, 304)],
      [null, '"a"', '"b"'],
    ],
    [
      'is none where a new document has none',
      [answer(jwks(key), { etag: '"a"' }), answer(jwks(key)), answer(jwks(key))],
      [null, '"a"', null],
    ],
  ];
  for (const [name, answers, expected] of cases) {
    test(name, async () => {
      const { rig, etags } = makeInstance(answers);
      for (const _ of answers) {
        assert.equal(await rig.codeOf(token), 'valid');
        await rig.settle();
        rig.advance(61);
      }
      assert.deepEqual(etags, expected);
    });
  }
});

test('an answer without keys is a failure that says why, and leaves the set in use', async () => {
  const { rig } = makeInstance([answer(jwks(key)), answer({ keys: [] })]);
  await rig.verify(token);
  rig.advance(61);
  await rig.verify(token);
  await rig.settle();
  const [failure] = ofType(rig.events, 'keys_refresh_failed');
  assert.equal(failure?.reason, 'unusable_document');
  assert.match(failure?.message ?? '', /publishes no signing key/);
  assert.equal(await rig.codeOf(token), 'valid');
});

test('nobody has to listen to events', async () => {
  const { keys } = makeInstance([answer(jwks(key))]);
  const context = { now: () => NOW, waitUntil: () => {}, emit: undefined };
  assert.equal((await keys.find({ algorithm: 'ES256', keyId: key.kid }, context)).keyId, key.kid);
});

describe('an answer that is too old', () => {
  const cases: [name: string, age: string, message: RegExp, fetchedAt: number][] = [
    ['says how old', '1000', /^The JWKS is 1000 s old: a cache in front of Pomerium ignores max-age\.$/, NOW - 1000],
    ['in any number of seconds', '1073741824', /^The JWKS is 1073741824 s old: /, NOW - 1_073_741_824],
    ['or that nobody can say', 'old', /^The JWKS has an Age that cannot be read: /, 0],
  ];
  for (const [name, age, message, fetchedAt] of cases) {
    test(name, async () => {
      const { rig } = makeInstance([answer(jwks(key), { age })]);
      await rig.codeOf(token);
      assert.match(ofType(rig.events, 'keys_refresh_failed')[0]?.message ?? '', message);
      assert.equal(ofType(rig.events, 'keys_refreshed')[0]?.fetchedAt, fetchedAt);
    });
  }

  test('says of no key id that there is none', async () => {
    const aged = () => answer(jwks(key), { age: '10' });
    const { rig, etags } = makeInstance([aged(), aged(), aged(), aged()]);
    await rig.verify(token);
    assert.equal(await rig.codeOf(otherToken), 'keys_unavailable');
    assert.lengthOf(etags, 4);
  });

  test('is given to no store', async () => {
    const store = new MemoryStore();
    const { rig } = makeInstance([answer(jwks(key), { age: '1000' })], store);
    assert.equal(await rig.codeOf(token), 'valid');
    await rig.settle();
    assert.isFalse(store.items.has(storeKey(URL)));
  });
});
