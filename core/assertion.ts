import { decodeText, isBase64url } from './base64url.ts';
import { describeValue, PomeriumError } from './errors.ts';
import { hasBearer, type RequestLike } from './gate/headers.ts';
import { parseObject } from './json.ts';

/** The most characters an assertion may have: 64 KiB holds about 700 groups with their names. */
const MAX_ASSERTION_LENGTH = 65_536;

/** What the JOSE header claims: an algorithm and a key. Neither is trusted, only looked up. */
export interface AssertionHeader {
  readonly algorithm: string;
  /** Undefined when there is none; Pomerium v0.10 wrote `""` for that. */
  readonly keyId: string | undefined;
}

/** A compact JWS taken apart (RFC 7515 section 7.1). Nothing in it is verified yet, and the payload is not decoded. */
export interface Assertion {
  readonly header: AssertionHeader;
  readonly headerSegment: string;
  readonly payloadSegment: string;
  readonly signatureSegment: string;
  /** What the signature is over: the first two segments with their dot. */
  readonly signingInput: string;
}

/** The header of every token of a key is the same text, so its decoding is remembered. */
export type HeaderMemo = Map<string, AssertionHeader>;

const MAX_REMEMBERED_HEADERS = 16;
const MAX_REMEMBERED_HEADER_LENGTH = 1024;

/** Called once a signature is verified, so that nobody without a key can fill the memo. */
export function rememberHeader(headers: HeaderMemo, assertion: Assertion): void {
  const { headerSegment, header } = assertion;
  if (headers.has(headerSegment) || headerSegment.length > MAX_REMEMBERED_HEADER_LENGTH) return;
  if (headers.size >= MAX_REMEMBERED_HEADERS) headers.clear();
  headers.set(headerSegment, header);
}

const MISSING =
  'The request carries no assertion: it did not come through Pomerium, its route lacks pass_identity_headers: true or removes the header, or Pomerium could not sign (see its log).';

/** The likeliest mistake where it is there: a route that sets `Authorization`. */
const BEARER = 'There is a bearer token in Authorization, which is not looked at.';

/**
 * That there is exactly one assertion, of a size worth looking at.
 * Fetch joins repeated headers with a comma, which no compact JWS holds (RFC 9110 section 5.3).
 */
export function requireOne(assertion: unknown, request?: RequestLike): string {
  if (assertion === undefined || assertion === null || assertion === '') {
    const isBearer = request && hasBearer(request.headers);
    throw new PomeriumError('missing_assertion', isBearer ? `${MISSING} ${BEARER}` : MISSING);
  }
  if (typeof assertion !== 'string') throw malformed('is not a string', describeValue(assertion));
  if (assertion.includes(',')) {
    throw new PomeriumError(
      'duplicate_assertion',
      'The request carries more than one assertion: one came around Pomerium, or set_request_headers of its route has it.',
    );
  }
  if (assertion.length > MAX_ASSERTION_LENGTH) {
    throw malformed(
      `is longer than ${MAX_ASSERTION_LENGTH} characters; send fewer groups`,
      `${assertion.length} characters`,
    );
  }
  return assertion;
}

/** Takes the assertion apart. Everything that it refuses is `malformed_assertion`. */
export function parseAssertion(assertion: string, headers: HeaderMemo): Assertion {
  const first = assertion.indexOf('.');
  const second = assertion.indexOf('.', first + 1);
  if (first < 1 || second <= first + 1 || assertion.includes('.', second + 1)) {
    throw malformed('is not three segments with two dots between them');
  }
  const headerSegment = assertion.slice(0, first);
  const payloadSegment = assertion.slice(first + 1, second);
  const signatureSegment = assertion.slice(second + 1);
  const header = headers.get(headerSegment) ?? parseHeader(headerSegment);
  if (!isBase64url(payloadSegment)) throw malformed('has a payload that is not base64url');
  if (!isBase64url(signatureSegment)) throw malformed('has a signature that is not base64url');
  return {
    header,
    headerSegment,
    payloadSegment,
    signatureSegment,
    signingInput: assertion.slice(0, second),
  };
}

function parseHeader(segment: string): AssertionHeader {
  if (!isBase64url(segment)) throw malformed('has a header that is not base64url');
  const header = parseObject(decodeHeaderText(segment));
  if (!header) throw malformed('has a header that is not a JSON object');
  // RFC 7515 section 4.1.11: what is critical and not understood must be refused. Here nothing is understood, and
  // b64 (RFC 7797) would change what is signed, with or without being listed.
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) {
    throw malformed('has a header with crit or b64, which Pomerium never writes');
  }
  const { alg, kid } = header;
  if (typeof alg !== 'string') throw malformed('has a header without an alg', describeValue(alg));
  if (kid !== undefined && typeof kid !== 'string') {
    throw malformed('has a header whose kid is not a string', describeValue(kid));
  }
  return { algorithm: alg, keyId: kid || undefined };
}

function decodeHeaderText(segment: string): string {
  try {
    return decodeText(segment);
  } catch {
    throw malformed('has a header that is not UTF-8');
  }
}

function malformed(what: string, received?: string): PomeriumError {
  return new PomeriumError('malformed_assertion', `The assertion ${what}.`, {
    expected: 'header.payload.signature, each base64url without padding',
    received,
  });
}
