import { numberOf, RecentlyUsed } from '../../recently-used.ts';
import type { KeySource } from '../source.ts';
import { tiersOf } from '../stores/tiered.ts';
import type { PlatformKeysOptions } from './options.ts';
import { platformKeys } from './remote.ts';

/** More key sets than a process has; who makes new stores with each request must not fill memory. */
const MAX_KEPT = 64;

const kept = new RecentlyUsed<KeySource>(MAX_KEPT);

/**
 * The keys of a URL that all default verifiers of this process share: one set, one back-off, one budget for unknown key ids. The
 * same only with equal settings, the very same stores, `fetch` and transport, and the same clock.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function sharedRemoteKeys(url: string, options: PlatformKeysOptions, clock: object | undefined): KeySource {
  const { store, fetch, transport, ...seconds } = options;
  const stores = store ? tiersOf(store) : [];
  // What is no object is judged elsewhere.
  const objects = [fetch ?? transport ?? globalThis.fetch, clock, ...stores].map((one) =>
    one !== undefined && Object(one) === one ? numberOf(one) : 0,
  );
  const name = JSON.stringify([url, Object.entries(seconds).sort(), objects]);
  return kept.get(name, () => platformKeys(url, options));
}
