import { afterEach, assert, beforeEach, describe, test, vi } from 'vitest';
import { Deadline, pollUntil, sleep, TOLERANCE, waitWithin, withTimeout } from '../../core/keys/timeout.ts';

/** A moment at which a step of the shared timers begins. */
const START = 1_795_000_000_000;

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => {});

/** What became of a promise by now. */
function observe(promise: Promise<unknown>): { state: unknown } {
  const result: { state: unknown } = { state: 'pending' };
  promise.then(
    (value) => {
      result.state = value;
    },
    (error) => {
      result.state = error;
    },
  );
  return result;
}

describe('withTimeout', () => {
  test('gives what the work gives, and leaves no timer', async () => {
    assert.equal(await withTimeout(100, async () => 'done'), 'done');
    assert.equal(vi.getTimerCount(), 0);
  });

  test('rejects as the work does, and leaves no timer', async () => {
    const failure = new Error('work');
    const result = observe(withTimeout(100, () => Promise.reject(failure)));
    await vi.advanceTimersByTimeAsync(0);
    assert.equal(result.state, failure);
    assert.equal(vi.getTimerCount(), 0);
  });

  test('rejects at its end and aborts the signal with the same TimeoutError, though the work goes on', async () => {
    let signal: AbortSignal | undefined;
    const result = observe(
      withTimeout(100, (given) => {
        signal = given;
        return never();
      }),
    );
    await vi.advanceTimersByTimeAsync(99);
    assert.equal(result.state, 'pending');
    assert.isFalse(signal?.aborted);
    await vi.advanceTimersByTimeAsync(1);
    assert.instanceOf(result.state, DOMException);
    const { name, message } = result.state as DOMException;
    assert.deepEqual([name, message], ['TimeoutError', 'No answer within 100 ms']);
    assert.equal(signal?.reason, result.state);
  });

  test('is what ended it, where the work ends because its signal is aborted', async () => {
    const abortable = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const result = observe(withTimeout(100, abortable));
    await vi.advanceTimersByTimeAsync(100);
    assert.equal((result.state as Error).name, 'TimeoutError');
  });

  test('keeps Node.js from its end, unless it is told not to', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    for (const [options, keeps] of [
      [undefined, true],
      [{}, true],
      [{ keepsProcess: true }, true],
      [{ keepsProcess: false }, false],
    ] as const) {
      await withTimeout(100, async () => 'done', options);
      assert.equal(timers.mock.results.at(-1)?.value.hasRef(), keeps);
    }
  });

  test('has its time where a timer is a number, as on workerd', async () => {
    vi.stubGlobal('setTimeout', () => 7);
    const work = async () => {
      for (let i = 0; i < 5; i++) await undefined;
      return 'done';
    };
    assert.equal(await withTimeout(100, work, { keepsProcess: false }), 'done');
  });
});

describe('pollUntil', () => {
  test('takes no time where the condition holds', async () => {
    const result = observe(pollUntil(() => true, { interval: 10, limit: 100 }));
    await vi.advanceTimersByTimeAsync(0);
    assert.isUndefined(result.state);
    assert.equal(vi.getTimerCount(), 0);
  });

  test('looks again after each interval until it holds, at once or by a promise', async () => {
    for (const answer of [(value: boolean) => value, async (value: boolean) => value]) {
      let looks = 0;
      const condition = () => {
        looks += 1;
        return answer(looks > 3);
      };
      const result = observe(pollUntil(condition, { interval: 10, limit: 100 }));
      await vi.advanceTimersByTimeAsync(29);
      assert.deepEqual([looks, result.state], [3, 'pending']);
      await vi.advanceTimersByTimeAsync(1);
      assert.deepEqual([looks, result.state], [4, undefined]);
    }
  });

  test('ends with its limit', async () => {
    const result = observe(pollUntil(() => false, { interval: 10, limit: 20 }));
    await vi.advanceTimersByTimeAsync(19);
    assert.equal(result.state, 'pending');
    await vi.advanceTimersByTimeAsync(1);
    assert.isUndefined(result.state);
    assert.equal(vi.getTimerCount(), 0);
  });
});

describe('a Deadline', () => {
  const rests: [name: string, elapsed: number, rest: number][] = [
    ['has all of its time at first', 0, 500],
    ['has less and less', 120, 380],
    ['has nothing left at its end', 500, 0],
    ['has nothing left after it, as long as a late timer explains that', 500 + TOLERANCE, 0],
    ['begins anew after a freeze', 500 + TOLERANCE + 1, 500],
    ['takes a clock that went back as time that passed', -120, 380],
    ['begins anew after a clock that went far back', -500 - TOLERANCE - 1, 500],
  ];
  for (const [name, elapsed, rest] of rests) {
    test(name, () => {
      const deadline = new Deadline(500);
      vi.setSystemTime(START + elapsed);
      assert.equal(deadline.rest(), rest);
    });
  }

  test('goes on from where it began anew', () => {
    const deadline = new Deadline(500);
    vi.setSystemTime(START + 60_000);
    deadline.rest();
    vi.setSystemTime(START + 60_100);
    assert.equal(deadline.rest(), 400);
  });
});

describe('waitWithin', () => {
  test('ends with the work, and leaves no timer', async () => {
    await waitWithin(100, Promise.resolve());
    assert.equal(vi.getTimerCount(), 0);
  });

  test('rejects as the work does', async () => {
    const failure = new Error('work');
    assert.equal(await waitWithin(100, Promise.reject(failure)).catch((error) => error), failure);
    assert.equal(vi.getTimerCount(), 0);
  });

  for (const [name, work] of [
    ['of work that never ends', never()],
    ['for nothing', undefined],
  ] as const) {
    test(`${name} ends with its limit, rounded up to 50 ms`, async () => {
      vi.setSystemTime(START + 1);
      const result = observe(waitWithin(100, work));
      await vi.advanceTimersByTimeAsync(148);
      assert.equal(result.state, 'pending');
      await vi.advanceTimersByTimeAsync(1);
      assert.isUndefined(result.state);
      assert.equal(vi.getTimerCount(), 0);
    });
  }

  test('shares one timer among all that end in the same 50 ms, until the last one is done', async () => {
    let finish = () => {};
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const first = observe(waitWithin(100, work));
    vi.advanceTimersByTime(20);
    const second = observe(waitWithin(80));
    const third = observe(waitWithin(81));
    assert.equal(vi.getTimerCount(), 2);
    finish();
    await vi.advanceTimersByTimeAsync(0);
    assert.deepEqual([first.state, second.state], [undefined, 'pending']);
    assert.equal(vi.getTimerCount(), 2);
    await vi.advanceTimersByTimeAsync(80);
    assert.deepEqual([second.state, third.state], [undefined, 'pending']);
    assert.equal(vi.getTimerCount(), 1);
    await vi.advanceTimersByTimeAsync(50);
    assert.isUndefined(third.state);
  });

  test('starts a timer anew where the one for that moment was given up', async () => {
    await waitWithin(100, Promise.resolve());
    const result = observe(waitWithin(100));
    assert.equal(vi.getTimerCount(), 1);
    await vi.advanceTimersByTimeAsync(100);
    assert.isUndefined(result.state);
  });

  test('has a timer of its own for each, where requests may not share promises', async () => {
    vi.stubGlobal('EdgeRuntime', 'edge-runtime');
    vi.resetModules();
    const edge = await import('../../core/keys/timeout.ts');
    const results = [observe(edge.waitWithin(99, never())), observe(edge.waitWithin(99))];
    assert.equal(vi.getTimerCount(), 2);
    await edge.waitWithin(99, Promise.resolve());
    await vi.advanceTimersByTimeAsync(98);
    assert.deepEqual(
      results.map(({ state }) => state),
      ['pending', 'pending'],
    );
    await vi.advanceTimersByTimeAsync(1);
    assert.deepEqual(
      results.map(({ state }) => state),
      [undefined, undefined],
    );
  });
});

test('sleep takes so many milliseconds', async () => {
  const result = observe(sleep(7));
  await vi.advanceTimersByTimeAsync(6);
  assert.equal(result.state, 'pending');
  await vi.advanceTimersByTimeAsync(1);
  assert.isUndefined(result.state);
});
