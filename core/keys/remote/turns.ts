import type { KeyContext } from '../source.ts';
import { claimOrigin } from '../stores/read-write.ts';
import type { HeldKeys } from './held-keys.ts';
import { readNote, writeNote } from './notes.ts';
import type { RemoteSettings } from './options.ts';
import type { Outage } from './outage.ts';
import { BURST, type UnknownKeys } from './unknown-keys.ts';

/** Which one of those who share a store asks the origin. Without a store, everybody has a turn when it is time. */
export class Turns {
  readonly #settings: RemoteSettings;
  readonly #outage: Outage;
  readonly #unknownKeys: UnknownKeys;
  readonly #held: HeldKeys;
  /** Whether the others know of the attempt that is under way. */
  #isNoted = false;

  constructor(settings: RemoteSettings, held: HeldKeys, outage: Outage, unknownKeys: UnknownKeys) {
    this.#held = held;
    this.#settings = settings;
    this.#outage = outage;
    this.#unknownKeys = unknownKeys;
  }

  /** What the others found: that the origin fails. A store that did not give its entry a moment ago is not asked for more. */
  async learn(context: KeyContext): Promise<void> {
    const note = this.#held.nearStoreAnswers ? await readNote(this.#settings) : undefined;
    if (note) this.#outage.learn(note, context.now());
  }

  /** `hasKeys`: whether there are usable ones. */
  async takeForRefresh(hasKeys: boolean, context: KeyContext): Promise<boolean> {
    const { failures } = this.#outage;
    const { timeout, cooldown } = this.#settings;
    // Each attempt has a claim of its own: that of one which failed holds nobody up.
    const purpose = failures === 0 ? 'refresh' : `refresh:${failures}`;
    const isOurs = await claimOrigin(this.#settings, purpose, { ttl: timeout + 1 }, context);
    const now = context.now();
    // Others with keys leave the next attempt to us, too, should this one fail.
    const seconds = Math.min(cooldown, timeout + 2 * this.#outage.nextDelay(hasKeys));
    this.#isNoted = isOurs && hasKeys && this.#outage.failures > 0;
    if (this.#isNoted) writeNote(this.#settings, this.#outage.toNote(now + seconds), context);
    return isOurs;
  }

  /** `attempt`: how many times the request tried already. */
  async takeForUnknownKey(attempt: number, context: KeyContext): Promise<boolean> {
    const { turnTtl } = this.#unknownKeys;
    this.#isNoted = false;
    return claimOrigin(this.#settings, `unknown-key:${attempt % BURST}`, { ttl: turnTtl }, context);
  }

  /** Tells the others that the origin fails. Who asked without knowing that may find that somebody is asking it again. */
  async tellFailure(context: KeyContext): Promise<void> {
    if (!this.#isNoted) await this.learn(context);
    writeNote(this.#settings, this.#outage.toNote(), context);
  }
}
