import type { Identity } from '../identity.ts';
import { type ClaimHeaders, claimHeaders, toHeaderValue } from './claim-headers.ts';
import {
  ASSERTION_FOR_HEADER,
  ASSERTION_HEADER,
  type HeadersLike,
  isPomeriumHeader,
  normalizeName,
  readHeader,
} from './headers.ts';

/** What becomes of a request's headers behind the gate. Names in any case. */
export interface ForwardedHeaders {
  /** Whether the header goes on as it came. */
  keeps(name: string, value: string): boolean;
  /** Headers to set, as text. */
  readonly added: readonly (readonly [name: string, text: string])[];
}

export interface ForwardSettings {
  /** More names to remove. */
  readonly removeHeaders: readonly string[];
  /** Claims to write; undefined: none. */
  readonly claimHeaders: ClaimHeaders | undefined;
  readonly keepAssertion: boolean;
  /** Whether a rule or a policy depends on the path. */
  readonly needsPath: boolean;
}

/** With these a server takes another path for the one that was asked for. */
const PATH_OVERRIDES = ['x-original-url', 'x-rewrite-url', 'x-forwarded-prefix'];

/**
 * Behind the gate no unverified Pomerium header is left, no copy of a claim, no session of Pomerium's (`Authorization:
 * Pomerium …`, `Bearer Pomerium-…`), and where the path decides, no header that overrides it.
 */
export function forwardedHeaders(
  headers: HeadersLike,
  identity: Identity | undefined,
  settings: ForwardSettings,
): ForwardedHeaders {
  const { keepAssertion, needsPath } = settings;
  const written = settings.claimHeaders;
  const assertions = [ASSERTION_HEADER, ASSERTION_FOR_HEADER].map((name) => readHeader(headers, name));
  const verified = new Set<string>();
  if (identity && keepAssertion) verified.add(ASSERTION_HEADER);
  if (identity?.onBehalfOf && keepAssertion) verified.add(ASSERTION_FOR_HEADER);
  const removed = new Set(
    [...settings.removeHeaders, ...(written?.keys() ?? []), ...(needsPath ? PATH_OVERRIDES : [])].map(normalizeName),
  );
  const isSession = (value: string) => /^\s*(pomerium\s|bearer\s+pomerium-)/i.test(value);
  const isAssertion = (value: string) => assertions.includes(value.replace(/^\s*bearer\s+/i, '').trim());
  const isOurs = (value: string) => isSession(value) || (!keepAssertion && isAssertion(value));
  return {
    keeps(name, value) {
      const lower = name.toLowerCase();
      if (removed.has(normalizeName(lower))) return false;
      // Two such headers are joined with a comma.
      if (lower === 'authorization') return !value.split(',').some(isOurs);
      return verified.has(lower) || !isPomeriumHeader(lower);
    },
    added: identity && written ? claimHeaders(identity, written) : [],
  };
}

/** A copy of the headers as they go on. */
export function forward(headers: Headers, { keeps, added }: ForwardedHeaders): Headers {
  const forwarded = new Headers(headers);
  for (const [name, value] of headers) if (!keeps(name, value)) forwarded.delete(name);
  for (const [name, text] of added) forwarded.set(name, toHeaderValue(text));
  return forwarded;
}
