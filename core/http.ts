import { sentence } from '#sentences';
import { bytesOf } from './base64url.ts';
import { PomeriumError, type PomeriumErrorCode } from './errors.ts';
import type { Identity } from './identity.ts';

/** The header that carries the assertion, sent on routes with `pass_identity_headers: true`. */
export const ASSERTION_HEADER = 'x-pomerium-jwt-assertion';

/** The header that carries the original user's assertion through a chain of services. Pomerium does not verify it. */
export const ASSERTION_FOR_HEADER = 'x-pomerium-jwt-assertion-for';

/** Anything that has headers: `Headers`, Node's `headers` object, API Gateway's, or a list of name-value pairs. */
export type HeadersLike =
  | Headers
  | Iterable<readonly [name: string, value: string]>
  | { readonly [name: string]: string | readonly string[] | undefined };

/** What `verifyRequest` takes: a Fetch `Request`, or what another platform has instead of one. */
export interface RequestLike {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: HeadersLike;
}

/**
 * The assertion in a request, joined with a comma where it came twice: `verify` refuses that as
 * `duplicate_assertion`. The name is matched in any case; no other header is ever looked at.
 */
export function readAssertion(headers: HeadersLike): string | undefined {
  return readHeader(headers, ASSERTION_HEADER);
}

/** A header's value by its lower-case name; repeated ones joined with a comma, as Fetch does. */
export function readHeader(headers: HeadersLike, wanted: string): string | undefined {
  if (headers instanceof Headers) return headers.get(wanted) ?? undefined;
  const values: string[] = [];
  for (const [name, value] of entriesOf(headers)) {
    if (value === undefined || name.toLowerCase() !== wanted) continue;
    // White space around a value is not part of it (RFC 9110 section 5.5); `Headers` leaves it out, too.
    for (const one of typeof value === 'string' ? [value] : value) values.push(one.replace(/^[ \t]+|[ \t]+$/g, ''));
  }
  return values.length > 0 ? values.join(',') : undefined;
}

/**
 * The path of a request's URL as Pomerium's policies see it: without the query, percent-encoding taken off
 * (`authorize/checkrequest/checkrequest.go`). Undefined where the encoding is broken: two readers could differ.
 */
export function readPath(url: string): string | undefined {
  return decodePath((URL.canParse(url) ? new URL(url).pathname : url).replace(/[?#].*$/s, ''));
}

/** Percent-encoding taken off once; undefined where it is broken. */
export function decodePath(path: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(path)) return undefined;
  // Bytes that are not UTF-8 become U+FFFD and stay where they are, so that what stands before them still counts.
  const binary = path
    .replace(/[^\0-\x7f]+/g, encodeURIComponent)
    .replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return new TextDecoder().decode(bytesOf(binary));
}

function entriesOf(
  headers: Exclude<HeadersLike, Headers>,
): Iterable<readonly [string, string | readonly string[] | undefined]> {
  return Symbol.iterator in headers && typeof headers[Symbol.iterator] === 'function'
    ? (headers as Iterable<readonly [string, string]>)
    : Object.entries(headers);
}

/**
 * A copy of the headers without anything that poses as Pomerium's word: every `x-pomerium-…` header, the
 * assertion among them, and those in `also` (the names that `jwt_claims_headers` in Pomerium configures).
 * CGI-like servers read `X_Pomerium_Claim_Email` and `x-pomerium.claim.email` as the same variable
 * (CVE-2025-64484), so all such spellings go.
 */
export function cleanHeaders(headers: Headers, also: readonly string[] = []): Headers {
  const others = new Set(also.map(normalizeName));
  const cleaned = new Headers(headers);
  for (const name of headers.keys()) {
    if (isPomeriumHeader(name) || others.has(normalizeName(name))) cleaned.delete(name);
  }
  return cleaned;
}

/** Whether a header of this name, in any spelling that a server could read so, poses as Pomerium's word. */
export function isPomeriumHeader(name: string): boolean {
  return normalizeName(name).startsWith('x-pomerium-');
}

/**
 * `cleanHeaders`, and back what was verified: the assertion, and that of the user for whom the caller acts. For whoever
 * hands a request on: what it gets can be verified again, and nothing else in it poses as Pomerium's word.
 */
export function verifiedHeaders(
  headers: Headers,
  identity: Identity | undefined,
  also: readonly string[] = [],
): Headers {
  const cleaned = cleanHeaders(headers, also);
  if (identity) cleaned.set(ASSERTION_HEADER, readAssertion(headers) ?? '');
  const original = identity?.onBehalfOf && headers.get(ASSERTION_FOR_HEADER);
  if (original) cleaned.set(ASSERTION_FOR_HEADER, original);
  return cleaned;
}

function normalizeName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

/** The Fetch standard's CORS-preflight request: it never carries credentials, so Pomerium knows nobody either. */
export function isCorsPreflight(method: string, headers: HeadersLike): boolean {
  const has = (name: string) => Boolean(readHeader(headers, name));
  return method === 'OPTIONS' && has('access-control-request-method') && has('origin');
}

/** What a client may know of a refusal: nothing that was expected, nothing that came. */
const DETAILS: Readonly<Record<PomeriumErrorCode, string | undefined>> = {
  missing_assertion: sentence('The request did not come through Pomerium.'),
  duplicate_assertion: sentence('The request carries more than one Pomerium assertion.'),
  malformed_assertion: sentence('The Pomerium assertion is malformed.'),
  unsupported_algorithm: sentence('The Pomerium assertion is signed in a way that is not accepted.'),
  unknown_key: sentence('The Pomerium assertion is signed with an unknown key.'),
  invalid_signature: sentence('The signature of the Pomerium assertion is invalid.'),
  invalid_claims: sentence('The Pomerium assertion lacks claims or has invalid ones.'),
  expired: sentence('The Pomerium assertion has expired.'),
  not_yet_valid: sentence('The Pomerium assertion is not valid yet.'),
  issuer_mismatch: sentence('The Pomerium assertion is from another issuer.'),
  audience_mismatch: sentence('The Pomerium assertion is for another service.'),
  anonymous: sentence('Nobody is signed in.'),
  policy_denied: sentence('Access is denied by policy.'),
  keys_unavailable: sentence('The keys of Pomerium cannot be had at the moment.'),
  invalid_configuration: sentence('The service is not configured to verify requests.'),
};

const TITLES: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/**
 * The answer to a request that was refused: `application/problem+json` (RFC 9457) with the code, never cached,
 * with `WWW-Authenticate` on 401 and `Retry-After` on 503. Whatever is not a `PomeriumError` is a bare 500.
 * A HEAD request gets no body.
 *
 * @example
 * catch (error) { return problemResponse(error, request) }
 */
export function problemResponse(error: unknown, request: { readonly method?: string | undefined } = {}): Response {
  const { code, status, retryAfter } =
    error instanceof PomeriumError ? error : new PomeriumError('invalid_configuration', 'unexpected');
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  // RFC 9110 section 11.6.1 requires a challenge with every 401; there is no registered scheme for this header.
  if (status === 401) headers.set('www-authenticate', `Pomerium error="${code}"`);
  if (status === 503) headers.set('retry-after', String(retryAfter ?? 1));
  const body = { type: 'about:blank', title: TITLES[status], status, code, detail: DETAILS[code] };
  return new Response(request.method === 'HEAD' ? null : JSON.stringify(body), { status, headers });
}
