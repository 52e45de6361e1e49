import { configurationError, describeValue } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { isPlainObject } from '../json.ts';
import { HEADERS_TAKE_TEXT } from '../runtime.ts';
import { isHeaderName } from './headers.ts';

/** Names the claim headers that are not complete. Not one of Pomerium's. */
export const TRUNCATED_HEADER = 'x-pomerium-edge-truncated';

const MAX_BYTES = 8192;
const ALWAYS = ['user', 'email', 'name', 'groups'];

/** Which claims become headers: what `jwt_claims_headers` takes in Pomerium, a list of claims or header names with claims. */
export type ClaimHeaderNames = readonly string[] | Readonly<Record<string, string>>;

/** Header name and claim, in the order of writing: Pomerium's usual four, then those asked for. */
export type ClaimHeaders = ReadonlyMap<string, string>;

/**
 * The headers to write for these names: what `setClaimHeaders` takes. `option`: what the error names.
 * @throws {PomeriumError} `invalid_configuration` for what is no header name, and for a claim named as its header is
 */
export function readClaimHeaders(names: ClaimHeaderNames = [], option = 'claimHeaders'): ClaimHeaders {
  if (!Array.isArray(names) && !isPlainObject(names)) throw claimHeadersError(option);
  const more = Array.isArray(names) ? names.map(withHeaderName) : Object.entries(names);
  const headers = new Map<string, string>();
  for (const [name, claim] of [...ALWAYS.map(withHeaderName), ...more]) {
    if (typeof claim !== 'string' || claim === '') throw claimHeadersError(option, claim, 'claim');
    // A claim that nobody has would be an empty header.
    if (/^x-pomerium-claim-/i.test(claim)) throw claimHeadersError(option, claim, "claim but a header's name");
    if (!isHeaderName(name)) throw claimHeadersError(option, name, "header's name");
    headers.set(name.toLowerCase(), claim);
  }
  return headers;
}

/** `option`: the option, or the variable that says the same. `entry`: what of it is no `kind`. */
export function claimHeadersError(option: string, entry?: unknown, kind?: string): Error {
  const example =
    option === 'claimHeaders'
      ? "claimHeaders: ['department'] or { 'x-dept': 'department' }"
      : `${option}=department,x-dept=department`;
  const reason = kind ? ` ${describeValue(entry)} is no ${kind}.` : '';
  return configurationError(
    `${option} must be a list of claims, or header names with claims; write ${example}.${reason}`,
  );
}

/** `PomeriumJWTHeaderName` in `internal/httputil/headers.go`. */
function withHeaderName(claim: string): [name: string, claim: string] {
  return [`x-pomerium-claim-${claim}`, claim];
}

/** Writes `claimHeaders` into these headers, UTF-8 as raw bytes, as Pomerium does. */
export function setClaimHeaders(headers: Headers, identity: Identity, names: ClaimHeaders): void {
  for (const [name, text] of claimHeaders(identity, names)) headers.set(name, toHeaderValue(text));
}

/**
 * Text as a Fetch `Headers` takes it: on most runtimes a byte string, one character a byte. workerd takes text, and logs a warning
 * with the value of each header that is not ASCII (docs/cloudflare.md).
 */
export function toHeaderValue(text: string): string {
  return HEADERS_TAKE_TEXT ? text : Array.from(encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** What a header cannot hold, or loses (RFC 9110 section 5.5): without it the claim would be another one. */
const UNWRITABLE = /\p{Cc}|^ | $/u;

/**
 * Claims as Pomerium writes them (`fillJWTClaimHeaders`): an absent one is empty, several values are joined with a comma. All
 * of them take at most 8 KiB: groups that do not fit are left out from the end, any other value as a whole, and so is a claim
 * with something unwritable. `x-pomerium-edge-truncated` names the headers that are not complete.
 */
export function claimHeaders(identity: Identity, names: ClaimHeaders): [name: string, text: string][] {
  // Each name is written, whatever its claim says.
  let left = [...names.keys()].reduce((size, name) => size - name.length, MAX_BYTES);
  const truncated: string[] = [];
  // Groups are what grows, so the others come first.
  const entries = [...names];
  const others = entries.filter(([, claim]) => claim !== 'groups');
  const groups = entries.filter(([, claim]) => claim === 'groups');
  const written = [...others, ...groups].map(([name, claim]): [string, string] => {
    const whole = claimValues(identity, claim).map(toText);
    const kept = fitting(whole, left).join(',');
    const text = UNWRITABLE.test(kept) ? '' : kept;
    if (text !== whole.join(',')) truncated.push(name);
    left -= encode(text).length;
    return [name, text];
  });
  return truncated.length > 0 ? [...written, [TRUNCATED_HEADER, truncated.join(',')]] : written;
}

/** The values that Pomerium would join. What the identity knows better than the claims (an old assertion's user) counts. */
function claimValues(identity: Identity, claim: string): readonly unknown[] {
  const value = claim === 'user' ? identity.user : Object.hasOwn(identity.claims, claim) ? identity.claims[claim] : '';
  return Array.isArray(value) ? value : [value];
}

function toText(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function fitting(values: readonly string[], limit: number): readonly string[] {
  let size = 0;
  const end = values.findIndex((value) => {
    size += encode(value).length + 1;
    return size > limit + 1;
  });
  return end < 0 ? values : values.slice(0, end);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
