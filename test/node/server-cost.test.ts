import { assert, describe, test } from 'vitest';
import { median } from '../support/cost.ts';
import { loadServers, type Turn } from '../support/load/servers.ts';

/** What each round gave, so that a slow moment of the machine counts for both. */
describe('a Hono app under 64 connections, with tokens that are all different,', () => {
  test('answers about as many requests as one that calls jose, and its slowest are not much slower', async () => {
    const turns = await loadServers({ names: ['pomerium', 'jwtVerify'], onOneCore: false, rounds: 7, turn: 500 });
    const [ours = [], theirs = []] = turns.values();
    const ratio = (read: (turn: Turn) => number) => median(ours.map((one, i) => read(one) / read(theirs[i] ?? one)));
    assert.isAbove(
      ratio(({ rate }) => rate),
      0.7,
    );
    assert.isBelow(
      ratio(({ p99 }) => p99),
      2,
    );
  });
});
