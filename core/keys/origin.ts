import { sentence } from '#sentences';
import type { RefreshFailure } from '../events.ts';
import { isEtag, type KeyEntry, MAX_BODY_BYTES } from './entry.ts';
import { type FreshnessBounds, freshnessOf } from './freshness.ts';
import { UnusableKeySet } from './key-set.ts';
import { withTimeout } from './timeout.ts';

/** The origin gave no answer that can be used. */
export class OriginError extends Error {
  override readonly name = 'OriginError';
  readonly reason: RefreshFailure;

  constructor(reason: RefreshFailure, message: string | undefined) {
    super(message ?? reason);
    this.reason = reason;
  }
}

/** What the origin said. `document` is undefined with a 304. Times in seconds. */
export interface OriginAnswer {
  readonly document: string | undefined;
  readonly etag: string | null;
  readonly maxAge: number | null;
  readonly age: number;
}

export interface OriginRequest {
  readonly url: string;
  readonly fetch: typeof fetch;
  /** Of the document that we hold, if any. */
  readonly etag: string | null;
  /** Milliseconds, for the whole exchange with its body. */
  readonly timeout: number;
}

/** Asks the origin for its key set. Throws `OriginError`, and nothing else, within `timeout`. */
export async function askOrigin(request: OriginRequest): Promise<OriginAnswer> {
  try {
    return await withTimeout(request.timeout, (signal) => exchange(request, signal));
  } catch (error) {
    if (error instanceof OriginError) throw error;
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      throw new OriginError('timeout', sentence(`No whole answer within ${request.timeout / 1000} s.`));
    }
    throw new OriginError(
      'unreachable',
      sentence(`The request failed: ${error instanceof Error ? error.message : typeof error}`),
    );
  }
}

async function exchange({ url, fetch, etag }: OriginRequest, signal: AbortSignal): Promise<OriginAnswer> {
  const headers = new Headers({ accept: 'application/json' });
  if (etag !== null) headers.set('if-none-match', etag);
  // no-store: we are the cache. manual: workerd has no redirect: 'error', and a redirect must not choose our keys.
  const response = await fetch(url, { headers, signal, redirect: 'manual', cache: 'no-store' });
  if (response.status !== 200) await discard(response);
  if (
    response.type === 'opaqueredirect' ||
    (response.status >= 300 && response.status < 400 && response.status !== 304)
  ) {
    throw new OriginError(
      'redirect',
      sentence(
        'The answer is a redirect, which is never followed. Configure the URL that it leads to, if it is yours.',
      ),
    );
  }
  if (response.status !== 200 && !(response.status === 304 && etag !== null)) {
    throw new OriginError(
      'status',
      sentence(
        `The answer has status ${response.status}.${response.status === 500 ? ' Is the signing_key of Pomerium one that it can use?' : ''}`,
      ),
    );
  }
  const answeredEtag = response.headers.get('etag');
  return {
    document: response.status === 200 ? await readBody(response) : undefined,
    etag: isEtag(answeredEtag) ? answeredEtag : null,
    maxAge: readMaxAge(response.headers.get('cache-control')),
    age: readSeconds(response.headers.get('age')) ?? 0,
  };
}

async function discard(response: Response): Promise<void> {
  await response.body?.cancel();
}

/** The body as text, counted while it streams: neither Content-Length nor compression can hide its size. */
async function readBody(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    size += part.value.length;
    if (size > MAX_BODY_BYTES) {
      await reader?.cancel();
      throw new OriginError('too_large', sentence(`The answer has more than ${MAX_BODY_BYTES} bytes.`));
    }
    chunks.push(part.value);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** RFC 9111 section 5.2.2: `no-store` and `no-cache` ask for the shortest time; null where nothing is said. */
function readMaxAge(cacheControl: string | null): number | null {
  const directives = (cacheControl ?? '')
    .toLowerCase()
    .split(',')
    .map((directive) => directive.trim());
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0;
  const maxAge = directives.find((directive) => directive.startsWith('max-age='));
  return readSeconds(maxAge?.slice('max-age='.length).replaceAll('"', ''));
}

function readSeconds(text: string | null | undefined): number | null {
  return text && /^\d{1,9}$/.test(text.trim()) ? Number(text) : null;
}

/** A cache before Pomerium that hands out old documents is no better than an origin that fails. Throws `OriginError`. */
export function requireNotAged(entry: KeyEntry, bounds: FreshnessBounds, now: number): void {
  const freshness = freshnessOf(entry, bounds, now);
  if (freshness === 'fresh' || freshness === 'stale') return;
  throw new OriginError(
    'aged_answer',
    sentence(
      `The answer was ${now - entry.fetchedAt} s old: a cache stands before Pomerium and does not heed max-age.`,
    ),
  );
}

/** What went wrong with an answer. Anything else than these two is a mistake of ours, and not hidden. */
export function toOriginError(error: unknown): OriginError {
  if (error instanceof OriginError) return error;
  if (error instanceof UnusableKeySet) return new OriginError('unusable_document', error.message);
  throw error;
}
