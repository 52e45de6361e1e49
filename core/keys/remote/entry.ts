import { isObject, parseObject } from '../../json.ts';
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
  readonly etag: string | null;
  /** When an unknown key id last made somebody ask the origin; null when none did. */
  readonly unknownKeyAt: number | null;
}

const VERSION = 1;

/** Whole seconds, so that a reader whose clock is some milliseconds behind does not take it for one from the future. */
export function serializeEntry(entry: KeyEntry): string {
  return JSON.stringify({ version: VERSION, ...entry, fetchedAt: Math.floor(entry.fetchedAt) });
}

/**
 * What a store holds, if it is an entry for this URL and not from the future: anything else is a miss.
 * Takes objects too, because `unstorage` parses what looks like JSON.
 */
export function parseEntry(value: unknown, url: string, now: number): KeyEntry | undefined {
  const entry = typeof value === 'string' ? parseObject(value) : value;
  if (!isObject(entry) || entry['version'] !== VERSION || entry['url'] !== url) return undefined;
  const { document, fetchedAt, maxAge, etag, unknownKeyAt } = entry;
  if (typeof document !== 'string' || document.length > MAX_BODY_BYTES) return undefined;
  if (!isTime(fetchedAt) || fetchedAt > now) return undefined;
  if (maxAge !== null && !isTime(maxAge)) return undefined;
  if (etag !== null && !isEtag(etag)) return undefined;
  if (unknownKeyAt !== null && !isTime(unknownKeyAt)) return undefined;
  return { url, document, fetchedAt, maxAge, etag, unknownKeyAt };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** RFC 9110 section 8.8.3; what does not look like one is never sent back. */
export function isEtag(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 256 && /^(W\/)?"[\x21\x23-\x7e]*"$/.test(value);
}
