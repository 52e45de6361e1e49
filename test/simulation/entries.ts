import { EPOCH } from './globals.ts';
import type { Shelf } from './stores.ts';

/** The key sets among the texts of a store, as its readers in that data centre see them: all that has a document. */
export function entriesIn(shelf: Shelf, dataCentre: number): { key: string; entry: Record<string, unknown> }[] {
  return itemsIn(shelf, dataCentre).filter(({ entry }) => typeof entry['document'] === 'string');
}

/** Everything else that is JSON: what isolates tell each other beside the keys. */
export function notesIn(shelf: Shelf, dataCentre: number): { key: string; entry: Record<string, unknown> }[] {
  return itemsIn(shelf, dataCentre).filter(({ entry }) => typeof entry['document'] !== 'string');
}

/** Until when, in virtual milliseconds, the keys of a store can be used that are usable `usableFor` long. */
export function usableUntil(shelf: Shelf, dataCentre: number, usableFor: number): number {
  if (shelf.fault !== undefined) return 0;
  const times = entriesIn(shelf, dataCentre).map(({ entry }) => Number(entry['fetchedAt']) * 1000 - EPOCH + usableFor);
  return Math.max(0, ...times);
}

function itemsIn(shelf: Shelf, dataCentre: number) {
  return shelf.visible(dataCentre).flatMap(([key, value]) => {
    try {
      const entry: unknown = JSON.parse(value);
      return typeof entry === 'object' && entry !== null
        ? [{ key, entry: { ...entry } as Record<string, unknown> }]
        : [];
    } catch {
      return [{ key, entry: {} }];
    }
  });
}
