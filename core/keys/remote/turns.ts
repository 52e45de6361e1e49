import type { KeyContext } from '../source.ts';
import { claimOrigin } from '../stores/read-write.ts';
import type { HeldKeys } from './held-keys.ts';
import { FailureNotes } from './notes.ts';
import type { RemoteSettings } from './options.ts';
import type { Outage } from './outage.ts';
import { BURST, type UnknownKeys } from './unknown-keys.ts';

/** Which one of those who share a store asks the origin. Without a store, everybody has a turn when it is time. */
export class Turns {
  readonly #settings: RemoteSettings;
  readonly #outage: Outage;
  readonly #unknownKeys: UnknownKeys;
  readonly #notes: FailureNotes;
  readonly #held: HeldKeys;

  constructor(settings: RemoteSettings, held: HeldKeys, outage: Outage, unknownKeys: UnknownKeys) {
    this.#held = held;
    this.#settings = settings;
    this.#outage = outage;
    this.#unknownKeys = unknownKeys;
    this.#notes = new FailureNotes(settings);
  }

  async takeForRefresh(context: KeyContext): Promise<boolean> {
    if (!(await this.mayAsk(context))) return false;
    const { timeout } = this.#settings;
    // Others that find the failure need not try again before we know more.
    this.#notes.write(this.#outage.toNote(context.now() + timeout), context);
    return claimOrigin(this.#settings, 'refresh', { ttl: timeout }, context);
  }

  /** `attempt`: how many times the request tried already. */
  async takeForUnknownKey(attempt: number, context: KeyContext): Promise<boolean> {
    const { turnTtl } = this.#unknownKeys;
    const turn = `unknown-key:${attempt % BURST}` as const;
    return claimOrigin(this.#settings, turn, { ttl: turnTtl }, context);
  }

  /** Whether the origin may be asked, by what the others found, too. */
  async mayAsk(context: KeyContext): Promise<boolean> {
    // A store that did not give its entry a moment ago is not asked for more.
    const note = this.#held.nearStoreAnswers ? await this.#notes.read() : undefined;
    if (note) this.#outage.learn(note, context.now());
    return this.#outage.mayAsk(context.now());
  }

  tellFailure(context: KeyContext): void {
    this.#notes.write(this.#outage.toNote(), context);
  }
}
