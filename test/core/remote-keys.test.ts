import { assert, describe, test } from 'vitest';
import { type PomeriumEvent, type RemoteKeysOptions, remoteKeys } from '../../core/index.ts';
import { jwks, makeKey, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const other = await makeKey();
const DOWN = { status: 503, body: 'down' };

/** A token that outlives every clock here. */
const token = await sign(key, { exp: 9e9 });
const otherToken = await sign(other, { exp: 9e9 });

const failures = (events: PomeriumEvent[]) =>
  events.flatMap((event) => (event.type === 'keys_refresh_failed' ? [event] : []));

describe('freshness', () => {
  test('fresh keys are used without asking: once for max-age', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    for (let second = 0; second <= 60; second += 10) {
      assert.equal(await rig.codeOf(token), 'valid');
      rig.advance(10);
    }
    assert.equal(await origin.count(), 1);
    const types = rig.events.map(({ type }) => type);
    assert.deepEqual([...new Set(types)], ['keys_refreshed', 'assertion_verified'], 'nothing of a store');
  });

  test('stale keys are used while they are refreshed in the background, once', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    await origin.answer(jwksAnswer(jwks(other)));
    rig.advance(61);
    assert.deepEqual(await Promise.all([rig.codeOf(token), rig.codeOf(token), rig.codeOf(token)]), [
      'valid',
      'valid',
      'valid',
    ]);
    await rig.settle();
    assert.equal(await origin.count(), 2);
    assert.equal(await rig.codeOf(otherToken), 'valid');
    assert.equal(await rig.codeOf(token), 'unknown_key');
  });

  test('stale keys are used until max-age + staleWhileRevalidate, to the second', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    await origin.answer(jwksAnswer(jwks(other)));
    rig.advance(60 + 300);
    assert.equal(await rig.codeOf(token), 'valid');
  });

  test('old keys are refreshed first: a key taken out is refused after max-age + staleWhileRevalidate', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key, other)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    await origin.answer(jwksAnswer(jwks(other)));
    rig.advance(60 + 300 + 1);
    assert.equal(await rig.codeOf(token), 'unknown_key');
    assert.equal(await rig.codeOf(otherToken), 'valid');
  });

  for (const [name, headers, ttl] of [
    ['max-age below minTtl counts as minTtl', { 'cache-control': 'max-age=1' }, 60],
    ['max-age above maxTtl counts as maxTtl', { 'cache-control': 'max-age=999999999' }, 3600],
    ['max-age in between counts', { 'cache-control': 'public, max-age=600' }, 600],
    ['no Cache-Control counts as minTtl', { 'cache-control': '' }, 60],
    ['no-store counts as minTtl', { 'cache-control': 'no-store, max-age=600' }, 60],
    ['no-cache counts as minTtl', { 'cache-control': 'no-cache' }, 60],
    ['a max-age that is no number counts as minTtl', { 'cache-control': 'max-age=ten' }, 60],
    ['a negative max-age counts as minTtl', { 'cache-control': 'max-age=-1' }, 60],
    ['Age is taken off', { 'cache-control': 'max-age=600', age: '200' }, 400],
  ] as const) {
    test(name, async () => {
      const origin = await Origin.start(jwksAnswer(jwks(key), headers));
      const rig = makeRig(remoteKeys(origin.url));
      await rig.verify(token);
      rig.advance(ttl);
      await rig.verify(token);
      await rig.settle();
      assert.equal(await origin.count(), 1, 'fresh until then');
      rig.advance(1);
      await rig.verify(token);
      await rig.settle();
      assert.equal(await origin.count(), 2, 'stale after that');
    });
  }

  const bounds: [name: string, options: RemoteKeysOptions, maxAge: number, ttl: number][] = [
    ['a minTtl of your own counts', { minTtl: 10 }, 1, 10],
    ['minTtl 0 leaves it to the origin', { minTtl: 0 }, 5, 5],
    ['a maxTtl below the usual minTtl counts', { maxTtl: 20 }, 600, 20],
    ['minTtl may be maxTtl: then that counts', { minTtl: 90, maxTtl: 90 }, 600, 90],
  ];
  for (const [name, options, maxAge, ttl] of bounds) {
    test(name, async () => {
      const origin = await Origin.start(jwksAnswer(jwks(key), { 'cache-control': `max-age=${maxAge}` }));
      const rig = makeRig(remoteKeys(origin.url, options));
      await rig.verify(token);
      const counts: number[] = [];
      for (const seconds of [ttl, 1]) {
        rig.advance(seconds);
        await rig.verify(token);
        await rig.settle();
        counts.push(await origin.count());
      }
      assert.deepEqual(counts, [1, 2]);
    });
  }

  test('the ETag is sent back, and a 304 makes the keys fresh again', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url, { staleWhileRevalidate: 0 }));
    await rig.verify(token);
    for (let round = 1; round <= 3; round++) {
      rig.advance(61);
      await rig.verify(token);
      rig.advance(60);
      await rig.verify(token);
      assert.equal(await origin.count(), 1 + round);
    }
    const etag = jwksAnswer(jwks(key)).headers?.['etag'];
    assert.deepEqual(
      (await origin.hits()).map(({ headers }) => headers['if-none-match']),
      [undefined, etag, etag, etag],
    );
    const refreshed = rig.events.flatMap((event) => (event.type === 'keys_refreshed' ? [event.notModified] : []));
    assert.deepEqual(refreshed, [false, true, true, true]);
  });

  test('a 304 may change max-age', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url, { staleWhileRevalidate: 0 }));
    await rig.verify(token);
    await origin.answer(jwksAnswer(jwks(key), { 'cache-control': 'max-age=600' }));
    rig.advance(61);
    await rig.verify(token);
    rig.advance(600);
    await rig.verify(token);
    assert.equal(await origin.count(), 2);
  });

  test('a 200 replaces the set at once and whole', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url, { staleWhileRevalidate: 0 }));
    await rig.verify(token);
    await origin.answer(jwksAnswer(jwks(other)));
    rig.advance(61);
    assert.equal(await rig.codeOf(otherToken), 'valid');
    assert.equal(await rig.codeOf(token), 'unknown_key');
  });

  test('a clock that goes back makes keys old, not fresh', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url), { clockTolerance: 1e6 });
    await rig.verify(token);
    rig.advance(-1000);
    await rig.verify(token);
    assert.equal(await origin.count(), 2);
    rig.advance(10);
    await rig.verify(token);
    assert.equal(await origin.count(), 2, 'and the new answer counts');
  });

  test('and old keys are refreshed first: one that was taken out is refused', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url), { clockTolerance: 1e6 });
    await rig.verify(token);
    await origin.answer(jwksAnswer(jwks(other)));
    rig.advance(-1);
    assert.equal(await rig.codeOf(token), 'unknown_key');
  });

  test('ready fetches, and the first request then does not', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verifier.ready();
    await rig.verify(token);
    assert.equal(await origin.count(), 1);
    rig.advance(61);
    await rig.verifier.ready();
    assert.equal(await origin.count(), 2, 'stale keys are renewed');
  });

  test('ready rejects when there are no keys to be had', async () => {
    const origin = await Origin.start(DOWN);
    const error = await errorOf(() => makeRig(remoteKeys(origin.url)).verifier.ready());
    assert.equal(error?.code, 'keys_unavailable');
  });
});

describe('threat: failing origin', () => {
  test('old keys go on until staleIfError is over, then it fails closed', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    await origin.answer(DOWN);
    rig.advance(60 + 3600);
    assert.equal(await rig.codeOf(token), 'valid');
    rig.advance(1);
    assert.equal(await rig.codeOf(token), 'keys_unavailable');
  });

  test('an outage refuses no valid token, and is over with the first good answer', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(token);
    await origin.answer(DOWN);
    for (let minute = 0; minute < 50; minute++) {
      rig.advance(60);
      assert.equal(await rig.codeOf(token), 'valid');
      await rig.settle();
    }
    await origin.answer(jwksAnswer(jwks(key, other)));
    rig.advance(31);
    assert.equal(await rig.codeOf(otherToken), 'valid');
  });

  test('without keys it is a 503 that says when to come back, and failures back off', async () => {
    const origin = await Origin.start(DOWN);
    const rig = makeRig(remoteKeys(origin.url));
    for (let i = 0; i < 20; i++) assert.equal(await rig.codeOf(token), 'keys_unavailable');
    assert.equal(await origin.count(), 1);
    const error = await errorOf(() => rig.verify(token));
    assert.equal(error?.status, 503);
    assert.equal(error?.retryAfter, 1);
    assert.equal(error?.received, 'status');
  });

  test('the backoff doubles with jitter up to the cooldown, and a failure is no answer', async () => {
    const origin = await Origin.start(DOWN);
    const rig = makeRig(remoteKeys(origin.url, { cooldown: 10 }));
    const expected = [1, 2, 4, 8, 10, 10, 10];
    for (const ceiling of expected) {
      assert.equal(await rig.codeOf(token), 'keys_unavailable');
      const { retryAfter } = failures(rig.events).at(-1) ?? { retryAfter: 0 };
      assert.isAtLeast(retryAfter, ceiling / 2);
      assert.isAtMost(retryAfter, ceiling);
      rig.advance(retryAfter);
    }
    assert.equal(await origin.count(), expected.length);
    await origin.answer(jwksAnswer(jwks(key)));
    assert.equal(await rig.codeOf(token), 'valid');
  });

  test('after a success the backoff begins anew', async () => {
    const origin = await Origin.start(DOWN);
    const rig = makeRig(remoteKeys(origin.url, { staleWhileRevalidate: 0 }));
    for (let i = 0; i < 4; i++) {
      await rig.codeOf(token);
      rig.advance(30);
    }
    await origin.answer(jwksAnswer(jwks(key)));
    assert.equal(await rig.codeOf(token), 'valid');
    await origin.answer(DOWN);
    rig.advance(61);
    assert.equal(await rig.codeOf(token), 'valid');
    assert.isAtMost(failures(rig.events).at(-1)?.retryAfter ?? 99, 1);
  });

  test('a cache before Pomerium that serves what is too old counts as a failure, and asks seldom', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key), { age: '1000' }));
    const rig = makeRig(remoteKeys(origin.url));
    for (let i = 0; i < 5; i++) assert.equal(await rig.codeOf(token), 'valid');
    assert.equal(await origin.count(), 1);
    assert.equal(failures(rig.events)[0]?.reason, 'aged_answer');
  });

  test('an answer that is stale when it comes is used, and asked for anew only after the cooldown', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key), { age: '100' }));
    const rig = makeRig(remoteKeys(origin.url));
    for (let i = 0; i < 5; i++) {
      assert.equal(await rig.codeOf(token), 'valid');
      await rig.settle();
    }
    assert.equal(await origin.count(), 1);
    assert.deepEqual(failures(rig.events), []);
    rig.advance(29);
    await rig.verify(token);
    await rig.settle();
    assert.equal(await origin.count(), 1);
    rig.advance(1);
    await rig.verify(token);
    await rig.settle();
    assert.equal(await origin.count(), 2);
  });
});

describe('threat: key cache keyed on too little', () => {
  test('the same kid at two URLs is two keys', async () => {
    const first = await Origin.start(jwksAnswer(jwks(key)));
    const second = await Origin.start(jwksAnswer({ keys: [{ ...other.publicJwk, kid: key.kid }] }));
    const rigs = [makeRig(remoteKeys(first.url)), makeRig(remoteKeys(second.url))] as const;
    assert.equal(await rigs[0].codeOf(token), 'valid');
    assert.equal(await rigs[1].codeOf(token), 'invalid_signature');
  });
});

describe('many requests at once', () => {
  test('without keys, all of them get an answer', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    const codes = await Promise.all(Array.from({ length: 50 }, () => rig.codeOf(token)));
    assert.deepEqual([...new Set(codes)], ['valid']);
  });
});
