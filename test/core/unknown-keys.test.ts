import { assert, describe, test } from 'vitest';
import { remoteKeys } from '../../core/index.ts';
import { storeKey } from '../../core/keys/stores/store.ts';
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

  test('a key id that the origin does not know is asked for again after a while that doubles, up to the cooldown', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key), { 'cache-control': 'max-age=3600' }));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    const askedAt: number[] = [];
    for (let second = 0, before = 1; second <= 102; second++) {
      assert.equal(await rig.codeOf(await stranger(1)), 'unknown_key');
      const count = await origin.count();
      if (count > before) askedAt.push(second);
      before = count;
      rig.advance(1);
    }
    assert.deepEqual(askedAt, [0, 6, 18, 42, 72, 102]);
  });

  test('who comes again with such a key id at the same moment is refused without asking', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    for (let i = 0; i < 5; i++) assert.equal(await rig.codeOf(await stranger(1)), 'unknown_key');
    assert.equal(await origin.count(), 2);
  });

  test('a clock that goes back takes no turn, and keeps nobody from an answer', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url), { clockTolerance: 1e6 });
    await rig.verify(token);
    for (let i = 0; i < 3; i++) assert.equal(await rig.codeOf(await stranger(i)), 'unknown_key');
    assert.equal(await rig.codeOf(await stranger(3)), 'keys_unavailable');
    rig.advance(-100);
    for (const i of [0, 3, 4, 5]) assert.equal(await rig.codeOf(await stranger(i)), 'unknown_key');
  });

  test('a key of the next turn is waited for, if that comes soon', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const startedAt = Date.now();
    const now = () => NOW + (Date.now() - startedAt) / 1000;
    const rig = makeRig(remoteKeys(origin.url, { cooldown: 1 }), { now });
    await rig.verify(token);
    for (let i = 0; i < 3; i++) assert.equal(await rig.codeOf(await stranger(i)), 'unknown_key');
    await origin.answer(jwksAnswer(jwks(key, other)));
    assert.equal(await rig.codeOf(otherToken), 'valid');
    assert.isAtLeast(Date.now() - startedAt, 200);
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

  test('who cannot be told is told why, which keys there are, and when to come again', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key, other)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    for (let i = 0; i < 3; i++) await rig.codeOf(await stranger(i));
    const flooded = await errorOf(async () => rig.verify(await stranger(3)));
    assert.match(
      flooded?.message ?? '',
      /may be too new to be known\. The key set was asked for several new keys a mom/,
    );
    assert.deepEqual(
      [flooded?.expected, flooded?.received, flooded?.retryAfter],
      [`"${key.kid}" or "${other.kid}"`, '"stranger-3"', 6],
    );
    await origin.answer(DOWN);
    rig.advance(6);
    const failed = await errorOf(async () => rig.verify(await stranger(4)));
    assert.match(failed?.message ?? '', /may be too new to be known\. The JWKS URL answers with status 503/);
    assert.equal(failed?.retryAfter, 1);
  });
});

describe('turns that others who share the store took', () => {
  /** An instance whose store holds this set, with turns that are taken until so many seconds after `NOW`. */
  async function makeInstance(unknownKeysUntil: number) {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const items = new Map<string, string>();
    const keep = (fetchedAt: number, until: number) => {
      const entry = { version: 1, url: origin.url, document: JSON.stringify(jwks(key)), fetchedAt, maxAge: 60 };
      items.set(storeKey(origin.url), JSON.stringify({ ...entry, unknownKeysUntil: NOW + until }));
    };
    keep(NOW, unknownKeysUntil);
    const store = { getItem: (name: string) => items.get(name) ?? null, setItem: () => {} };
    const rig = makeRig(remoteKeys(origin.url, { store }));
    await rig.verify(token);
    return { origin, rig, keep };
  }
  const stranger = (i: number) => sign(key, { exp: 9e9 }, { kid: `stranger-${i}` });

  const cases: [name: string, until: number, retryAfter: number | undefined][] = [
    ['count', 18, 6],
    ['count for no more than there are', 18.5, undefined],
  ];
  for (const [name, until, retryAfter] of cases) {
    test(name, async () => {
      const { origin, rig } = await makeInstance(until);
      const error = await errorOf(async () => rig.verify(await stranger(1)));
      assert.equal(error?.code, retryAfter === undefined ? 'unknown_key' : 'keys_unavailable');
      assert.equal(error?.retryAfter, retryAfter);
      assert.equal(await origin.count(), retryAfter === undefined ? 1 : 0);
    });
  }

  for (const [name, until] of [
    ['fewer', 1],
    ['more than there are', 1e6],
  ] as const) {
    test(`give none of our own back, where they are ${name}`, async () => {
      const { origin, rig, keep } = await makeInstance(0);
      for (let i = 0; i < 3; i++) assert.equal(await rig.codeOf(await stranger(i)), 'unknown_key');
      rig.advance(1);
      keep(NOW + 1, until);
      const error = await errorOf(async () => rig.verify(await stranger(3)));
      assert.equal(error?.code, 'keys_unavailable');
      assert.equal(error?.retryAfter, 5);
      assert.equal(await origin.count(), 3);
    });
  }

  const sets: [name: string, fetchedAt: number, code: string, requests: number][] = [
    ['more than five seconds after a key id was first seen refuses it', 5.5, 'unknown_key', 1],
    ['within five seconds does not: clocks differ', 5, 'unknown_key', 2],
  ];
  for (const [name, fetchedAt, code, requests] of sets) {
    test(`a set that another one got ${name}`, async () => {
      const { origin, rig, keep } = await makeInstance(0);
      await origin.answer(DOWN);
      assert.equal(await rig.codeOf(await stranger(1)), 'keys_unavailable');
      await origin.answer(jwksAnswer(jwks(key)));
      rig.advance(5.75);
      keep(NOW + fetchedAt, 0);
      assert.equal(await rig.codeOf(await stranger(1)), code);
      assert.equal(await origin.count(), requests);
    });
  }
});
