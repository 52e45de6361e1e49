import { configurationError } from '../../errors.ts';
import { readFunction, readSeconds, requireKnown } from '../../option-readers.ts';
import { parseUrl } from '../../url.ts';
import type { JwksStore } from '../stores/store.ts';
import { tiersOf } from '../stores/tiered.ts';
import { fetchTransport } from './fetch-transport.ts';
import type { FreshnessBounds } from './freshness.ts';
import type { Transport } from './transport.ts';

/** How keys are fetched, kept and for how long used (docs/keys.md). */
export interface RemoteKeysOptions {
  /**
   * A cache that outlives this process, between memory and the origin.
   * @defaultValue none
   */
  store?: JwksStore;
  /**
   * What fetches the JWKS.
   * @defaultValue the runtime's own `fetch`, looked up at each call
   */
  fetch?: typeof fetch;
  /**
   * The shortest time for which a key set is fresh, in seconds, whatever the origin says.
   * @defaultValue `60`, or `maxTtl` where that is less
   */
  minTtl?: number;
  /**
   * The longest time for which a key set is fresh, in seconds.
   * @defaultValue `3600`
   */
  maxTtl?: number;
  /**
   * How long after that, in seconds, a key set is used while it is refreshed in the background.
   * @defaultValue `300`
   */
  staleWhileRevalidate?: number;
  /**
   * How long after its freshness, in seconds, a key set is used while the origin fails; never less than `staleWhileRevalidate`.
   * @defaultValue `3600`
   */
  staleIfError?: number;
  /**
   * The longest time, in seconds, between two retries, and the time in which unknown key ids may ask the origin five times.
   * @defaultValue `30`
   */
  cooldown?: number;
  /**
   * How long, in seconds, the origin may take for a whole answer.
   * @defaultValue `5`
   */
  timeout?: number;
}

/** What an adapter may say of its platform's default keys. */
export interface PlatformKeysOptions extends RemoteKeysOptions {
  /** What asks the origin where no `fetch` is given. */
  transport?: Transport;
}

export interface RemoteSettings extends FreshnessBounds {
  readonly url: string;
  /** In the order in which they are asked. */
  readonly stores: readonly JwksStore[];
  readonly transport: Transport;
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

const NAMES = ['store', 'fetch', ...Object.keys(DEFAULTS)];

/** @throws {PomeriumError} `invalid_configuration` */
export function readRemoteOptions(url: string | URL, options: RemoteKeysOptions): RemoteSettings {
  if (typeof options !== 'object' || options === null)
    throw configurationError('Write remoteKeys(url, { timeout: 2 }).');
  requireKnown(options, NAMES, 'option of remoteKeys()');
  const read = (name: keyof typeof DEFAULTS) => readSeconds(name, options[name]) ?? DEFAULTS[name];
  const maxTtl = read('maxTtl');
  const seconds = {
    minTtl: options.minTtl === undefined ? Math.min(DEFAULTS.minTtl, maxTtl) : read('minTtl'),
    maxTtl,
    staleWhileRevalidate: read('staleWhileRevalidate'),
    staleIfError: read('staleIfError'),
    cooldown: read('cooldown'),
    timeout: read('timeout'),
  };
  if (seconds.minTtl > seconds.maxTtl) throw configurationError('minTtl must not be greater than maxTtl.');
  if (seconds.timeout === 0) throw configurationError('timeout must be more than 0 seconds.');
  if (options.store !== undefined && !isStore(options.store)) {
    throw configurationError('store must have getItem(key) and setItem(key, value), as an unstorage storage has.');
  }
  return {
    ...seconds,
    url: readUrl(url),
    stores: options.store ? tiersOf(options.store) : [],
    transport: fetchTransport(readFunction('fetch', options.fetch)),
  };
}

function isStore(store: unknown): boolean {
  const { getItem, setItem } = (store ?? {}) as Partial<JwksStore>;
  return typeof getItem === 'function' && typeof setItem === 'function';
}

/** `localhost` and its subdomains (RFC 6761 section 6.3), 127.0.0.0/8 and ::1: for tests and local work. */
const LOOPBACK = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function readUrl(url: string | URL): string {
  const parsed = parseUrl(String(url));
  if (parsed) {
    const { protocol, hostname, username, password, href } = parsed;
    const isAllowed = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
    if (isAllowed && username === '' && password === '') return href;
  }
  throw configurationError(
    'The JWKS URL must be an https URL without user and password (http is for loopback only); write "https://app.corp.example.com/.well-known/pomerium/jwks.json".',
  );
}
