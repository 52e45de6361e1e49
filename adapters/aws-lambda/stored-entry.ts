import { toObject } from '../../core/adapter.ts';

/** What is read of a key set as the core keeps it in stores. `fetchedAt`: seconds since the epoch. */
export interface StoredEntry {
  readonly url: string;
  readonly document: string;
  readonly fetchedAt: number;
}

/** Undefined for anything else, the `{}` of a new parameter for example. */
export function parseStoredEntry(value: unknown): StoredEntry | undefined {
  const { url, document, fetchedAt } = toObject(value) ?? {};
  const isEntry = typeof url === 'string' && typeof document === 'string' && typeof fetchedAt === 'number';
  return isEntry ? { url, document, fetchedAt } : undefined;
}
