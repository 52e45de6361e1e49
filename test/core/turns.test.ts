import { assert, describe, test } from 'vitest';
import { type JwksStore, remoteKeys, type StoredValue } from '../../core/index.ts';
import { noteKey, storeKey } from '../../core/keys/stores/store.ts';
import { withChance } from '../support/chance.ts';
import { jwks, makeKey, NOW, sign, type TestKey } from '../support/issuer.ts';
import { errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const other = await makeKey();
const token = await sign(key, { exp: 9e9 });
const otherToken = await sign(other, { exp: 9e9 });
const URL = 'https://app.corp.example.com/jwks.json';

/** A store in which some claims are somebody else's. */
class ClaimStore implements JwksStore {
  readonly items = new Map<string, StoredValue>();
  readonly claims: [name: string, options: { now: number; ttl: number }][] = [];
  readonly #isFree: (name: string) => boolean;

  constructor(isFree: (name: string) => boolean) {
    this.#isFree = isFree;
  }

  getItem(name: string): StoredValue {
    return this.items.get(name) ?? null;
  }

  setItem(name: string, value: string): void {
    this.items.set(name, value);
  }

  claim(name: string, options: { now: number; ttl: number }): boolean {
    assert.isTrue(name.startsWith(`${storeKey(URL)}:`));
    const purpose = name.slice(storeKey(URL).length + 1);
    this.claims.push([purpose, options]);
    return this.#isFree(purpose);
  }

  keep(one: TestKey, fetchedAt: number): void {
    const entry = { version: 1, url: URL, document: JSON.stringify(jwks(one)), fetchedAt, maxAge: 60 };
    this.items.set(storeKey(URL), JSON.stringify(entry));
  }

  note(failedAt: number, retryAt: number): void {
    this.items.set(noteKey(URL), JSON.stringify({ failedAt, retryAt, failures: 1 }));
  }
}

/** An instance that shares the store; its origin is up or not. */
function makeInstance(store: ClaimStore, { isUp = true, now }: { isUp?: boolean; now?: () => number } = {}) {
  const origin = { requests: 0 };
  const fetch = async () => {
    origin.requests += 1;
    return isUp ? new Response(JSON.stringify(jwks(key))) : new Response('', { status: 503 });
  };
  return { origin, rig: makeRig(remoteKeys(URL, { store, fetch }), now && { now }) };
}

const soon = (work: () => void) => setTimeout(work, 120);

describe('who shares a store claims', () => {
  test('each attempt to refresh for a second more than that may take: one that failed holds nobody up', async () => {
    const store = new ClaimStore(() => true);
    const { rig } = makeInstance(store, { isUp: false });
    await withChance(0, async () => {
      for (const seconds of [1, 2, 0]) {
        await rig.codeOf(token);
        rig.advance(seconds);
      }
    });
    assert.deepEqual(store.claims, [
      ['refresh', { now: NOW, ttl: 6 }],
      ['refresh:1', { now: NOW + 1, ttl: 6 }],
      ['refresh:2', { now: NOW + 3, ttl: 6 }],
    ]);
  });

  test('one of three turns for an unknown key, and leaves that to who has them all', async () => {
    const store = new ClaimStore((purpose) => !purpose.startsWith('unknown-key'));
    const { origin, rig } = makeInstance(store);
    await rig.verify(token);
    const error = await errorOf(() => rig.verify(otherToken));
    assert.equal(error?.code, 'keys_unavailable');
    assert.equal(error?.retryAfter, 6);
    assert.deepEqual(store.claims.slice(1), [
      ['unknown-key:0', { now: NOW, ttl: 18 }],
      ['unknown-key:1', { now: NOW, ttl: 18 }],
      ['unknown-key:2', { now: NOW, ttl: 18 }],
    ]);
    assert.equal(origin.requests, 1);
  });
});

describe('while somebody else asks the origin', () => {
  test('who has no keys takes what that brings, also of an origin that failed before', async () => {
    const store = new ClaimStore(() => false);
    store.note(NOW, NOW);
    soon(() => store.keep(key, NOW));
    const { origin, rig } = makeInstance(store);
    const startedAt = Date.now();
    assert.equal(await rig.codeOf(token), 'valid');
    assert.isBelow(Date.now() - startedAt, 1000);
    assert.equal(origin.requests, 0);
    const sources = rig.events.flatMap((event) => (event.type === 'keys_refreshed' ? [event.from] : []));
    assert.deepEqual(sources, ['store']);
  });

  test('who has no keys takes what that brings as soon as it is there', async () => {
    const store = new ClaimStore(() => false);
    soon(() => store.keep(key, NOW));
    const { rig } = makeInstance(store);
    const startedAt = Date.now();
    assert.equal(await rig.codeOf(token), 'valid');
    assert.isBelow(Date.now() - startedAt, 1200);
  });

  test('who has no keys learns that it failed, and asks no sooner than the next answer may be there', async () => {
    const store = new ClaimStore(() => false);
    const startedAt = Date.now();
    const now = () => NOW + (Date.now() - startedAt) / 1000;
    soon(() => store.note(now(), now() + 1));
    const { origin, rig } = makeInstance(store, { now });
    const error = await errorOf(() => rig.verify(token));
    assert.equal(error?.code, 'keys_unavailable');
    assert.equal(error?.retryAfter, 6);
    assert.isBelow(Date.now() - startedAt, 1000);
    assert.equal(origin.requests, 0);
  });

  test('nor sooner than whoever failed says', async () => {
    const store = new ClaimStore(() => false);
    const startedAt = Date.now();
    const now = () => NOW + (Date.now() - startedAt) / 1000;
    soon(() => store.note(now(), now() + 20));
    const { rig } = makeInstance(store, { now });
    const error = await withChance(0, () => errorOf(() => rig.verify(token)));
    assert.equal(error?.retryAfter, 20);
  });

  test('who has old keys waits half a second for what that brings', async () => {
    const store = new ClaimStore(() => false);
    store.keep(key, NOW - 1000);
    soon(() => store.keep(other, NOW));
    const { origin, rig } = makeInstance(store);
    assert.equal(await rig.codeOf(otherToken), 'valid');
    assert.equal(origin.requests, 0);
  });

  test('who has old keys uses them when that brings nothing', async () => {
    const store = new ClaimStore(() => false);
    store.keep(key, NOW - 1000);
    const { origin, rig } = makeInstance(store);
    const startedAt = Date.now();
    assert.equal(await rig.codeOf(token), 'valid');
    assert.isBelow(Date.now() - startedAt, 1000);
    await rig.settle();
    assert.equal(origin.requests, 0);
  });

  const answers: [
    name: string,
    brings: (store: ClaimStore, advance: (seconds: number) => void) => void,
    code: string,
  ][] = [
    ['takes what that brings', (store) => store.keep(other, NOW + 1), 'valid'],
    [
      'is refused by a set that is newer than the request',
      (store, advance) => {
        advance(10);
        store.keep(key, NOW + 7);
      },
      'unknown_key',
    ],
  ];
  for (const [name, brings, code] of answers) {
    test(`who needs a key that is new ${name}, and has all turns left`, async () => {
      let isFree = false;
      const store = new ClaimStore((purpose) => isFree || !purpose.startsWith('unknown-key'));
      const { origin, rig } = makeInstance(store);
      await rig.verify(token);
      rig.advance(1);
      soon(() => brings(store, rig.advance));
      assert.equal(await rig.codeOf(otherToken), code);
      assert.equal(origin.requests, 1);
      assert.lengthOf(store.claims, 2);
      isFree = true;
      for (const kid of ['a', 'b', 'c']) {
        assert.equal(await rig.codeOf(await sign(key, { exp: 9e9 }, { kid })), 'unknown_key');
      }
    });
  }
});
