import { afterEach, assert, beforeEach, describe, test, vi } from 'vitest';
import { SingleFlight } from '../../core/keys/remote/single-flight.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** Work that takes that many milliseconds; without a number, it never ends. */
const taking = (milliseconds?: number) => () =>
  new Promise((resolve) => {
    if (milliseconds !== undefined) setTimeout(resolve, milliseconds);
  });

/** Says when, in milliseconds from now, a promise resolves; undefined if that takes longer than a minute. */
async function timeOf(promise: Promise<unknown>): Promise<number | undefined> {
  const startedAt = Date.now();
  let time: number | undefined;
  promise.then(() => {
    time = Date.now() - startedAt;
  });
  await vi.advanceTimersByTimeAsync(60_000);
  return time;
}

describe('work that is under way', () => {
  test('runs, and says for how long, until it ends', async () => {
    const flight = new SingleFlight(1000, 500);
    assert.deepEqual([flight.isRunning(), flight.runsFor()], [false, 0]);
    const done = flight.join(taking(100), {});
    await vi.advanceTimersByTimeAsync(99);
    assert.deepEqual([flight.isRunning(), flight.runsFor()], [true, 99]);
    await vi.advanceTimersByTimeAsync(1);
    await done;
    assert.deepEqual([flight.isRunning(), flight.runsFor()], [false, 0]);
  });

  test('is done once for all who join, and is kept going by the first', async () => {
    const flight = new SingleFlight(1000, 500);
    const work = vi.fn(taking(100));
    const pending: Promise<unknown>[] = [];
    const waitUntil = (promise: Promise<unknown>) => void pending.push(promise);
    const requests = [1, 2, 3].map(() => flight.join(work, { waitUntil }));
    assert.lengthOf(pending, 1);
    const times = Promise.all(requests.map(timeOf));
    assert.deepEqual(await times, [100, 100, 100]);
    assert.equal(work.mock.calls.length, 1);
    void flight.join(work, { waitUntil });
    assert.equal(work.mock.calls.length, 2);
  });

  test('fails for all who wait for it', async () => {
    const flight = new SingleFlight(1000, 500);
    const requests = [1, 2].map(() => flight.join(() => Promise.reject(new Error('down')), {}));
    const results = await Promise.allSettled(requests);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.isFalse(flight.isRunning());
  });

  test('goes on without who waits no longer than a limit', async () => {
    const flight = new SingleFlight(1000, 500);
    const first = flight.join(taking(700), { limit: 100 });
    const second = flight.join(taking(), { limit: 200 });
    await vi.advanceTimersByTimeAsync(150);
    await first;
    assert.isTrue(flight.isRunning());
    await vi.advanceTimersByTimeAsync(100);
    await second;
    assert.isTrue(flight.isRunning());
    await vi.advanceTimersByTimeAsync(500);
    assert.isFalse(flight.isRunning());
  });
});

describe('work that was left behind', () => {
  test('counts for no longer than its time, neither as running nor as slow', () => {
    const flight = new SingleFlight(1000, 500);
    void flight.join(taking(), {});
    vi.setSystemTime(Date.now() + 999);
    assert.isTrue(flight.isRunning());
    vi.setSystemTime(Date.now() + 1);
    assert.deepEqual([flight.isRunning(), flight.runsFor()], [false, 0]);
  });

  test('counts no longer when the clock goes back that far', () => {
    const flight = new SingleFlight(1000, 500);
    void flight.join(taking(), {});
    vi.setSystemTime(Date.now() - 999);
    assert.isTrue(flight.isRunning());
    vi.setSystemTime(Date.now() - 1);
    assert.isFalse(flight.isRunning());
  });

  test('is told that it is no longer wanted, once somebody began anew', async () => {
    const flight = new SingleFlight(1000, 500);
    const states: (() => boolean)[] = [];
    void flight.join(({ isLatest }) => {
      states.push(isLatest);
      return new Promise(() => {});
    }, {});
    assert.isTrue(states[0]?.());
    vi.setSystemTime(Date.now() + 1001);
    await flight.join(async ({ isLatest, isRestart }) => {
      states.push(isLatest);
      assert.isFalse(isRestart);
    }, {});
    assert.deepEqual(
      states.map((isLatest) => isLatest()),
      [false, false],
    );
    assert.isFalse(flight.isRunning());
  });

  test('does not end what began anew', async () => {
    const flight = new SingleFlight(1000, 500);
    void flight.join(taking(1500), {});
    await vi.advanceTimersByTimeAsync(1001);
    void flight.join(taking(900), {});
    await vi.advanceTimersByTimeAsync(600);
    assert.isTrue(flight.isRunning());
  });
});

describe('where requests may not wait for each other’s promises', () => {
  async function makeFlight(): Promise<SingleFlight> {
    vi.stubGlobal('EdgeRuntime', 'edge-runtime');
    vi.resetModules();
    const fresh = await import('../../core/keys/remote/single-flight.ts');
    return new fresh.SingleFlight(1000, 500);
  }

  test('they look whether the work is over', async () => {
    const flight = await makeFlight();
    const work = vi.fn(taking(95));
    void flight.join(work, {});
    assert.equal(await timeOf(flight.join(work, {})), 100);
    assert.equal(work.mock.calls.length, 1);
  });

  test('one that has waited long enough begins anew, with what it lends, and is told so', async () => {
    const flight = await makeFlight();
    const pending: Promise<unknown>[] = [];
    void flight.join(taking(), {});
    const seen: boolean[] = [];
    const work = ({ isRestart }: { isRestart: boolean }) => {
      seen.push(isRestart);
      return taking(20)();
    };
    assert.equal(await timeOf(flight.join(work, { waitUntil: (promise) => void pending.push(promise) })), 520);
    assert.deepEqual(seen, [true]);
    assert.lengthOf(pending, 1);
  });

  for (const [limit, expected] of [
    [100, 100],
    [2000, 500],
  ] as const) {
    test(`one that waits for ${limit} ms at most waits ${expected} ms, and leaves the work to the other`, async () => {
      const flight = await makeFlight();
      const work = vi.fn(taking());
      void flight.join(work, {});
      assert.equal(await timeOf(flight.join(work, { limit })), expected);
      assert.equal(work.mock.calls.length, 1);
    });
  }
});
