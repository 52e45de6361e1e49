import { PomeriumError } from '../../errors.ts';
import type { RefreshFailure } from '../../events.ts';
import { describeFetchFailure } from '../../fetch-failure.ts';
import { MAX_BODY_BYTES } from '../limits.ts';
import { TOLERANCE, withTimeout } from '../timeout.ts';
import type { Transport, TransportAnswer } from './transport.ts';

/** The origin gave no answer that can be used. */
export class FetchJwksError extends Error {
  readonly reason: RefreshFailure;

  constructor(reason: RefreshFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What the origin said. `document` is undefined with a 304. Times in seconds. */
export interface JwksResponse {
  /** Seconds since the epoch. */
  readonly askedAt: number;
  readonly document: string | undefined;
  readonly etag: string | null;
  readonly maxAge: number | null;
  readonly age: number;
}

export interface JwksRequest {
  readonly url: string;
  readonly transport: Transport;
  /** Of the document that we hold, if any. */
  readonly etag: string | null;
  /** Seconds, for the whole exchange with its body. */
  readonly timeout: number;
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Whether somebody still wants the answer, should the exchange have been frozen. @defaultValue yes */
  readonly mayRepeat?: () => boolean;
}

/**
 * Asks the origin for its key set. Throws `FetchJwksError`, and nothing else. An exchange that an environment
 * froze (AWS Lambda's, between two events) fails long after its time, or its connection is gone, whatever the origin said: it is
 * repeated.
 */
export async function fetchJwks(request: JwksRequest): Promise<JwksResponse> {
  const { timeout, mayRepeat = () => true } = request;
  for (let rest = timeout; ; ) {
    const startedAt = Date.now();
    const response = await fetchOnce({ ...request, timeout: rest });
    const elapsed = Date.now() - startedAt;
    const isFailure = response instanceof FetchJwksError;
    const wasFrozen = elapsed > rest * 1000 + TOLERANCE;
    const isGone = isFailure && response.reason === 'unreachable' && elapsed > TOLERANCE && rest === timeout;
    if (!(wasFrozen || isGone) || !mayRepeat()) {
      if (isFailure) throw response;
      return response;
    }
    rest = wasFrozen ? timeout : Math.max(TOLERANCE, timeout * 1000 - elapsed) / 1000;
  }
}

async function fetchOnce(request: JwksRequest): Promise<JwksResponse | FetchJwksError> {
  try {
    return await withTimeout(request.timeout * 1000, (signal) => exchange(request, signal));
  } catch (error) {
    return toFetchJwksError(error, request.timeout);
  }
}

function toFetchJwksError(error: unknown, timeout: number): FetchJwksError {
  if (error instanceof FetchJwksError) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new FetchJwksError(
      'timeout',
      `The JWKS could not be fetched: no whole answer within ${timeout} s; check firewalls and routes.`,
    );
  }
  // A fetch of ours tells why in a sentence of its own.
  const why =
    error instanceof PomeriumError ? error.message : `The JWKS could not be fetched: ${describeFetchFailure(error)}.`;
  return new FetchJwksError('unreachable', why);
}

async function exchange({ url, transport, etag, now }: JwksRequest, signal: AbortSignal): Promise<JwksResponse> {
  const askedAt = now();
  const headers = { accept: 'application/json', ...(etag !== null && { 'if-none-match': etag }) };
  const answer = await transport(url, { headers, signal });
  const { status } = answer;
  if (status !== 200) await answer.discard();
  if (status >= 300 && status < 400 && status !== 304) {
    throw new FetchJwksError(
      'redirect',
      'The JWKS URL answers with a redirect, which is never followed; configure the URL that it leads to.',
    );
  }
  if (status !== 200 && !(status === 304 && etag !== null)) {
    const hint = status === 500 ? ' Can Pomerium use its signing_key?' : '';
    throw new FetchJwksError('status', `The JWKS URL answers with status ${status}.${hint}`);
  }
  const responseEtag = answer.header('etag');
  return {
    askedAt,
    document: status === 200 ? await readBody(answer) : undefined,
    etag: isEtag(responseEtag) ? responseEtag : null,
    maxAge: readMaxAge(answer.header('cache-control')),
    age: readAge(answer.header('age')),
  };
}

/** RFC 9110 section 8.8.3; what does not look like one is never sent back. */
function isEtag(value: string | null): value is string {
  return value !== null && value.length <= 256 && /^(W\/)?"[\x21\x23-\x7e]*"$/.test(value);
}

/** The body as text, counted while it streams: neither Content-Length nor compression can hide its size. */
async function readBody(answer: TransportAnswer): Promise<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let text = '';
  let size = 0;
  for (let part = await answer.read(); part; part = await answer.read()) {
    size += part.length;
    if (size > MAX_BODY_BYTES) {
      await answer.discard();
      throw new FetchJwksError('too_large', `The JWKS has more than ${MAX_BODY_BYTES} bytes.`);
    }
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
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

/** Seconds. Of several the greatest counts, and what cannot be read is as old as can be: in doubt an answer is old. */
function readAge(age: string | null): number {
  if (age === null) return 0;
  return Math.max(...age.split(',').map((one) => readSeconds(one) ?? MAX_SECONDS));
}

const MAX_SECONDS = 2 ** 31;

/** Digits only; 2^31 stands for anything greater (RFC 9111 section 1.2.2). */
function readSeconds(text: string | null | undefined): number | null {
  return text && /^\d+$/.test(text.trim()) ? Math.min(Number(text), MAX_SECONDS) : null;
}
