import { isObject, parseObject } from '../../json.ts';
import type { KeyContext } from '../source.ts';
import { readStore, writeStore } from '../stores/read-write.ts';
import { noteKey } from '../stores/store.ts';
import { isTime } from './entry.ts';
import type { RemoteSettings } from './options.ts';

/**
 * What those who share a store tell each other of an origin that fails. Times in seconds since the epoch. It can only delay
 * something, by a bound that its reader knows: nothing that decides trust is in it.
 */
export interface FailureNote {
  readonly failedAt: number;
  /** Until when nobody need ask again. */
  readonly retryAt: number;
  /** In a row. */
  readonly failures: number;
}

/** The note beside the entry in the nearest store, if there is one. It is lost without an event: then there is a request more. */
export class FailureNotes {
  readonly #settings: RemoteSettings;

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
  }

  async read(): Promise<FailureNote | undefined> {
    const { url, stores } = this.#settings;
    let note: FailureNote | undefined;
    const take = (value: unknown) => {
      note = parseNote(value);
    };
    if (stores[0]) await readStore(stores[0], { url, key: noteKey(url), emit: undefined }, take);
    return note;
  }

  write(note: FailureNote | undefined, context: KeyContext): void {
    const { url, stores, cooldown } = this.#settings;
    if (!stores[0] || !note) return;
    const call = { url, key: noteKey(url), emit: undefined };
    context.waitUntil(writeStore(stores[0], call, JSON.stringify(note), 2 * cooldown));
  }
}

function parseNote(value: unknown): FailureNote | undefined {
  const note = typeof value === 'string' ? parseObject(value) : value;
  if (!isObject(note)) return undefined;
  const { failedAt, retryAt, failures } = note;
  return isTime(failedAt) && isTime(retryAt) && isTime(failures) ? { failedAt, retryAt, failures } : undefined;
}
