import type { Emit, StoreFailed } from '../../events.ts';
import { STORE_TIMEOUT } from '../limits.ts';
import { type KeyEntry, parseEntry, serializeEntry } from '../remote/entry.ts';
import { withTimeout } from '../timeout.ts';
import { type JwksStore, storeKey } from './store.ts';

/** The store's entry for the URL. A store that throws, hangs or holds rubbish is an event and a miss. */
export async function readStore(
  store: JwksStore,
  url: string,
  now: number,
  emit: Emit | undefined,
): Promise<KeyEntry | undefined> {
  try {
    const value = await withTimeout(STORE_TIMEOUT, async () => store.getItem(storeKey(url)));
    if (value === null || value === undefined) return undefined;
    const entry = parseEntry(value, url, now);
    if (!entry) emitUnusableEntry(url, emit);
    return entry;
  } catch (error) {
    emitFailure(url, 'get', error, emit);
    return undefined;
  }
}

/** What a claim is for: keys that are no longer fresh, or a key that nobody knows. */
export type ClaimPurpose = 'refresh' | 'unknown-key';

export interface ClaimOptions {
  readonly url: string;
  readonly purpose: ClaimPurpose;
  readonly emit: Emit | undefined;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Seconds. */
  readonly ttl: number;
}

/** Whether to ask the origin. A store that cannot tell, or takes too long to, does not keep anybody from it. */
export async function claimOrigin(
  stores: readonly JwksStore[],
  { url, purpose, emit, ...times }: ClaimOptions,
): Promise<boolean> {
  const store = stores.find(({ claim }) => claim);
  if (!store) return true;
  try {
    const key = `${storeKey(url)}:${purpose}`;
    return (await withTimeout(STORE_TIMEOUT, async () => store.claim?.(key, times))) !== false;
  } catch (error) {
    emitFailure(url, 'claim', error, emit);
    return true;
  }
}

/** Never rejects. `ttl` in seconds. */
export async function writeStore(
  store: JwksStore,
  entry: KeyEntry,
  ttl: number,
  emit: Emit | undefined,
): Promise<void> {
  try {
    await withTimeout(STORE_TIMEOUT, async () => store.setItem(storeKey(entry.url), serializeEntry(entry), { ttl }));
  } catch (error) {
    emitFailure(entry.url, 'set', error, emit);
  }
}

export function emitUnusableEntry(url: string, emit: Emit | undefined): void {
  const message = 'The store holds no key set of this URL; what it holds is ignored.';
  emit?.({
    type: 'store_failed',
    url,
    operation: 'get',
    reason: 'unusable_entry',
    message,
  });
}

function emitFailure(url: string, operation: StoreFailed['operation'], error: unknown, emit: Emit | undefined): void {
  const reason = error instanceof DOMException && error.name === 'TimeoutError' ? 'timeout' : 'threw';
  const message =
    reason === 'timeout'
      ? `The store did not answer within ${STORE_TIMEOUT} ms.`
      : `The store threw ${error instanceof Error ? error.name : typeof error}.`;
  emit?.({ type: 'store_failed', url, operation, reason, message });
}
