import { sharersOf } from './waits.ts';
import type { FleetInvariant, World } from './world.ts';

/** Milliseconds that clocks, whole seconds in entries and requests under way may add to a bound. */
const SLACK = 2500;

/** Promises about which keys verify, and who is refused. */
export const TRUST: readonly (() => FleetInvariant)[] = [
  () => ({
    sentence:
      'While the origin answers, no valid assertion is refused; under a flood of unknown key ids, or for a new key while stores fail, at most with a 503',
    onAnswer({ purpose, outcome, took, startedAt, keyId, error }, before, world, check) {
      if (purpose !== 'valid' || !isQuiet(world) || before.fault) return;
      // Whoever has no keys when an outage ends comes back when it was told to.
      const isRecovering = before.since > 0 && !before.isUsable && startedAt < before.since + 60_000;
      const isNewKey = !before.keyIds.includes(keyId) && !world.areStoresWellSince(0);
      const mayBeLate = isRecovering || isNewKey || world.facts.floodedAt !== undefined;
      const isFine = outcome === 'key' || (mayBeLate && outcome === 'keys_unavailable');
      check(isFine, `${keyId}: ${outcome} after ${took.toFixed(0)} ms: ${error}`);
    },
  }),
  () => ({
    sentence: 'While origin and stores answer, a valid request waits at most 2.1 s and the latency of the origin',
    onAnswer({ purpose, took, startedAt }, before, world, check) {
      if (purpose !== 'valid' || !isQuiet(world) || before.fault) return;
      if (startedAt < before.since + 60_000 && before.since > 0) return;
      check(took <= 2100 + world.origin.latency[1], `${took.toFixed(0)} ms`);
    },
  }),
  () => ({
    sentence:
      'While the origin answers, it is asked at most 14 times in any minute by all that share a store, under any flood',
    onAsk({ host, at }, world, check) {
      if (world.origin.fault || !world.areStoresWellSince(Math.max(0, at - 60_000)) || world.facts.isSkewed) return;
      const count = world.origin.countSince(Math.max(world.origin.since, at - 60_000), sharersOf(host, world));
      check(count <= 14, `${count} times in a minute`);
    },
  }),
  () => ({
    sentence:
      'A withdrawn key stops verifying within maxTtl + staleWhileRevalidate while the origin answers, and within maxTtl + staleIfError always',
    onAnswer({ purpose, outcome, startedAt }, before, world, check) {
      const { withdrawnAt = 0 } = world.facts;
      if (purpose !== 'withdrawn') return;
      const { ttl, staleWhileRevalidate, staleIfError } = world.bounds;
      const well = Math.max(
        withdrawnAt + (ttl + staleWhileRevalidate) * 1000,
        before.since > 0 ? before.since + 60_000 : 0,
      );
      const always = withdrawnAt + (ttl + staleIfError) * 1000;
      const bound = before.fault ? always : Math.min(well, always);
      if (startedAt <= bound + SLACK) return;
      const late = ((startedAt - withdrawnAt) / 1000).toFixed(0);
      check(outcome !== 'key', `it verifies ${late} s later (${before.fault ?? 'the origin answers'})`);
    },
  }),
  () => ({
    sentence:
      'Keys that a stranger wrote into a store verify for maxTtl + staleWhileRevalidate at most, and never after',
    onAnswer({ purpose, outcome, startedAt }, before, world, check) {
      const { forgedAt } = world.facts;
      if (purpose !== 'forged' || forgedAt === undefined || before.fault) return;
      const { maxTtl, staleWhileRevalidate } = world.bounds;
      if (startedAt <= forgedAt + (maxTtl + staleWhileRevalidate) * 1000 + SLACK) return;
      check(outcome !== 'key', `it verifies ${((startedAt - forgedAt) / 1000).toFixed(0)} s later`);
    },
  }),
  () => ({
    sentence: 'Only keys of the origin verify, unless a stranger wrote into a store',
    onAnswer({ isForged, keyId }, _before, world, check) {
      if (world.facts.forgedAt === undefined) check(!isForged, `${keyId} is not the key of the origin`);
    },
  }),
  () => ({
    sentence: 'Nothing fails in another way, stays unhandled, runs for ever or waits for ever',
    onAnswer({ outcome, error }, _before, _world, check) {
      check(outcome !== 'error', `${error instanceof Error ? error.stack : error}`);
    },
    onEnd(world, check, unhandled) {
      for (const error of unhandled) check(false, `unhandled: ${error}`);
      for (const { id, isFrozen, open } of world.living) {
        const since = [...open].map(({ startedAt }) => `${(startedAt / 1000).toFixed(3)} s`);
        check(isFrozen || open.size === 0, `requests of ${id} never end: since ${since}`);
      }
      const timers = world.clock
        .pending()
        .filter(({ kind, activity }) => kind === 'timer' && !activity?.isOver && !activity?.host.isDead);
      check(timers.length === 0, `${timers.length} timers are left over`);
    },
  }),
];

/** Whether the origin answers, and no stranger's key set took the place of its own. */
function isQuiet(world: World): boolean {
  return world.facts.replacedAt === undefined && world.origin.fault === undefined;
}
