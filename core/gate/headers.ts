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

/** What the headers name as the host: `Host`, and `:authority`, which HTTP/2 has in its place or beside it (RFC 9113 section 8.3.1). */
export function readHosts(headers: HeadersLike): string | undefined {
  const host = readHeader(headers, 'host');
  // `Headers` has no such name, and throws.
  const authority = isFetchHeaders(headers) ? undefined : readHeader(headers, ':authority');
  if (host === undefined || authority === undefined || host === authority) return host ?? authority;
  return `${host},${authority}`;
}

/** Whether there is a bearer token in `Authorization` (RFC 6750 section 2.1). */
export function hasBearer(headers: HeadersLike): boolean {
  return /^bearer\s/i.test(readHeader(headers, 'authorization') ?? '');
}

/** A header's value by its lower-case name; repeated ones joined with a comma, as Fetch does. */
export function readHeader(headers: HeadersLike, wanted: string): string | undefined {
  if (isFetchHeaders(headers)) return headers.get(wanted) ?? undefined;
  const values: string[] = [];
  for (const [name, value] of entriesOf(headers)) {
    if (value === undefined || name.toLowerCase() !== wanted) continue;
    for (const one of [value].flat()) values.push(trimValue(String(one)));
  }
  return values.length > 0 ? values.join(',') : undefined;
}

/**
 * By its tag, as the platform's own `Headers` of every realm have it. Naming the global would make Node.js load all of its
 * `fetch` for a plain object's sake, which takes longer than a verification's whole cold start.
 */
function isFetchHeaders(headers: HeadersLike): headers is Headers {
  return Symbol.toStringTag in headers && headers[Symbol.toStringTag] === 'Headers';
}

function entriesOf(
  headers: Exclude<HeadersLike, Headers>,
): Iterable<readonly [string, string | readonly string[] | undefined]> {
  return Symbol.iterator in headers ? (headers as Iterable<readonly [string, string]>) : Object.entries(headers);
}

/**
 * White space around a value is not part of it (RFC 9110 section 5.5); `Headers` leaves it out, too. Two loops: a regular
 * expression for the end of a value takes quadratic time, and anybody may send 96 KiB of spaces.
 */
export function trimValue(value: string): string {
  const isSpace = (i: number) => value[i] === ' ' || value[i] === '\t';
  let start = 0;
  let end = value.length;
  while (isSpace(start)) start += 1;
  while (isSpace(end - 1)) end -= 1;
  return value.slice(start, end);
}

/**
 * A copy of the headers without unverified Pomerium headers: every `x-pomerium-…` header, the
 * assertion among them, and those in `also` (the names that `jwt_claims_headers` in Pomerium configures).
 * CGI-like servers read `X_Pomerium_Claim_Email` and `x-pomerium.claim.email` as the same variable
 * (CVE-2025-64484), so all such spellings go.
 */
export function cleanHeaders(headers: Headers, also: readonly string[] = []): Headers {
  const others = new Set(also.map(normalizeName));
  const cleaned = new Headers(headers);
  for (const name of headers.keys()) {
    const spelling = normalizeName(name);
    if (isPomeriumSpelling(spelling) || others.has(spelling)) cleaned.delete(name);
  }
  return cleaned;
}

/** Whether a server could take a header of this name, in whatever spelling, for one of Pomerium's. */
export function isPomeriumHeader(name: string): boolean {
  return isPomeriumSpelling(normalizeName(name));
}

/** The same of a name as `normalizeName` gives it. */
export function isPomeriumSpelling(spelling: string): boolean {
  return spelling.startsWith('x-pomerium-');
}

/** Whether it may be a header's name: a token (RFC 9110 section 5.6.2). */
export function isHeaderName(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name);
}

/** The spelling that CGI-like servers make of a header's name. */
export function normalizeName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9-]/g, '-');
}

/** The Fetch standard's CORS-preflight request: it never carries credentials, so Pomerium knows nobody either. */
export function isCorsPreflight(method: string | undefined, headers: HeadersLike): boolean {
  const has = (name: string) => Boolean(readHeader(headers, name));
  return method === 'OPTIONS' && has('access-control-request-method') && has('origin');
}
