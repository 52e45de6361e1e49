import { isObject, type JsonObject, parseObject } from '../json.ts';
import type { JwksStore } from './store.ts';

/**
 * A store that is written to only when that is worth it: when the key set changed, or when what it holds was fetched
 * `rewriteAfter` seconds before, so that it stays of use. For stores in which writes are few or cost money.
 */
export function sparingStore(store: JwksStore, { rewriteAfter }: { rewriteAfter: number }): JwksStore {
  /** What the store holds as far as is known here. */
  const known = new Map<string, unknown>();
  const getItem = async (key: string) => {
    const value = await store.getItem(key);
    if (value !== null && value !== undefined) known.set(key, value);
    return value;
  };
  return {
    getItem,
    async setItem(key, value, options) {
      const held = known.get(key) ?? (await getItem(key));
      if (!isWorthWriting(held, value, rewriteAfter)) return;
      await store.setItem(key, value, options);
      known.set(key, value);
    },
  };
}

function isWorthWriting(held: unknown, value: string, rewriteAfter: number): boolean {
  const before = contentOf(held);
  const after = contentOf(value);
  if (before?.['document'] !== after?.['document'] || before?.['maxAge'] !== after?.['maxAge']) return true;
  return Number(after?.['fetchedAt']) - Number(before?.['fetchedAt']) >= rewriteAfter;
}

function contentOf(value: unknown): JsonObject | undefined {
  if (typeof value === 'string') return parseObject(value);
  return isObject(value) ? value : undefined;
}
