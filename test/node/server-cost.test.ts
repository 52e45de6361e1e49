import { assert, describe, test } from 'vitest';
import { median } from '../support/cost.ts';
import { canPin, loadServers, type Turn } from '../support/load/servers.ts';

/** What each round gave, so that a slow moment of the machine counts for both. */
describe('a Hono app under 64 connections, with tokens that are all different,', () => {
  const settings = [
    { cores: 'one core', onOneCore: true, least: 1 },
    { cores: 'all cores', onOneCore: false, least: 0.7 },
  ];
  test.each(settings.filter(({ onOneCore }) => !onOneCore || canPin()))(
    'answers on $cores about as many requests as one that calls jose, or more, and its slowest are not much slower',
    async ({ onOneCore, least }) => {
      const turns = await loadServers({ names: ['pomerium', 'jwtVerify'], onOneCore, rounds: 7, turn: 500 });
      const [ours = [], theirs = []] = turns.values();
      const ratio = (read: (turn: Turn) => number) => median(ours.map((one, i) => read(one) / read(theirs[i] ?? one)));
      assert.isAbove(
        ratio(({ rate }) => rate),
        least,
      );
      assert.isBelow(
        ratio(({ p99 }) => p99),
        2,
      );
    },
  );
});
