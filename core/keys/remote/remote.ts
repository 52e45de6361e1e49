import { describeValue, PomeriumError } from '../../errors.ts';
import type { KeySelector, KeySet, VerificationKey } from '../key-set.ts';
import { UNKNOWN_KEY_WAIT } from '../limits.ts';
import type { KeyContext, KeySource } from '../source.ts';
import { Deadline, waitWithin } from '../timeout.ts';
import { HeldKeys } from './held-keys.ts';
import { type PlatformKeysOptions, type RemoteKeysOptions, type RemoteSettings, readRemoteOptions } from './options.ts';
import { Refresher } from './refresher.ts';
import type { Sighting } from './unknown-keys.ts';

/**
 * Keys that are fetched from a JWKS URL and kept: in memory, and in `store` where there is one.
 *
 * A key that is removed from the JWKS stops verifying within `maxTtl + staleWhileRevalidate` while the origin answers
 * (6 minutes with Pomerium's max-age of 60), and within `maxTtl` plus the longer of that and `staleIfError` when it does not.
 *
 * @throws {PomeriumError} `invalid_configuration` at once; `unknown_key` and `keys_unavailable` when a request needs a key
 *
 * @example
 * ```ts
 * const keys = remoteKeys('https://app.corp.example.com/.well-known/pomerium/jwks.json', { staleIfError: 7200 })
 * ```
 */
export function remoteKeys(url: string | URL, options: RemoteKeysOptions = {}): KeySource {
  return new RemoteKeys(readRemoteOptions(url, options));
}

/**
 * The same, asked for by the platform's own transport unless a `fetch` is given.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function platformKeys(url: string, { transport, ...options }: PlatformKeysOptions): KeySource {
  const settings = readRemoteOptions(url, options);
  return new RemoteKeys(transport && !options.fetch ? { ...settings, transport } : settings);
}

/**
 * The life of a key set. `find` looks at the freshness of the entry in memory. Whoever refreshes looks into the stores. If
 * they have no fresh keys, it asks the origin, unless that failed and has not had its time to recover.
 *
 * | freshness | a request | waits |
 * | --- | --- | --- |
 * | fresh | uses the key | for nothing |
 * | stale | uses the key, and refreshes in the background | for nothing |
 * | old | refreshes first, then uses the key; in an outage the same as stale | for half a second at most |
 * | expired, or none | refreshes first; if that brings no keys, `keys_unavailable` | as long as it takes; in an outage half a second |
 *
 * A key that the set does not hold: the same, then `#findUnknown`, for two seconds at most.
 */
class RemoteKeys implements KeySource {
  readonly #settings: RemoteSettings;
  readonly #held: HeldKeys;
  readonly #refresher: Refresher;

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
    this.#held = new HeldKeys(settings);
    this.#refresher = new Refresher(settings, this.#held);
  }

  find(selector: KeySelector, context: KeyContext): VerificationKey | Promise<VerificationKey> {
    const now = context.now();
    const freshness = this.#held.freshness(now);
    const mustRefresh = freshness === 'expired' || (freshness === 'old' && !this.#refresher.isOutage(now));
    const key = this.#held.keySet?.find(selector);
    if (mustRefresh || !key) return this.#findLater(selector, context, mustRefresh);
    if (freshness !== 'fresh') this.#refresher.refreshInBackground(context);
    return key;
  }

  async ready(context: KeyContext): Promise<void> {
    await this.#refresher.start(context);
    this.#requireUsable(context.now());
  }

  peek(selector: KeySelector): VerificationKey | undefined {
    return this.#held.keySet?.find(selector);
  }

  async #findLater(selector: KeySelector, context: KeyContext, mustRefresh: boolean): Promise<VerificationKey> {
    const arrival = this.#held.sightingAt(context.now());
    if (mustRefresh) await this.#refresher.makeCurrent(context);
    const key = this.#requireUsable(context.now()).find(selector);
    return key ?? this.#findUnknown(selector, context, arrival);
  }

  /**
   * The key may be newer than our set: the stores are asked, then the origin, in turns. It is refused only when the origin was
   * asked after it was first seen and knows no such key; as long as nobody can tell, that is a 503.
   */
  async #findUnknown(selector: KeySelector, context: KeyContext, arrival: Sighting): Promise<VerificationKey> {
    const deadline = new Deadline(UNKNOWN_KEY_WAIT);
    const sighting = this.#refresher.unknownKeys.see(selector, arrival);
    const findOrRefuse = () => {
      const keySet = this.#requireUsable(context.now());
      return this.#held.isNewerThan(sighting) ? keySet.require(selector) : keySet.find(selector);
    };
    for (let attempt = 0; ; ) {
      const known = findOrRefuse();
      if (known) return known;
      await this.#refresher.lookForKey(selector, context, deadline.rest());
      const found = findOrRefuse();
      if (found) return found;
      const wait = this.#refresher.secondsUntilTurn(context.now());
      const limit = deadline.rest();
      if (wait * 1000 >= limit) throw this.#cannotTell(selector, wait, context.now());
      if (wait > 0) await waitWithin(wait * 1000);
      else await this.#refresher.refreshForUnknownKey(selector, context, { attempt: attempt++, limit });
    }
  }

  #cannotTell({ keyId }: KeySelector, wait: number, now: number): PomeriumError {
    const { failure } = this.#refresher.outage;
    const why = failure?.message ?? 'The key set was asked for several new keys a moment ago.';
    return new PomeriumError('keys_unavailable', `The assertion names a key that may be too new to be known. ${why}`, {
      expected: this.#held.keySet?.keyIds.map(describeValue).join(' or '),
      received: describeValue(keyId),
      retryAfter: Number.isFinite(wait) ? Math.max(1, Math.ceil(wait)) : this.#refresher.retryAfter(now),
    });
  }

  /** The key set in use, even an `old` one: only called after a refresh was tried. */
  #requireUsable(now: number): KeySet {
    const { keySet } = this.#held;
    if (keySet && this.#held.freshness(now) !== 'expired') return keySet;
    const { outage } = this.#refresher;
    const why =
      outage.failure?.message ??
      (outage.isKnown(now) ? 'The origin failed a moment ago.' : 'The last ones are too old.');
    throw new PomeriumError('keys_unavailable', `There are no keys to verify with. ${why}`, {
      expected: `a JWKS with a signing key at ${this.#settings.url}`,
      received: outage.failure?.reason ?? 'nothing',
      retryAfter: this.#refresher.retryAfter(now),
    });
  }
}
