import type { KeySource } from '../source.ts';
import { tiersOf } from '../stores/tiered.ts';
import type { RemoteKeysOptions } from './options.ts';
import { remoteKeys } from './remote.ts';

/** More key sets than a process has; who makes new stores with each request must not fill memory. */
const MAX_KEPT = 64;

/** The least recently used first. */
const kept = new Map<string, KeySource>();
const names = new WeakMap<object, number>();
let count = 0;

/**
 * The keys of a URL that all default verifiers of this process share: one set, one back-off, one budget for unknown key ids. The
 * same only with equal settings, the very same stores and `fetch`, and the same clock.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function sharedRemoteKeys(url: string, options: RemoteKeysOptions, clock: object | undefined): KeySource {
  const { store, fetch = globalThis.fetch, ...seconds } = options;
  const stores = store === undefined || store === null ? [] : tiersOf(store);
  const objects = [fetch, clock, ...stores].map(nameOf);
  const key = JSON.stringify([url, Object.entries(seconds).sort(), objects]);
  const keys = kept.get(key) ?? remoteKeys(url, options);
  kept.delete(key);
  kept.set(key, keys);
  const [oldest] = kept.keys();
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  return keys;
}

/** What is no object is judged elsewhere. */
function nameOf(object: object | undefined): number {
  if (object === undefined || Object(object) !== object) return 0;
  const name = names.get(object) ?? ++count;
  names.set(object, name);
  return name;
}
