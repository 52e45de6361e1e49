import { assert, describe, test } from 'vitest';
import { remoteKeys } from '../../core/index.ts';
import { jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const other = await makeKey();
const DOWN = { status: 503, body: 'down' };

/** A token that outlives every clock here. */
const token = await sign(key, { exp: 9e9 });
const otherToken = await sign(other, { exp: 9e9 });

describe('threat: key-id flood', () => {
  const stranger = (i: number) => sign(key, { exp: 9e9 }, { kid: `stranger-${i}` });

  test('a key that is published a moment after the first fetch is found at once, by a clock that runs, too', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    let ticks = NOW;
    const now = () => {
      ticks += 0.001;
      return ticks;
    };
    const rig = makeRig(remoteKeys(origin.url), { now });
    assert.equal(await rig.codeOf(token), 'valid');
    await origin.answer(jwksAnswer(jwks(key, other)));
    assert.equal(await rig.codeOf(otherToken), 'valid');
    assert.equal(await origin.count(), 2);
  });

  test('unknown key ids ask the origin three times at once, then nobody can tell; known keys go on verifying', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    for (let round = 1; round <= 2; round++) {
      for (let i = 0; i < 25; i++) {
        const code = await rig.codeOf(await stranger(100 * round + i));
        assert.equal(code, i < 3 ? 'unknown_key' : 'keys_unavailable');
        assert.equal(await rig.codeOf(token), 'valid');
      }
      assert.equal(await origin.count(), 1 + 3 * round);
      rig.advance(30);
    }
  });

  test('asks the origin 13 times a minute at most, and says when to come again', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key), { 'cache-control': 'max-age=3600' }));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    // Half of the time between two turns: nobody waits, as those do whose turn comes within two seconds.
    for (let second = 0; second < 60; second += 3) {
      const error = await errorOf(async () => rig.verify(await stranger(second)));
      if (error?.code !== 'unknown_key') {
        assert.equal(error?.code, 'keys_unavailable');
        assert.equal(error?.retryAfter, 3);
      }
      rig.advance(3);
    }
    assert.equal((await origin.count()) - 1, 12);
  });

  test('a key id that the origin does not know is asked for again after a while that doubles', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key), { 'cache-control': 'max-age=3600' }));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    const askedAt: number[] = [];
    for (let second = 0, before = 1; second < 60; second++) {
      assert.equal(await rig.codeOf(await stranger(1)), 'unknown_key');
      const count = await origin.count();
      if (count > before) askedAt.push(second);
      before = count;
      rig.advance(1);
    }
    assert.deepEqual(askedAt, [0, 6, 18, 42]);
  });

  test('junk a moment before a rotation does not delay it', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    assert.equal(await rig.codeOf(await stranger(1)), 'unknown_key');
    await origin.answer(jwksAnswer(jwks(other, key)));
    assert.equal(await rig.codeOf(otherToken), 'valid');
  });

  test('a hundred unknown key ids at once cost one request to the origin', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    const tokens = await Promise.all(Array.from({ length: 100 }, (_, i) => stranger(i)));
    const codes = await Promise.all(tokens.map((one) => rig.codeOf(one)));
    assert.deepEqual([...new Set(codes)], ['unknown_key']);
    assert.equal(await origin.count(), 2);
  });

  test('a rotation is seen with the first token of the new key, and all that came with it get in', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    await origin.answer(jwksAnswer(jwks(other, key)));
    const codes = await Promise.all(Array.from({ length: 20 }, () => rig.codeOf(otherToken)));
    assert.deepEqual([...new Set(codes)], ['valid']);
    assert.equal(await origin.count(), 2);
  });

  test('what the origin said for this very request is not asked again', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    assert.equal(await rig.codeOf(otherToken), 'unknown_key');
    assert.equal(await origin.count(), 1);
  });

  test('a failing origin is asked no more often for them: now, soon, and 15 s later', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key), { 'cache-control': 'max-age=3600' }));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    await origin.answer(DOWN);
    for (let i = 0; i < 10; i++) {
      assert.equal(await rig.codeOf(await stranger(i)), 'keys_unavailable');
      assert.equal(await rig.codeOf(token), 'valid');
      rig.advance(2);
    }
    assert.equal(await origin.count(), 1 + 3);
  });

  test('a failed refresh for an unknown key id leaves the good set as it is, and tells nobody that there is no such key', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)), { body: '{"keys":null}' });
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    assert.equal(await rig.codeOf(otherToken), 'keys_unavailable');
    assert.equal(await rig.codeOf(token), 'valid');
  });
});
