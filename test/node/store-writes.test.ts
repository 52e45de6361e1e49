import { afterEach, assert, test, vi } from 'vitest';
import { remoteKeys } from '../../core/index.ts';
import { STORE_WRITE_LIMIT } from '../../core/keys/limits.ts';
import { jwks, makeKey, sign } from '../support/issuer.ts';
import { makeRig } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key, { exp: 9e9 });

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function makeWriter(setItem: () => Promise<void>) {
  const fetch = async () => new Response(JSON.stringify(jwks(key)));
  return makeRig(remoteKeys('https://a.test/', { fetch, store: { getItem: () => null, setItem } }));
}

test('a write that takes more than ten seconds is told, and nobody waits for it any longer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const rig = makeWriter(() => new Promise(() => {}));
  await rig.verify(token);
  await vi.advanceTimersByTimeAsync(STORE_WRITE_LIMIT);
  await rig.settle();
  const failures = rig.events.filter(({ type }) => type === 'store_failed');
  assert.deepEqual(failures as object[], [
    {
      type: 'store_failed',
      url: 'https://a.test/',
      operation: 'set',
      reason: 'timeout',
      message: 'The store did not answer within 10000 ms.',
    },
  ]);
});

test('a write keeps no process from its end', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  let finish = () => {};
  const rig = makeWriter(
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  await rig.verify(token);
  const [timer] = timers.mock.results.filter((_, i) => timers.mock.calls[i]?.[1] === STORE_WRITE_LIMIT);
  assert.isFalse((timer?.value as NodeJS.Timeout | undefined)?.hasRef());
  finish();
  await rig.settle();
});
