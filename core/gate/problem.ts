import { PomeriumError, type PomeriumErrorCode } from '../errors.ts';

/** What a client may know of a refusal: nothing that was expected, nothing that came. */
const DETAILS: Readonly<Record<PomeriumErrorCode, string>> = {
  missing_assertion: 'The request carries no Pomerium assertion.',
  duplicate_assertion: 'The request carries more than one Pomerium assertion.',
  malformed_assertion: 'The Pomerium assertion is malformed.',
  unsupported_algorithm: 'The Pomerium assertion is signed in a way that is not accepted.',
  unknown_key: 'The Pomerium assertion is signed with an unknown key.',
  invalid_signature: 'The signature of the Pomerium assertion is invalid.',
  invalid_claims: 'The Pomerium assertion lacks claims or has invalid ones.',
  expired: 'The Pomerium assertion has expired.',
  not_yet_valid: 'The Pomerium assertion is not valid yet.',
  issuer_mismatch: 'The Pomerium assertion is from another issuer.',
  audience_mismatch: 'The Pomerium assertion is for another service.',
  anonymous: 'Nobody is signed in.',
  policy_denied: 'Access is denied by policy.',
  keys_unavailable: 'The keys of Pomerium are not available at the moment.',
  invalid_configuration: 'The service is not configured to verify requests.',
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
 * ```ts
 * try {
 *   await verifier.verifyRequest(request)
 * } catch (error) {
 *   return problemResponse(error, request)
 * }
 * ```
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
