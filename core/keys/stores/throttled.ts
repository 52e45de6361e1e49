import { toObject } from '../../json.ts';
import type { JwksStore, StoredValue } from './store.ts';

/**
 * A store that is written to only when the key set changed, or when the stored one was fetched `rewriteAfter` seconds
 * before: before it goes stale. For stores in which writes are few or cost money, so notes of failures are not written either.
 *
 * @param options `rewriteAfter`: in seconds
 */
export function throttledStore(store: JwksStore, { rewriteAfter }: { rewriteAfter: number }): JwksStore {
  /** The last value that was read or written, by its key. */
  const known = new Map<string, StoredValue>();
  const getItem = async (key: string) => {
    const value = await store.getItem(key);
    if (value !== null && value !== undefined) known.set(key, value);
    return value;
  };
  return {
    ...(store.claim && { claim: store.claim.bind(store) }),
    getItem,
    async setItem(key, value, options) {
      const stored = known.get(key) ?? (await getItem(key));
      if (!isWorthWriting(stored, value, rewriteAfter)) return;
      await store.setItem(key, value, options);
      known.set(key, value);
    },
  };
}

function isWorthWriting(stored: unknown, value: string, rewriteAfter: number): boolean {
  const before = toObject(stored);
  const after = toObject(value);
  if (before?.['document'] !== after?.['document'] || before?.['maxAge'] !== after?.['maxAge']) return true;
  return Number(after?.['fetchedAt']) - Number(before?.['fetchedAt']) >= rewriteAfter;
}
