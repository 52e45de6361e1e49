import { sentence } from '#sentences';
import { configurationError, shown } from '../errors.ts';
import type { FreshnessBounds } from './freshness.ts';
import { type JwksStore, tiersOf } from './store.ts';

export interface RemoteKeysOptions {
  /** A cache that outlives this process, between memory and the origin. Default: none. */
  store?: JwksStore;
  /** Default: the runtime's own, looked up at each call. */
  fetch?: typeof fetch;
  /** The shortest time for which a key set is fresh, in seconds, whatever the origin says. Default: 60. */
  minTtl?: number;
  /** The longest, in seconds. Default: 3600. */
  maxTtl?: number;
  /** For how long after that, in seconds, it is used while it is refreshed in the background. Default: 300. */
  staleWhileRevalidate?: number;
  /** For how long after freshness, in seconds, it is used while the origin fails. Default: 3600. */
  staleIfError?: number;
  /** The least time, in seconds, between two requests for unknown key ids, and the longest between retries. Default: 30. */
  cooldown?: number;
  /** How long, in seconds, the origin may take for a whole answer. Default: 5. */
  timeout?: number;
}

export interface RemoteSettings extends FreshnessBounds {
  readonly url: string;
  /** In the order in which they are asked. */
  readonly stores: readonly JwksStore[];
  readonly fetch: typeof fetch;
  readonly cooldown: number;
  readonly timeout: number;
}

const DEFAULTS = {
  minTtl: 60,
  maxTtl: 3600,
  staleWhileRevalidate: 300,
  staleIfError: 3600,
  cooldown: 30,
  timeout: 5,
} as const;

const NAMES = new Set(['store', 'fetch', ...Object.keys(DEFAULTS)]);

/** Throws `invalid_configuration`. */
export function readRemoteOptions(url: string | URL, options: RemoteKeysOptions): RemoteSettings {
  const unknown = Object.keys(options).find((name) => !NAMES.has(name));
  if (unknown) {
    throw configurationError(
      unknown,
      sentence(`remoteKeys() has no option ${shown(unknown)}; it has ${[...NAMES].join(', ')}.`),
    );
  }
  const read = (name: keyof typeof DEFAULTS) => readSeconds(name, options[name] ?? DEFAULTS[name]);
  const seconds = {
    minTtl: read('minTtl'),
    maxTtl: read('maxTtl'),
    staleWhileRevalidate: read('staleWhileRevalidate'),
    staleIfError: read('staleIfError'),
    cooldown: read('cooldown'),
    timeout: read('timeout'),
  };
  if (seconds.minTtl > seconds.maxTtl)
    throw configurationError('minTtl', sentence('minTtl must not be greater than maxTtl.'));
  if (seconds.timeout === 0) throw configurationError('timeout', sentence('timeout must be more than 0 seconds.'));
  if (options.store !== undefined && !isStore(options.store)) {
    throw configurationError(
      'store',
      sentence('store must have getItem(key) and setItem(key, value), as an unstorage storage has.'),
    );
  }
  return {
    ...seconds,
    url: readUrl(url),
    stores: options.store ? tiersOf(options.store) : [],
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  };
}

function readSeconds(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw configurationError(name, sentence(`${name} must be a number of seconds, 0 or more.`));
}

function isStore(store: unknown): boolean {
  const { getItem, setItem } = store as Partial<JwksStore>;
  return typeof getItem === 'function' && typeof setItem === 'function';
}

/** `localhost` and its subdomains (RFC 6761 section 6.3), 127.0.0.0/8 and ::1: for tests and local work. */
const LOOPBACK = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function readUrl(url: string | URL): string {
  const example = sentence('write "https://app.corp.example.com/.well-known/pomerium/jwks.json"');
  if (!URL.canParse(String(url)))
    throw configurationError('JWKS URL', sentence(`The JWKS URL cannot be read; ${example}.`));
  const { protocol, hostname, username, password, href } = new URL(url);
  const isPlainLoopback = protocol === 'http:' && LOOPBACK.test(hostname);
  if (protocol !== 'https:' && !isPlainLoopback) {
    throw configurationError(
      'JWKS URL',
      sentence(`The JWKS URL must be https (http is for loopback only); ${example}.`),
    );
  }
  if (username !== '' || password !== '')
    throw configurationError('JWKS URL', sentence('The JWKS URL must not hold a user or a password.'));
  return href;
}
