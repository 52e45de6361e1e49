import { decodeByteString } from '../byte-string.ts';
import { configurationError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { HEADERS_TAKE_TEXT } from '../runtime.ts';

/** Names the claim headers that were cut to fit. Not one of Pomerium's. */
export const TRUNCATED_HEADER = 'x-pomerium-edge-truncated';

const MAX_BYTES = 8192;
const ALWAYS = ['user', 'email', 'name', 'groups'];

/** Which claims become headers: what `jwt_claims_headers` takes in Pomerium, a list of claims or header names with claims. */
export type ClaimHeaderNames = readonly string[] | Readonly<Record<string, string>>;

/** Header name and claim, in the order of writing: Pomerium's usual four, then those asked for. */
export type ClaimHeaders = ReadonlyMap<string, string>;

/**
 * The headers to write for these names: what `setClaimHeaders` takes.
 * @throws {PomeriumError} `invalid_configuration` for what is no header name
 */
export function readClaimHeaders(names: ClaimHeaderNames = []): ClaimHeaders {
  const usual = ALWAYS.map((claim): [string, string] => [headerName(claim), claim]);
  const more = Array.isArray(names)
    ? names.map((claim): [string, string] => [headerName(claim), claim])
    : Object.entries(names);
  const headers = new Map<string, string>();
  for (const [name, claim] of [...usual, ...more]) {
    // RFC 9110 section 5.6.2: a token.
    if (typeof claim !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw configurationError(
        "claimHeaders must be a list of claims, or header names with claims; write claimHeaders: ['department'] or { 'x-department': 'department' }.",
      );
    }
    headers.set(name.toLowerCase(), claim);
  }
  return headers;
}

/** `PomeriumJWTHeaderName` in `internal/httputil/headers.go`. */
function headerName(claim: string): string {
  return `x-pomerium-claim-${claim}`;
}

/**
 * Writes claims as Pomerium does (`fillJWTClaimHeaders`): an absent one is empty, several values are joined with a comma,
 * text goes as UTF-8; control characters never. All of them take at most 8 KiB: groups that do not fit are left out from
 * the end, any other value as a whole, and `x-pomerium-edge-truncated` names the headers that are not complete.
 */
export function setClaimHeaders(headers: Headers, identity: Identity, names: ClaimHeaders): void {
  let left = MAX_BYTES;
  const truncated: string[] = [];
  // Groups are what grows, so the others come first.
  const groupsLast = [...names].sort(([, one], [, other]) => Number(one === 'groups') - Number(other === 'groups'));
  for (const [name, claim] of groupsLast) {
    const whole = claimValues(identity, claim).map(toHeaderText);
    const kept = fitting(whole, left - name.length);
    if (kept.length < whole.length) truncated.push(name);
    const value = kept.join(',');
    left -= name.length + value.length;
    headers.set(name, HEADERS_TAKE_TEXT ? decodeByteString(value) : value);
  }
  if (truncated.length > 0) headers.set(TRUNCATED_HEADER, truncated.join(','));
}

/** The values that Pomerium would join. What the identity knows better than the claims (an old assertion's user) counts. */
function claimValues(identity: Identity, claim: string): readonly unknown[] {
  const value = claim === 'user' ? identity.user : Object.hasOwn(identity.claims, claim) ? identity.claims[claim] : '';
  return Array.isArray(value) ? value : [value];
}

/** As a byte string: UTF-8, one character a byte. */
function toHeaderText(value: unknown): string {
  const text = value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be written
  const bytes = new TextEncoder().encode(text.replace(/[\0-\x1f\x7f]/g, ''));
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

function fitting(values: readonly string[], limit: number): readonly string[] {
  let size = 0;
  const end = values.findIndex((value) => {
    size += value.length + 1;
    return size > limit + 1;
  });
  return end < 0 ? values : values.slice(0, end);
}
