import { afterEach, assert, describe, test, vi } from 'vitest';
import { SingleFlight } from '../../core/keys/remote/single-flight.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('work that was left behind', () => {
  test('counts for no longer than its time, neither as running nor as slow', async () => {
    const flight = new SingleFlight(1000, 500);
    void flight.join(() => new Promise(() => {}), {});
    assert.isTrue(flight.isRunning());
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 1001);
    assert.isFalse(flight.isRunning());
    assert.equal(flight.runsFor(), 0);
  });

  test('is told that it is no longer wanted, once somebody began anew', async () => {
    const flight = new SingleFlight(1000, 500);
    const states: (() => boolean)[] = [];
    void flight.join(({ isCurrent }) => {
      states.push(isCurrent);
      return new Promise(() => {});
    }, {});
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 1001);
    await flight.join(async ({ isCurrent }) => void states.push(isCurrent), {});
    assert.deepEqual(
      states.map((isCurrent) => isCurrent()),
      [false, false],
    );
    assert.isFalse(flight.isRunning());
  });
});
