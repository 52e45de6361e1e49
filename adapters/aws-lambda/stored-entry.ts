import { toMember } from './member.ts';

/** What is read of a key set as the core keeps it in stores. `fetchedAt`: seconds since the epoch. */
export interface StoredEntry {
  readonly url: string;
  readonly document: string;
  readonly fetchedAt: number;
}

const PREFIX = 'pomerium-edge:jwks:';

/** The key under which a store keeps the keys of this URL. */
export function entryKey(url: string): string {
  return PREFIX + encodeURIComponent(url);
}

/** Whether it is about a key set; what follows another colon is a note beside it. */
export function isEntryKey(key: string): boolean {
  return key.startsWith(PREFIX) && !key.slice(PREFIX.length).includes(':');
}

/** Undefined for anything else, the `{}` of a new parameter for example. */
export function parseStoredEntry(value: unknown): StoredEntry | undefined {
  const { url, document, fetchedAt } = toMember(typeof value === 'string' ? parseJson(value) : value);
  const isEntry = typeof url === 'string' && typeof document === 'string' && typeof fetchedAt === 'number';
  return isEntry ? { url, document, fetchedAt } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
