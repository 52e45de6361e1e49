import { toObject } from '../../json.ts';
import type { KeyContext } from '../source.ts';
import { readStore, type StoreCall, writeStore } from '../stores/read-write.ts';
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
export async function readNote({ url, stores: [near] }: RemoteSettings): Promise<FailureNote | undefined> {
  let note: FailureNote | undefined;
  const take = (value: unknown) => {
    note = parseNote(value);
  };
  if (near) await readStore(near, callOf(url), take);
  return note;
}

export function writeNote(
  { url, stores: [near], cooldown }: RemoteSettings,
  note: FailureNote,
  context: KeyContext,
): void {
  if (near) context.waitUntil(writeStore(near, callOf(url), JSON.stringify(note), 2 * cooldown));
}

function callOf(url: string): StoreCall {
  return { url, key: noteKey(url), emit: undefined };
}

function parseNote(value: unknown): FailureNote | undefined {
  const { failedAt, retryAt, failures } = toObject(value) ?? {};
  return isTime(failedAt) && isTime(retryAt) && isTime(failures) ? { failedAt, retryAt, failures } : undefined;
}
