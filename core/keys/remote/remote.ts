import { PomeriumError } from '../../errors.ts';
import { SHARES_PROMISES } from '../../runtime.ts';
import type { KeySelector, KeySet, VerificationKey } from '../key-set.ts';
import type { KeyContext, KeySource } from '../source.ts';
import { type ClaimPurpose, claimOrigin } from '../stores/read-write.ts';
import { pollUntil } from '../timeout.ts';
import { RunningTasks } from './activity.ts';
import { Backoff } from './backoff.ts';
import { CurrentKeys } from './current.ts';
import { FetchJwksError } from './fetch-jwks.ts';
import { freshnessOf } from './freshness.ts';
import { type RemoteKeysOptions, type RemoteSettings, readRemoteOptions } from './options.ts';

/**
 * Keys that are fetched from a JWKS URL and kept: in memory, and in `store` where there is one.
 *
 * A key that is removed from the JWKS stops verifying within `maxTtl + staleWhileRevalidate` while the origin answers
 * (6 minutes with Pomerium's max-age of 60), and within `maxTtl + staleIfError` when it does not.
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
 * The life of a key set. `find` looks at the age of the entry in memory:
 *
 * | freshness | known key                         | unknown key                                         |
 * | --------- | --------------------------------- | --------------------------------------------------- |
 * | fresh     | use it                            | stores, then origin: once per `cooldown`            |
 * | stale     | use it, `#refreshInBackground`    | the same                                            |
 * | old       | `#refresh`; if the origin fails, use it | after that refresh, the same                  |
 * | expired   | `#refresh`; if the origin fails, `keys_unavailable` | after that refresh, the same      |
 *
 * A refresh asks the stores first, then the origin, unless the origin failed a moment ago (`#backoff`).
 */
class RemoteKeys implements KeySource {
  readonly #settings: RemoteSettings;
  readonly #keys: CurrentKeys;
  readonly #backoff: Backoff;
  readonly #tasks: RunningTasks<ClaimPurpose | 'background'>;
  /** Milliseconds that a request waits for another one's answer before it asks the origin itself. */
  readonly #followerWait: number;
  /** When this process or isolate last asked the origin for an unknown key id. */
  #unknownKeyAt: number | null = null;
  /** The refresh that requests share, on runtimes where they may wait for each other's promises. */
  #inFlight: Promise<boolean> | undefined;

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
    this.#keys = new CurrentKeys(settings);
    this.#backoff = new Backoff(settings.cooldown);
    this.#followerWait = (settings.timeout * 1000) / 2;
    // A background refresh may look at the stores, wait for another instance's answer, and then ask.
    this.#tasks = new RunningTasks(settings.timeout * 2);
  }

  find(selector: KeySelector, context: KeyContext): VerificationKey | Promise<VerificationKey> {
    const now = context.now();
    const freshness = this.#keys.freshness(now);
    const isUsable = freshness === 'fresh' || freshness === 'stale';
    if (!isUsable) return this.#findAfterRefresh(selector, context);
    const key = this.#keys.keySet?.find(selector);
    if (!key) return this.#findUnknown(selector, context);
    if (freshness === 'stale') this.#refreshInBackground(context);
    return key;
  }

  async ready(context: KeyContext): Promise<void> {
    const freshness = this.#keys.freshness(context.now());
    if (freshness === 'stale') await this.#refreshStale(context);
    else if (freshness !== 'fresh') await this.#refresh(context);
    this.#requireUsable(context.now());
  }

  /** The key set in use, even an `old` one: only called after a refresh was tried. */
  #requireUsable(now: number): KeySet {
    const { keySet } = this.#keys;
    if (keySet && this.#keys.freshness(now) !== 'expired') return keySet;
    const { failure, retryAt } = this.#backoff;
    const why = failure?.message ?? 'The last ones are too old.';
    throw new PomeriumError('keys_unavailable', `There are no keys to verify with. ${why}`, {
      expected: `a JWKS with a signing key at ${this.#settings.url}`,
      received: failure?.reason ?? 'nothing',
      retryAfter: Math.max(1, Math.ceil(retryAt - now)),
    });
  }

  async #findAfterRefresh(selector: KeySelector, context: KeyContext): Promise<VerificationKey> {
    const hasFetched = await this.#refresh(context);
    const keySet = this.#requireUsable(context.now());
    const key = keySet.find(selector);
    if (key) return key;
    // What the origin said a moment ago, for this very request, need not be asked again.
    return hasFetched ? keySet.require(selector) : this.#findUnknown(selector, context);
  }

  /** For `old` and `expired`: the stores, then the origin, then the stores again. Returns whether the origin was asked. */
  #refresh(context: KeyContext): Promise<boolean> {
    if (SHARES_PROMISES) {
      this.#inFlight ??= this.#refreshNow(context).finally(() => {
        this.#inFlight = undefined;
      });
      return this.#inFlight;
    }
    const refresh = this.#refreshNow(context);
    // A client that hangs up before the answer must not keep the keys from the others.
    context.waitUntil(refresh);
    return refresh;
  }

  async #refreshNow(context: KeyContext): Promise<boolean> {
    // While the origin is given time to recover, old keys are used without asking the stores for each request.
    const now = context.now();
    if (!this.#backoff.hasElapsed(now) && this.#keys.freshness(now) === 'old') return false;
    // Looking at plain state with one's own timer is safe where waiting for another request's promise is not.
    const isFirst = !this.#tasks.has('refresh', now);
    if (!isFirst) {
      const isDone = () => !this.#tasks.has('refresh', context.now());
      await pollUntil(isDone, { interval: 5, limit: this.#followerWait });
    }
    return this.#tasks.run('refresh', context.now(), async () => {
      const isUsable = () => ['fresh', 'stale'].includes(this.#keys.freshness(context.now()));
      if (!isUsable()) await this.#keys.loadFromStores(context, isUsable);
      if (this.#keys.freshness(context.now()) === 'stale') this.#refreshInBackground(context);
      if (isUsable() || !this.#backoff.hasElapsed(context.now())) return false;
      return this.#fetchOrFollow('refresh', context, { isEnough: isUsable, mayFollow: isFirst });
    });
  }

  /** At most one at a time. Never rejects. */
  #refreshInBackground(context: KeyContext): void {
    const now = context.now();
    if (this.#tasks.has('background', now) || !this.#backoff.hasElapsed(now)) return;
    context.waitUntil(this.#tasks.run('background', now, () => this.#refreshStale(context)));
  }

  /** For `stale`: the stores, where another instance may have put fresh keys, then the origin. */
  async #refreshStale(context: KeyContext): Promise<void> {
    const isFresh = () => this.#keys.freshness(context.now()) === 'fresh';
    await this.#keys.loadFromStores(context, isFresh);
    if (!isFresh()) await this.#fetchOrFollow('refresh', context, { isEnough: isFresh });
  }

  /**
   * The key may be newer than our set. Asks the stores, then the origin: once per cooldown, whatever the number of
   * tokens, key ids and requests, so that a flood of them costs nothing, and known keys go on verifying meanwhile.
   */
  async #findUnknown(selector: KeySelector, context: KeyContext): Promise<VerificationKey> {
    const { cooldown, timeout } = this.#settings;
    const now = context.now();
    if (this.#tasks.has('unknown-key', now)) {
      const isDone = () => !this.#tasks.has('unknown-key', context.now());
      await pollUntil(isDone, { interval: 5, limit: timeout * 1000 });
    } else if (hasElapsed(this.#unknownKeyAt, cooldown, now) && this.#backoff.hasElapsed(now)) {
      this.#unknownKeyAt = now;
      const refresh = this.#tasks.run('unknown-key', now, () => this.#refreshForUnknownKey(selector, context));
      context.waitUntil(refresh);
      await refresh;
    }
    return this.#requireUsable(context.now()).require(selector);
  }

  async #refreshForUnknownKey(selector: KeySelector, context: KeyContext): Promise<void> {
    const { cooldown } = this.#settings;
    const startedAt = context.now();
    const isSettled = () => {
      const unknownKeyAt = this.#keys.entry?.unknownKeyAt ?? null;
      return this.#keys.keySet?.find(selector) !== undefined || !hasElapsed(unknownKeyAt, cooldown, startedAt);
    };
    await this.#keys.loadFromStores(context, isSettled);
    if (!isSettled()) await this.#fetchOrFollow('unknown-key', context, { isEnough: isSettled });
  }

  /**
   * Asks the origin, unless another instance that shares a store does: then waits for what that one stores, and asks
   * after all when that takes long. Returns whether the origin was asked.
   */
  async #fetchOrFollow(
    purpose: ClaimPurpose,
    context: KeyContext,
    { isEnough, mayFollow = true }: { isEnough: () => boolean; mayFollow?: boolean },
  ): Promise<boolean> {
    const { stores, url, timeout } = this.#settings;
    const isLoaded = async () => {
      await this.#keys.loadFromStores(context, isEnough);
      return isEnough();
    };
    const claim = { url, purpose, emit: context.emit, now: context.now(), ttl: timeout };
    if (mayFollow && !(await claimOrigin(stores, claim))) {
      await pollUntil(isLoaded, { interval: 50, limit: this.#followerWait });
      if (isEnough()) return false;
    }
    const hasKeys = await this.#fetch(context, purpose === 'unknown-key' ? context.now() : null);
    if (!hasKeys && stores.length > 0) await isLoaded();
    return true;
  }

  /** Asks the origin. False when it failed: then there is an event, and nothing that we hold changes. */
  async #fetch(context: KeyContext, unknownKeyAt: number | null): Promise<boolean> {
    const { url, cooldown } = this.#settings;
    const startedAt = context.now();
    try {
      const entry = await this.#keys.fetch(context, { startedAt, unknownKeyAt });
      // An answer that is stale already is not asked for again with every request.
      const isFresh = freshnessOf(entry, this.#settings, startedAt) === 'fresh';
      this.#backoff.succeed(isFresh ? 0 : startedAt + cooldown);
      return true;
    } catch (error) {
      if (!(error instanceof FetchJwksError)) throw error;
      const { reason, message } = error;
      const retryAfter = this.#backoff.fail(error, startedAt);
      context.emit?.({ type: 'keys_refresh_failed', url, reason, message, retryAfter });
      return false;
    }
  }
}

/** Whether that many seconds lie between the two, in either direction: a clock may go back. */
function hasElapsed(since: number | null, seconds: number, now: number): boolean {
  return since === null || Math.abs(now - since) >= seconds;
}
