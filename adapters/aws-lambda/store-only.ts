import {
  configurationError,
  type JwksStore,
  type PlatformKeysOptions,
  PomeriumError,
  storeKey,
  type TransportAnswer,
  tieredStore,
} from '../../core/adapter.ts';
import { parseStoredEntry } from './stored-entry.ts';

/** Seconds after which the store is asked anew: the refresher runs every minute, and may be late. */
const FRESH_FOR = 120;

/** Seconds for which keys are used while whoever writes the store does not renew them. */
const USED_FOR = 3600;

/**
 * How keys are had where only a store can be reached: its last tier, which somebody else writes, is asked as Pomerium would be,
 * by the same rules and bounds; the tiers before it keep what it said. `now`: seconds since the epoch.
 */
export function storeOnlyKeys(store: JwksStore, now = () => Date.now() / 1000): PlatformKeysOptions {
  if (typeof store?.getItem !== 'function') {
    throw configurationError('store must have getItem(key) and setItem(key, value); write store: ssmStore({ name }).');
  }
  const { tiers } = tieredStore(store);
  return {
    store: tieredStore(...tiers.slice(0, -1)),
    minTtl: FRESH_FOR,
    maxTtl: FRESH_FOR,
    staleWhileRevalidate: USED_FOR,
    transport: (url) => askStore(tiers.at(-1), url, now()),
  };
}

async function askStore(store: JwksStore | undefined, url: string, now: number): Promise<TransportAnswer> {
  if (!store) throw unavailable('fetchKeys is false, and no store has keys.');
  const name = nameOf(store);
  const value = await readValue(store, url, name);
  const entry = parseStoredEntry(value);
  if (!entry) {
    throw unavailable(`${name} holds no keys yet: run the refresher, and check that both name the same parameter.`);
  }
  if (entry.url !== url) {
    throw unavailable(
      `${name} holds the keys of ${entry.url}, not of ${url}; set POMERIUM_JWKS_URL to the same URL for all that share it.`,
    );
  }
  if (entry.fetchedAt > now) throw unavailable(`${name} holds keys that were fetched in the future: a clock is wrong.`);
  const age = Math.floor(now - entry.fetchedAt);
  if (age > USED_FOR) throw unavailable(`${name} was not refreshed for ${age} s: the log of the refresher says why.`);
  const parts = [new TextEncoder().encode(entry.document)];
  return {
    status: 200,
    header: (header) => (header === 'age' ? `${age}` : null),
    read: async () => parts.pop(),
    discard() {},
  };
}

async function readValue(store: JwksStore, url: string, name: string): Promise<unknown> {
  try {
    return await store.getItem(storeKey(url));
  } catch (error) {
    if (error instanceof PomeriumError) throw unavailable(`${name} cannot be read: ${error.message}`);
    const reason = error instanceof Error ? error.name : typeof error;
    const advice = /AccessDenied/.test(reason) ? '; allow ssm:GetParameter on it' : '';
    throw unavailable(`${name} cannot be read: ${reason}${advice}.`);
  }
}

function nameOf(store: JwksStore): string {
  return 'parameter' in store ? `The SSM parameter ${store.parameter}` : 'The store';
}

function unavailable(message: string): PomeriumError {
  return new PomeriumError('keys_unavailable', message);
}
