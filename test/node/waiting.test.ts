import { afterEach, assert, test, vi } from 'vitest';
import { collectPending } from '../../core/adapter.ts';
import { remoteKeys } from '../../core/index.ts';
import { jwks, makeKey, sign } from '../support/issuer.ts';
import { makeRig } from '../support/verifying.ts';

afterEach(() => {
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
