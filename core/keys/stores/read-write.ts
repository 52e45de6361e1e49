import { PomeriumError } from '../../errors.ts';
import type { Emit, StoreFailed } from '../../events.ts';
import { STORE_READ_LIMIT, STORE_WRITE_LIMIT } from '../limits.ts';
import type { KeyContext } from '../source.ts';
import { withTimeout } from '../timeout.ts';
import { type JwksStore, type StoredValue, storeKey } from './store.ts';

/** What a read or write of a store is about. */
export interface StoreCall {
  readonly url: string;
  readonly key: string;
  readonly emit: Emit | undefined;
}

/** How a read went. */
export interface StoreRead {
  /** Whether the store answered in time, and did not throw. */
  readonly isWell: boolean;
  /** Resolves when it has answered, if it ever does. */
  readonly done: Promise<unknown>;
}

/**
 * Hands what the store holds to `use`, whenever it comes, and waits `limit` milliseconds for that. A store that throws or
 * hangs is an event, and a miss.
 */
export async function readStore(
  store: JwksStore,
  { url, key, emit }: StoreCall,
  use: (value: StoredValue) => unknown,
  limit = STORE_READ_LIMIT,
): Promise<StoreRead> {
  const reading = (async () => use(await store.getItem(key)))();
  const done = reading.catch(() => {});
  try {
    await withTimeout(limit, () => reading);
    return { isWell: true, done };
  } catch (error) {
    emitFailure({ url, operation: 'get', limit }, error, emit);
    return { isWell: false, done };
  }
}

/** Never rejects. `ttl` in seconds. */
export async function writeStore(
  store: JwksStore,
  { url, key, emit }: StoreCall,
  value: string,
  ttl: number,
): Promise<void> {
  try {
    await withTimeout(STORE_WRITE_LIMIT, async () => store.setItem(key, value, { ttl }), { keepsProcess: false });
  } catch (error) {
    emitFailure({ url, operation: 'set', limit: STORE_WRITE_LIMIT }, error, emit);
  }
}

/** Whether to ask the origin. A store that cannot tell, or takes too long to, does not keep anybody from it. */
export async function claimOrigin(
  { url, stores }: { readonly url: string; readonly stores: readonly JwksStore[] },
  purpose: string,
  { ttl }: { readonly ttl: number },
  { now, emit }: KeyContext,
): Promise<boolean> {
  const store = stores.find(({ claim }) => claim);
  if (!store) return true;
  try {
    const claim = async () => store.claim?.(`${storeKey(url)}:${purpose}`, { now: now(), ttl });
    return (await withTimeout(STORE_READ_LIMIT, claim)) !== false;
  } catch (error) {
    emitFailure({ url, operation: 'claim', limit: STORE_READ_LIMIT }, error, emit);
    return true;
  }
}

export function emitUnusableEntry(url: string, emit: Emit | undefined): void {
  const message = 'The store holds no key set of this URL; what it holds is ignored.';
  emit?.({ type: 'store_failed', url, operation: 'get', reason: 'unusable_entry', message });
}

function emitFailure(
  { limit, ...call }: Pick<StoreFailed, 'url' | 'operation'> & { readonly limit: number },
  error: unknown,
  emit: Emit | undefined,
): void {
  const reason = error instanceof DOMException && error.name === 'TimeoutError' ? 'timeout' : 'threw';
  const message = reason === 'timeout' ? `The store did not answer within ${limit} ms.` : describeThrown(error);
  emit?.({ type: 'store_failed', ...call, reason, message });
}

/** Only our own errors are sure to have nothing in their messages that must not be logged. */
function describeThrown(error: unknown): string {
  if (error instanceof PomeriumError) return error.message;
  return `The store threw ${error instanceof Error ? error.name : typeof error}.`;
}
