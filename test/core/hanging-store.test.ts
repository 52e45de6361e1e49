import { assert, test } from 'vitest';
import { remoteKeys } from '../../core/index.ts';
import { jwks, makeKey, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { makeRig } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key, { exp: 9e9 });

/** In a file of its own: it takes the ten seconds that a store has to write. */
test('a store that hangs for ever costs nothing but events', async () => {
  const origin = await Origin.start(jwksAnswer(jwks(key)));
  const store = { getItem: () => new Promise<null>(() => {}), setItem: () => new Promise<void>(() => {}) };
  const rig = makeRig(remoteKeys(origin.url, { store }));
  assert.equal(await rig.codeOf(token), 'valid');
  assert.equal(await rig.codeOf(token), 'valid');
  await rig.settle();
  assert.equal(await origin.count(), 1);
  const failures = rig.events.flatMap((event) => (event.type === 'store_failed' ? [event] : []));
  assert.deepEqual(
    failures.map(({ operation, reason, message }) => `${operation} ${reason}: ${message}`),
    ['get timeout: The store did not answer within 250 ms.', 'set timeout: The store did not answer within 10000 ms.'],
  );
});
