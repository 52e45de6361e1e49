import { afterEach, assert, test, vi } from 'vitest';
import { collectPending } from '../../core/adapter.ts';
import { remoteKeys, tieredStore } from '../../core/index.ts';
import { jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { makeRig } from '../support/verifying.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('thousands of requests that wait for keys share their timers', async () => {
  const key = await makeKey();
  const token = await sign(key, { exp: 9e9 });
  const good = () => new Response(JSON.stringify(jwks(key)), { headers: { 'cache-control': 'max-age=60' } });
  // Later than all that came at once.
  const fetch = () => new Promise<Response>((resolve) => setImmediate(() => resolve(good())));
  const rig = makeRig(remoteKeys('https://app.example/jwks.json', { fetch }));

  const timers = vi.spyOn(globalThis, 'setTimeout');
  const cold = Promise.all(Array.from({ length: 2000 }, () => rig.codeOf(token)));
  assert.deepEqual(new Set(await cold), new Set(['valid']));
  assert.isBelow(timers.mock.calls.length, 20, 'for the first keys');

  timers.mockClear();
  rig.advance(400);
  const old = Promise.all(Array.from({ length: 2000 }, () => rig.codeOf(token)));
  assert.deepEqual(new Set(await old), new Set(['valid']));
  assert.isBelow(timers.mock.calls.length, 20, 'for fresh ones');
});

test('stores that hang cost a request without keys a quarter of a second each, and the time of one fetch', async () => {
  vi.useFakeTimers();
  const hanging = () => ({ getItem: () => new Promise<null>(() => {}), setItem: () => {} });
  const fetch = async () => new Response('', { status: 503 });
  const store = tieredStore(hanging(), hanging());
  const rig = makeRig(remoteKeys('https://app.example/jwks.json', { store, fetch, timeout: 5 }));
  const startedAt = Date.now();
  let took = 0;
  const code = rig.codeOf(await sign(await makeKey()));
  code.then(() => {
    took = Date.now() - startedAt;
  });
  await vi.advanceTimersByTimeAsync(60_000);
  assert.equal(await code, 'keys_unavailable');
  assert.equal(took, 2 * 250 + 5000 + 250);
});

test('fresh keys of a store that is late end the wait for the origin at once', async () => {
  const key = await makeKey();
  const token = await sign(key, { exp: 9e9 });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  const url = 'https://app.example/jwks.json';
  const entry = { version: 1, url, document: JSON.stringify(jwks(key)), fetchedAt: NOW, maxAge: 60 };
  const getItem = () => new Promise<object>((resolve) => setTimeout(() => resolve(entry), 300));
  const rig = makeRig(remoteKeys(url, { fetch: () => new Promise(() => {}), store: { getItem, setItem: () => {} } }));
  let code: string | undefined;
  void rig.codeOf(token).then((result) => {
    code = result;
  });
  await vi.advanceTimersByTimeAsync(300);
  for (let i = 0; i < 1000 && code === undefined; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(code, 'valid');
});

test('an answer that waited leaves no timer behind, with which no process ends', async () => {
  const started = vi.spyOn(globalThis, 'setTimeout');
  const cleared = vi.spyOn(globalThis, 'clearTimeout');
  const { waitUntil, settle } = collectPending();
  waitUntil(Promise.resolve());
  await settle();
  assert.deepEqual(
    cleared.mock.calls.map(([timer]) => timer),
    started.mock.results.map(({ value }) => value),
  );
  assert.lengthOf(started.mock.calls, 1);
});

test('an answer with nothing to wait for sets no timer', async () => {
  const started = vi.spyOn(globalThis, 'setTimeout');
  await collectPending().settle();
  assert.lengthOf(started.mock.calls, 0);
});
