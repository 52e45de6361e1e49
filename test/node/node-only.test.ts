import { createStorage } from 'unstorage';
import memoryDriver from 'unstorage/drivers/memory';
import { assert, describe, test } from 'vitest';
import { remoteKeys } from '../../core/index.ts';
import { jwks, makeKey, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { makeRig } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key, { exp: 9e9 });

describe('on Node.js', () => {
  test('refreshes are single-flight: however many wait for keys, the origin is asked once', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    const codes = await Promise.all(Array.from({ length: 100 }, () => rig.codeOf(token)));
    assert.deepEqual([...new Set(codes)], ['valid']);
    assert.equal(await origin.count(), 1);
    rig.advance(60 + 301);
    await Promise.all(Array.from({ length: 100 }, () => rig.codeOf(token)));
    assert.equal(await origin.count(), 2, 'old keys, too');
  });

  test('a request that comes while ready() is under way waits for the same answer', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    const ready = rig.verifier.ready();
    assert.equal(await rig.codeOf(token), 'valid');
    await ready;
    assert.equal(await origin.count(), 1);
  });

  test('an unstorage storage is a store', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const store = createStorage({ driver: memoryDriver() });
    for (let instance = 0; instance < 3; instance++) {
      const rig = makeRig(remoteKeys(origin.url, { store }));
      assert.equal(await rig.codeOf(token), 'valid');
      await rig.settle();
      assert.deepEqual(
        rig.events.filter(({ type }) => type === 'store_failed'),
        [],
      );
    }
    assert.equal(await origin.count(), 1);
  });
});
