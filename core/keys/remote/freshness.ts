import type { KeyEntry } from './entry.ts';

/** How long keys may be used. All in seconds. */
export interface FreshnessBounds {
  readonly minTtl: number;
  readonly maxTtl: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

/**
 * - `fresh`: use.
 * - `stale`: use, and refresh in the background.
 * - `old`: refresh first; use only if the origin fails.
 * - `expired`: never use.
 */
export type Freshness = 'fresh' | 'stale' | 'old' | 'expired';

/** How long an entry is fresh: the origin's max-age within our bounds, the shortest time where it named none. */
export function timeToLive(entry: KeyEntry, bounds: FreshnessBounds): number {
  return Math.min(Math.max(entry.maxAge ?? 0, bounds.minTtl), bounds.maxTtl);
}

/**
 * Judged by the clock at use and by `fetchedAt` alone, so that the bounds of several tiers never add up.
 * Both stale periods (RFC 5861) count from the end of freshness. An entry from the future is `old`: the clock
 * went back, and nobody can say how old it is.
 */
export function freshnessOf(entry: KeyEntry, bounds: FreshnessBounds, now: number): Freshness {
  const age = now - entry.fetchedAt;
  const ttl = timeToLive(entry, bounds);
  if (age < 0) return 'old';
  if (age <= ttl) return 'fresh';
  if (age <= ttl + bounds.staleWhileRevalidate) return 'stale';
  return age <= ttl + bounds.staleIfError ? 'old' : 'expired';
}
