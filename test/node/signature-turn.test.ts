import { createHook } from 'node:async_hooks';
import { assert, describe, test, vi } from 'vitest';
import type { PublicJwk, VerifySignature } from '../../core/signature/algorithms.ts';
import { signatureVerifier } from '../../core/signature/node.ts';
import { together } from '../../core/signature/node-turn.ts';
import { makeKey, sign } from '../support/issuer.ts';

const key = await makeKey('ES256');
const verify: VerifySignature = await signatureVerifier(key.publicJwk as PublicJwk);

const tokens = await Promise.all(Array.from({ length: 64 }, (_, index) => sign(key, { jti: `${index}` })));
const parts = tokens.map((token) => {
  const end = token.lastIndexOf('.');
  return { signature: token.slice(end + 1), input: token.slice(0, end) };
});
const check = (index: number) => verify(parts[index]?.signature ?? '', parts[index]?.input ?? '');
const forge = (index: number) => verify(parts[index]?.signature ?? '', `${parts[index]?.input}x`);

/** Until the event loop has turned, and everything that was started is done. */
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('on Node.js a check runs', () => {
  test('synchronously when it is alone, in each turn of the event loop', async () => {
    for (let index = 0; index < 8; index++) {
      await turn();
      assert.isTrue(check(index));
    }
  });

  test('synchronously for a program that waits for one after the other', async () => {
    await turn();
    for (let index = 0; index < 64; index++) {
      const result = check(index);
      assert.isTrue(result);
      await result;
    }
  });

  test('with one callback at the end of the turn for all of such a program’s checks', async () => {
    await turn();
    let immediates = 0;
    const hook = createHook({
      init(_, type) {
        if (type === 'Immediate') immediates += 1;
      },
    }).enable();
    for (let index = 0; index < 64; index++) await check(index);
    await turn();
    hook.disable();
    assert.equal(immediates, 1 + 2, 'one of its own, two of the test');
  });

  test('together with another that started beside it in the same run of code', async () => {
    await turn();
    assert.isTrue(check(0));
    const others = [check(1), forge(2), check(3)];
    for (const other of others) assert.instanceOf(other, Promise);
    assert.deepEqual(await Promise.all(others), [true, false, true]);
  });

  test('together with that of another request in the same turn of the event loop', async () => {
    await turn();
    const results = await new Promise<unknown[]>((resolve) => {
      const seen: unknown[] = [];
      // Two callbacks of one turn, as of two sockets that had something to read.
      setImmediate(() => seen.push(check(0)));
      setImmediate(() => {
        seen.push(check(1));
        resolve(seen);
      });
    });
    assert.isTrue(results[0]);
    assert.instanceOf(results[1], Promise);
    assert.isTrue(await results[1]);
  });

  test('together with others as long as one is there', async () => {
    await turn();
    check(0);
    const other = check(1);
    assert.instanceOf(other, Promise);
    const result = check(2);
    assert.instanceOf(result, Promise);
    assert.deepEqual(await Promise.all([other, result]), [true, true]);
    await turn();
    assert.isTrue(check(3));
  });

  test('together with others when one that is there takes several turns', async () => {
    let finish = () => {};
    const slow = together((done) => {
      finish = () => done(null, true);
    });
    await turn();
    const other = check(0);
    assert.instanceOf(other, Promise);
    finish();
    assert.deepEqual(await Promise.all([slow, other]), [true, true]);
  });

  test('synchronously after one that could not be started, which is a refusal', async () => {
    const failed = together(() => {
      throw new Error('not started');
    });
    assert.isFalse(await failed);
    await turn();
    assert.isTrue(check(0));
  });

  test('together by the real clock, where a test has replaced all timers', async () => {
    vi.useFakeTimers();
    try {
      assert.isTrue(check(0));
      assert.deepEqual(await Promise.all([check(1), forge(2)]), [true, false]);
      assert.isTrue(await check(3));
    } finally {
      vi.useRealTimers();
    }
  });

  test('at the end of the turn, 64 of them in each', async () => {
    await turn();
    const started: number[] = [];
    const all = Array.from({ length: 65 }, (_, index) =>
      together((done) => {
        started.push(index);
        done(null, index % 2 === 0);
      }),
    );
    assert.deepEqual(started, []);
    await new Promise(setImmediate);
    assert.lengthOf(started, 64);
    assert.deepEqual(
      await Promise.all(all),
      all.map((_, index) => index % 2 === 0),
    );
    assert.deepEqual(started, [...all.keys()]);
  });

  test.each([
    { cores: 1, onPool: 0 },
    { cores: 2, onPool: 63 },
  ])('on the thread pool if there is more than one core: $cores', async ({ cores, onPool }) => {
    const calls: number[] = [];
    vi.resetModules();
    vi.doMock('node:os', () => ({ availableParallelism: () => cores }));
    vi.doMock('node:crypto', async (original) => {
      const crypto = await original<{ verify(...args: unknown[]): unknown }>();
      return { ...crypto, verify: (...args: unknown[]) => calls.push(args.length) && crypto.verify(...args) };
    });
    const { signatureVerifier: make } = await import('../../core/signature/node.ts');
    vi.doUnmock('node:os');
    vi.doUnmock('node:crypto');
    const verifyThere = await make(key.publicJwk as PublicJwk);
    const results = parts.map(({ signature, input }, index) =>
      verifyThere(signature, index % 3 === 0 ? `${input}x` : input),
    );
    assert.isFalse(results[0]);
    assert.deepEqual(
      await Promise.all(results),
      parts.map((_, index) => index % 3 !== 0),
    );
    assert.lengthOf(calls, 64);
    const withCallback = 5;
    assert.lengthOf(
      calls.filter((count) => count === withCallback),
      onPool,
    );
  });

  test('to a refusal with a key that the engine takes, and cannot check with', async () => {
    const jwk = { kty: 'OKP', crv: 'X25519', x: 'CQ'.padEnd(43, 'A') };
    const verifyByX25519 = await signatureVerifier(jwk as unknown as PublicJwk);
    const signature = 'A'.repeat(86);
    await turn();
    assert.isFalse(verifyByX25519(signature, 'a'));
    assert.isFalse(await verifyByX25519(signature, 'a'));
  });

  test('of a signature whose S is a negative number unless a zero goes before it, from its first such byte on', async () => {
    for (let found = 0, index = 0; found < 2; index++) {
      const token = await sign(key, { jti: `s-${index}` });
      const end = token.lastIndexOf('.');
      const signature = token.slice(end + 1);
      if (Buffer.from(signature, 'base64url')[32] !== 0x80) continue;
      found += 1;
      assert.isTrue(await verify(signature, token.slice(0, end)));
    }
  });

  test('with the same verdicts wherever it runs', async () => {
    await turn();
    const started = parts.map((_, index) => (index % 3 === 0 ? forge(index) : check(index)));
    assert.deepEqual(
      await Promise.all(started),
      parts.map((_, index) => index % 3 !== 0),
    );
    await turn();
    for (const [index] of parts.entries()) {
      await turn();
      assert.equal(index % 3 === 0 ? forge(index) : check(index), index % 3 !== 0);
    }
  });
});
