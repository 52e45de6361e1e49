import { toObject } from '../../json.ts';
import { MAX_BODY_BYTES } from '../limits.ts';

/** A JWKS document as it was fetched, with all that judges its freshness. The same in memory and in every store. */
export interface KeyEntry {
  readonly url: string;
  /** The document, word for word. It is validated anew wherever it comes from. */
  readonly document: string;
  /** When the origin was last asked and said that this is its document, less the answer's `Age`. Seconds since the epoch. */
  readonly fetchedAt: number;
  /** The origin's `max-age` in seconds, not clamped; null when it named none. */
  readonly maxAge: number | null;
  /** Until when requests for unknown key ids have used up their turns, see `UnknownKeys`; null when there were none. */
  readonly unknownKeysUntil: number | null;
}

const VERSION = 1;

/** Whole seconds, so that a reader whose clock is some milliseconds behind does not take it for one from the future. */
export function serializeEntry(entry: KeyEntry): string {
  return JSON.stringify({ version: VERSION, ...entry, fetchedAt: Math.floor(entry.fetchedAt) });
}

/** What a store holds, if it is an entry for this URL and not from the future: anything else is a miss. */
export function parseEntry(value: unknown, url: string, now: number): KeyEntry | undefined {
  const entry = toObject(value);
  if (entry?.['version'] !== VERSION || entry['url'] !== url) return undefined;
  const { document, fetchedAt, maxAge, unknownKeysUntil = null } = entry;
  if (typeof document !== 'string' || document.length > MAX_BODY_BYTES) return undefined;
  if (!isTime(fetchedAt) || fetchedAt > now) return undefined;
  if (maxAge !== null && !isTime(maxAge)) return undefined;
  if (unknownKeysUntil !== null && !isTime(unknownKeysUntil)) return undefined;
  return { url, document, fetchedAt, maxAge, unknownKeysUntil };
}

export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
