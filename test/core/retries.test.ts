import { assert, describe, test } from 'vitest';
import { type RemoteKeysOptions, remoteKeys } from '../../core/index.ts';
import { withChance } from '../support/chance.ts';
import { jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key, { exp: 9e9 });

/** An instance with a clock of its own, whose origin answers as `isUp` says. All in seconds after `NOW`. */
function makeInstance(options: RemoteKeysOptions = {}, { isUp = false } = {}) {
  const state = { at: 0, isUp, askedAt: [] as number[] };
  const fetch = async () => {
    state.askedAt.push(state.at);
    if (!state.isUp) return new Response('', { status: 503 });
    return new Response(JSON.stringify(jwks(key)), { headers: { 'cache-control': 'max-age=60' } });
  };
  const keys = remoteKeys('https://app.corp.example.com/jwks.json', { ...options, fetch });
  const now = () => NOW + state.at;
  const rig = makeRig(keys, { now });
  const pending: Promise<unknown>[] = [];
  return {
    state,
    rig,
    /** Verifies at that time, and waits for what goes on in the background. */
    async verifyAt(at: number) {
      state.at = at;
      const error = await errorOf(() => rig.verify(token));
      await rig.settle();
      return error;
    },
    /** Whether a request at that time waits for the origin. */
    async waitsAt(at: number) {
      state.at = at;
      const context = { now, waitUntil: (promise: Promise<unknown>) => void pending.push(promise), emit: undefined };
      const found = keys.find({ algorithm: 'ES256', keyId: key.kid }, context);
      await found;
      await Promise.all(pending);
      return found instanceof Promise;
    },
  };
}

describe('how long an origin that fails is left alone', () => {
  const cases: [name: string, hasKeys: boolean, chance: number, until: number, expected: number[]][] = [
    ['without keys: twice as long each time, up to the cooldown', false, 0, 70, [0, 1, 3, 7, 15, 31, 61]],
    ['with keys at hand: soon, and then seldom', true, 0, 80, [0, 1, 16, 46, 76]],
    ['chance takes up to a fifth off', false, 0.625, 7, [0, 0.875, 2.625, 6.125]],
  ];
  for (const [name, hasKeys, chance, until, expected] of cases) {
    test(name, async () => {
      const { state, verifyAt } = makeInstance({}, { isUp: hasKeys });
      const start = hasKeys ? 400 : 0;
      if (hasKeys) await verifyAt(0);
      Object.assign(state, { isUp: false, askedAt: [] });
      await withChance(chance, async () => {
        for (let at = 0; at <= until; at += 0.125) await verifyAt(start + at);
      });
      assert.deepEqual(
        state.askedAt.map((at) => at - start),
        expected,
      );
    });
  }

  test('Retry-After is the whole seconds until then, at least one', async () => {
    const { verifyAt } = makeInstance();
    await withChance(0, async () => {
      const seconds: unknown[] = [];
      for (const at of [0, 1, 1.5, 2, 2.5, 3, 4.5]) seconds.push((await verifyAt(at))?.retryAfter);
      assert.deepEqual(seconds, [1, 2, 2, 1, 1, 4, 3]);
    });
  });

  test('a clock that goes back makes nobody wait', async () => {
    const { state, verifyAt } = makeInstance();
    for (const at of [0, 2, 5, 10]) await verifyAt(at);
    assert.lengthOf(state.askedAt, 4);
    await verifyAt(-100);
    assert.lengthOf(state.askedAt, 5);
  });
});

describe('old keys are used without waiting', () => {
  /** Which failed 1000 s after it got its keys. */
  async function makeFailing(options: RemoteKeysOptions = {}) {
    const instance = makeInstance(options, { isUp: true });
    await instance.verifyAt(0);
    instance.state.isUp = false;
    assert.isTrue(await instance.waitsAt(1000), 'the first one waits');
    return instance;
  }

  const cases: [name: string, at: number, waits: boolean][] = [
    ['for a minute after the failure', 1059.5, false],
    ['not after that', 1060, true],
    ['by a clock that goes back, for a minute', 940.5, false],
    ['not by one that goes back further', 940, true],
  ];
  for (const [name, at, waits] of cases) {
    test(name, async () => {
      const { waitsAt } = await makeFailing();
      assert.equal(await waitsAt(at), waits);
    });
  }

  test('that is twice the cooldown', async () => {
    const { waitsAt } = await makeFailing({ cooldown: 5 });
    assert.isFalse(await waitsAt(1009.5));
    const { waitsAt: later } = await makeFailing({ cooldown: 5 });
    assert.isTrue(await later(1010));
  });

  test('until the origin answers: then the next ones that are old wait for it again', async () => {
    const { state, waitsAt } = makeInstance({ maxTtl: 1, staleWhileRevalidate: 0 }, { isUp: true });
    assert.isTrue(await waitsAt(0));
    state.isUp = false;
    assert.isTrue(await waitsAt(2));
    state.isUp = true;
    assert.isFalse(await waitsAt(4));
    assert.isTrue(await waitsAt(6));
  });
});
