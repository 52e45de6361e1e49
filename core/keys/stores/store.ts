/** What a store gives back. `unstorage` parses what looks like JSON; what is no key set of ours is a miss. */
export type StoredValue = string | number | boolean | object | null | undefined;

/**
 * A cache that outlives this process or isolate. Any `unstorage` storage fits. Whoever can write to it can choose
 * the keys: use one that only your own code writes to.
 */
export interface JwksStore {
  /** The value, or null for a miss. What it throws or rejects with is a miss, too. */
  getItem(key: string): StoredValue | Promise<StoredValue>;
  /** Keeps the value. `ttl`: seconds after which it is of no use. */
  setItem(key: string, value: string, options?: { ttl?: number }): void | Promise<void>;
  /**
   * Whether the caller is the one, of all who share this store, that does what `key` names: asks the origin. The others
   * wait for what it stores. A claim made at `now` counts for `ttl`, in seconds. A store without it lets everybody ask.
   */
  claim?(key: string, options: { now: number; ttl: number }): boolean | Promise<boolean>;
}

const PREFIX = 'pomerium-edge:jwks:';

/** The one key under which a URL's entry is stored: the whole URL is in it, so that no other URL can ever meet it. */
export function storeKey(url: string): string {
  return PREFIX + encodeURIComponent(url);
}

/** Beside it, what those who share the store tell each other of an origin that fails. */
export function noteKey(url: string): string {
  return `${storeKey(url)}:failure`;
}

/** Whether a key is that of an entry, and not of a note beside one. */
export function isEntryKey(key: string): boolean {
  return key.startsWith(PREFIX) && !key.slice(PREFIX.length).includes(':');
}

/** The URL that a key of ours is about. */
export function urlOfKey(key: string): string | undefined {
  const [url = ''] = key.startsWith(PREFIX) ? key.slice(PREFIX.length).split(':') : [];
  try {
    return decodeURIComponent(url);
  } catch {
    return undefined;
  }
}
