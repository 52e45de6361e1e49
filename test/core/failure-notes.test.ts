import { assert, describe, test } from 'vitest';
import { type JwksStore, type RemoteKeysOptions, remoteKeys, type StoredValue, tieredStore } from '../../core/index.ts';
import { noteKey, storeKey } from '../../core/keys/stores/store.ts';
import { withChance } from '../support/chance.ts';
import { jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { makeRig } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key, { exp: 9e9 });
const URL = 'https://app.corp.example.com/jwks.json';

interface Note {
  failedAt?: unknown;
  retryAt?: unknown;
  failures?: unknown;
}

class NoteStore implements JwksStore {
  readonly items = new Map<string, StoredValue>();
  /** The notes that were written, with their time of use. */
  readonly notes: [note: Note, ttl: number | undefined][] = [];
  readonly reads: string[] = [];

  getItem(name: string): StoredValue {
    this.reads.push(name);
    return this.items.get(name) ?? null;
  }

  setItem(name: string, value: string, { ttl }: { ttl?: number } = {}): void {
    this.items.set(name, value);
    if (name === noteKey(URL)) this.notes.push([JSON.parse(value), ttl]);
  }

  leave(note: Note): void {
    this.items.set(noteKey(URL), JSON.stringify(note));
  }

  /** Keys that were fetched at that time. */
  keep(fetchedAt: number): void {
    const entry = { version: 1, url: URL, document: JSON.stringify(jwks(key)), fetchedAt, maxAge: 60 };
    this.items.set(storeKey(URL), JSON.stringify(entry));
  }
}

/** An instance that shares the store, and whose origin fails, or answers where it `isUp`. */
function makeInstance(store: JwksStore, options: RemoteKeysOptions = {}, { isUp = false } = {}) {
  const origin = { isUp, requests: 0 };
  const fetch = async () => {
    origin.requests += 1;
    return origin.isUp ? new Response(JSON.stringify(jwks(key))) : new Response('', { status: 503 });
  };
  return { origin, rig: makeRig(remoteKeys(URL, { fetch, ...options, store })) };
}

describe('a note that the origin failed', () => {
  const believed = { failedAt: NOW - 1, retryAt: NOW + 10, failures: 1 };
  const cases: [name: string, note: Note, isBelieved: boolean][] = [
    ['a moment ago', {}, true],
    ['less than a minute ago', { failedAt: NOW - 59.5 }, true],
    ['a minute ago', { failedAt: NOW - 60 }, false],
    ['by a clock that is five seconds ahead', { failedAt: NOW + 5 }, true],
    ['by a clock that is further ahead', { failedAt: NOW + 5.5 }, false],
    ['for the cooldown, by a clock that is almost five seconds ahead', { retryAt: NOW + 34.5 }, true],
    ['for longer', { retryAt: NOW + 35 }, false],
    ['whose time is over', { retryAt: NOW }, false],
    ['at no time', { failedAt: 'now' }, false],
    ['at a time as text', { failedAt: String(NOW - 1) }, false],
    ['until a time as text', { retryAt: String(NOW + 10) }, false],
    ['until no time', { retryAt: null }, false],
    ['without a number of failures', { failures: undefined }, false],
  ];
  for (const [name, note, isBelieved] of cases) {
    test(`${name} is ${isBelieved ? 'believed: nobody asks' : 'in nobody’s way'}`, async () => {
      const store = new NoteStore();
      store.leave({ ...believed, ...note });
      const { origin, rig } = makeInstance(store, {}, { isUp: true });
      assert.equal(await rig.codeOf(token), isBelieved ? 'keys_unavailable' : 'valid');
      assert.equal(origin.requests, isBelieved ? 0 : 1);
    });
  }

  for (const [chance, retryAt] of [
    [0, 10],
    [0.5, 11],
  ] as const) {
    test(`is believed until its time, and up to two seconds more: not all ask at the same moment (${chance})`, async () => {
      const store = new NoteStore();
      store.leave(believed);
      const { rig } = makeInstance(store, {}, { isUp: true });
      await withChance(chance, async () => {
        assert.equal(await rig.codeOf(token), 'keys_unavailable');
        rig.advance(retryAt - 0.5);
        assert.equal(await rig.codeOf(token), 'keys_unavailable');
        rig.advance(0.5);
        assert.equal(await rig.codeOf(token), 'valid');
      });
    });
  }

  test('is in nobody’s way when the clock goes back', async () => {
    const store = new NoteStore();
    store.leave(believed);
    const { rig } = makeInstance(store, {}, { isUp: true });
    assert.equal(await rig.codeOf(token), 'keys_unavailable');
    store.items.clear();
    rig.advance(-1);
    assert.equal(await rig.codeOf(token), 'valid');
  });

  const counts: [name: string, failures: number, note: object][] = [
    ['who asks next counts on from it', 3, { failedAt: NOW, retryAt: NOW + 8, failures: 4 }],
    ['but not for ever', 99, { failedAt: NOW, retryAt: NOW + 30, failures: 16 }],
  ];
  for (const [name, failures, note] of counts) {
    test(name, async () => {
      const store = new NoteStore();
      store.leave({ failedAt: NOW - 1, retryAt: NOW, failures });
      const { rig } = makeInstance(store);
      await withChance(0, () => rig.codeOf(token));
      await rig.settle();
      assert.deepEqual(store.notes, [[note, 60]]);
    });
  }

  test('that is older takes nothing back', async () => {
    const store = new NoteStore();
    store.keep(NOW - 1000);
    const { rig } = makeInstance(store);
    await withChance(0, async () => {
      await rig.codeOf(token);
      await rig.settle();
      store.leave({ failedAt: NOW - 20, retryAt: NOW - 19, failures: 0 });
      rig.advance(1);
      await rig.codeOf(token);
      await rig.settle();
    });
    assert.deepEqual(
      store.notes.map(([note]) => note),
      [
        { failedAt: NOW, retryAt: NOW + 1, failures: 1 },
        { failedAt: NOW, retryAt: NOW + 31, failures: 1 },
        { failedAt: NOW + 1, retryAt: NOW + 16, failures: 2 },
      ],
    );
  });

  test('by a clock that is ahead counts as one of now', async () => {
    const store = new NoteStore();
    store.keep(NOW - 1000);
    store.leave({ failedAt: NOW + 3, retryAt: NOW, failures: 1 });
    const { rig } = makeInstance(store);
    await rig.codeOf(token);
    await rig.settle();
    assert.deepEqual(store.notes[0]?.[0], { failedAt: NOW, retryAt: NOW + 30, failures: 1 });
  });
});

describe('what those who share a store are told of a failing origin', () => {
  /** What is written while the origin is asked for two minutes. */
  async function notesOf(store: NoteStore, options: RemoteKeysOptions) {
    const { rig } = makeInstance(store, options);
    await withChance(0, async () => {
      for (let second = 0; second <= 120; second++) {
        await rig.codeOf(token);
        await rig.settle();
        rig.advance(1);
      }
    });
    return store.notes.map(([{ failedAt, retryAt, failures }, ttl]) => [
      Number(failedAt) - NOW,
      Number(retryAt) - NOW,
      failures,
      ttl,
    ]);
  }

  // Who has a store comes to it every ten seconds in an outage.
  test('with keys: who asks again, and for how long it may take and fail; then, how it went', async () => {
    const store = new NoteStore();
    store.keep(NOW - 1000);
    assert.deepEqual(await notesOf(store, { cooldown: 100 }), [
      [0, 1, 1, 200],
      [0, 1 + 5 + 2 * 15, 1, 200],
      [1, 1 + 15, 2, 200],
      [1, 22 + 5 + 2 * 30, 2, 200],
      [22, 22 + 30, 3, 200],
      [22, 53 + 100, 3, 200],
      [53, 53 + 60, 4, 200],
      [53, 114 + 100, 4, 200],
      [114, 114 + 100, 5, 200],
    ]);
  });

  test('without keys: only how it went, as nobody waits any longer for them', async () => {
    assert.deepEqual(await notesOf(new NoteStore(), {}), [
      [0, 1, 1, 60],
      [1, 3, 2, 60],
      [3, 7, 3, 60],
      [7, 15, 4, 60],
      [15, 31, 5, 60],
      [31, 61, 6, 60],
      [61, 91, 7, 60],
      [91, 121, 8, 60],
    ]);
  });

  test('nothing by who does not ask, as another one has claimed it', async () => {
    const store = Object.assign(new NoteStore(), { claim: () => false });
    store.keep(NOW - 1000);
    store.leave({ failedAt: NOW - 1, retryAt: NOW, failures: 1 });
    const { origin, rig } = makeInstance(store);
    assert.equal(await rig.codeOf(token), 'valid');
    await rig.settle();
    assert.deepEqual([origin.requests, store.notes], [0, []]);
  });

  test('who fails without having known of it leaves the next attempt to who is asking meanwhile', async () => {
    const store = new NoteStore();
    store.keep(NOW - 1000);
    const fetch = async () => {
      store.leave({ failedAt: NOW - 1, retryAt: NOW + 30, failures: 2 });
      return new Response('', { status: 503 });
    };
    const { rig } = makeInstance(store, { fetch });
    await withChance(0, () => rig.codeOf(token));
    await rig.settle();
    assert.deepEqual(store.notes, [[{ failedAt: NOW, retryAt: NOW + 30, failures: 2 }, 60]]);
  });

  test('so does who asked for an unknown key', async () => {
    const store = new NoteStore();
    store.keep(NOW);
    const fetch = async () => {
      store.leave({ failedAt: NOW - 1, retryAt: NOW + 30, failures: 2 });
      return new Response('', { status: 503 });
    };
    const { rig } = makeInstance(store, { fetch });
    await rig.verify(token);
    const stranger = await sign(key, { exp: 9e9 }, { kid: 'stranger' });
    await withChance(0, () => rig.codeOf(stranger));
    await rig.settle();
    assert.deepEqual(store.notes, [[{ failedAt: NOW, retryAt: NOW + 30, failures: 2 }, 60]]);
  });

  test('stands in the nearest store alone', async () => {
    const [near, far] = [new NoteStore(), new NoteStore()];
    const { rig } = makeInstance(tieredStore(near, far));
    await rig.codeOf(token);
    await rig.settle();
    assert.deepEqual([near.notes.length, far.notes.length], [1, 0]);
    assert.notInclude(far.reads, noteKey(URL));
  });

  test('is not asked of a store that did not give its keys a moment ago', async () => {
    const store = new NoteStore();
    const reads: string[] = [];
    store.getItem = (name) => {
      reads.push(name);
      throw new Error('down');
    };
    const { rig } = makeInstance(store, {}, { isUp: true });
    assert.equal(await rig.codeOf(token), 'valid');
    assert.deepEqual(reads, [storeKey(URL)]);
  });
});
