import { afterEach, assert, beforeEach, describe, test, vi } from 'vitest';
import type { JwksStore, RemoteKeysOptions } from '../../core/index.ts';
import { makeKey, NOW } from '../support/issuer.ts';

const URL = 'https://app.example/jwks.json';
const key = await makeKey();

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** Keys that are asked for on a clock that the test turns, of an origin that never answers. */
async function makeKeys({ isEdge = false, ...options }: RemoteKeysOptions & { isEdge?: boolean } = {}) {
  if (isEdge) vi.stubGlobal('EdgeRuntime', 'edge-runtime');
  vi.resetModules();
  const { remoteKeys } = await import('../../core/index.ts');
  const ends: ((response: Response) => void)[] = [];
  const fetch = () => new Promise<Response>((resolve) => ends.push(resolve));
  const keys = remoteKeys(URL, { fetch, ...options });
  const startedAt = Date.now();
  const events: string[] = [];
  const context = {
    now: () => NOW + (Date.now() - startedAt) / 1000,
    waitUntil: () => {},
    emit: (event: { type: string }) => void events.push(event.type),
  };
  const find = async () => keys.find({ algorithm: 'ES256', keyId: key.kid }, context);
  return {
    ends,
    events,
    /** A request comes; what it does without a timer is done when this returns. */
    async request() {
      const result = find().then(
        () => 'key',
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
      );
      await vi.advanceTimersByTimeAsync(0);
      return { result };
    },
  };
}

/** The clock goes on, and no timer runs: the request that had them was cancelled, or the environment was frozen. */
const leaveBehind = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

/** A store that never answers, with the names that it was asked for. */
function hangingStore() {
  const reads: string[] = [];
  const store: JwksStore = {
    getItem: (name) => {
      reads.push(name);
      return new Promise(() => {});
    },
    setItem: () => {},
  };
  return { store, reads };
}

describe('work that a cancelled request left behind', () => {
  test('is joined for the time that a fetch may take with all before it, and then begun anew', async () => {
    const { ends, request } = await makeKeys();
    await request();
    leaveBehind(5000 + 1500 + 1500 - 1);
    await request();
    assert.lengthOf(ends, 1);
    leaveBehind(1);
    await request();
    assert.lengthOf(ends, 2);
  });

  test('the same with the stores, for the time of a fetch', async () => {
    const { store, reads } = hangingStore();
    const { request } = await makeKeys({ store });
    await request();
    leaveBehind(4999);
    await request();
    assert.lengthOf(reads, 1);
    leaveBehind(1);
    await request();
    assert.lengthOf(reads, 2);
  });

  test('tells of no failure when it ends at last, after somebody began anew', async () => {
    const { ends, events, request } = await makeKeys();
    await request();
    leaveBehind(8000);
    await request();
    ends[0]?.(new Response('', { status: 503 }));
    await vi.advanceTimersByTimeAsync(0);
    assert.deepEqual(events, []);
    ends[1]?.(new Response('', { status: 503 }));
    await vi.advanceTimersByTimeAsync(0);
    assert.deepEqual(events, ['keys_refresh_failed']);
  });
});

describe('where requests may not wait for each other’s promises, another one', () => {
  test('asks the origin itself after half of the time that a fetch may take', async () => {
    const { ends, request } = await makeKeys({ isEdge: true });
    await request();
    await request();
    await vi.advanceTimersByTimeAsync(2490);
    assert.lengthOf(ends, 1);
    await vi.advanceTimersByTimeAsync(20);
    assert.lengthOf(ends, 2);
  });

  test('claims nothing for that, as the turn is taken', async () => {
    const claims: string[] = [];
    const store: JwksStore = {
      getItem: () => null,
      setItem: () => {},
      claim: (name) => claims.push(name) === 1,
    };
    const { ends, request } = await makeKeys({ isEdge: true, store });
    await request();
    await request();
    await vi.advanceTimersByTimeAsync(2510);
    assert.lengthOf(ends, 2);
    assert.lengthOf(claims, 1);
  });

  test('reads the stores itself after twice the time of one', async () => {
    const [first, second, third] = [hangingStore(), hangingStore(), hangingStore()];
    const { tieredStore } = await import('../../core/index.ts');
    const store = tieredStore(first.store, second.store, third.store);
    const { request } = await makeKeys({ isEdge: true, store });
    await request();
    await request();
    await vi.advanceTimersByTimeAsync(490);
    assert.lengthOf(first.reads, 1);
    await vi.advanceTimersByTimeAsync(20);
    assert.lengthOf(first.reads, 2);
  });
});
