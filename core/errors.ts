/** Every reason for which a request or a configuration is refused. Stable: part of the public surface. */
export type PomeriumErrorCode = keyof typeof STATUS;

/** The HTTP status that answers each code. 401: not proved; 403: proved, not allowed; 503: cannot tell now. */
const STATUS = {
  missing_assertion: 401,
  duplicate_assertion: 401,
  malformed_assertion: 401,
  unsupported_algorithm: 401,
  unknown_key: 401,
  invalid_signature: 401,
  invalid_claims: 401,
  expired: 401,
  not_yet_valid: 401,
  issuer_mismatch: 401,
  audience_mismatch: 401,
  anonymous: 401,
  policy_denied: 403,
  keys_unavailable: 503,
  invalid_configuration: 500,
} as const;

export interface PomeriumErrorDetails {
  /** What would have been accepted. For the operator only. */
  expected?: string;
  /** What came instead, escaped and cut. For the operator only: it may hold a claim's value. */
  received?: string;
  /** Seconds after which asking again makes sense; with `keys_unavailable`. */
  retryAfter?: number;
  cause?: unknown;
}

/**
 * The one error that this package throws on purpose.
 *
 * `message` says what is wrong and what to do about it and never holds a claim's value, so it may be logged.
 * `expected` and `received` say it precisely; they are not enumerable, so that logging the error as an object
 * does not write them down by accident. None of the three belongs in an HTTP answer: see `problemResponse`.
 *
 * @example
 * try { await verifier.verifyRequest(request) }
 * catch (error) { if (error instanceof PomeriumError) return problemResponse(error, request) }
 */
export class PomeriumError extends Error {
  override readonly name = 'PomeriumError';
  readonly code: PomeriumErrorCode;
  /** The HTTP status for this code. */
  readonly status: number;
  declare readonly expected?: string;
  declare readonly received?: string;
  declare readonly retryAfter?: number;

  constructor(code: PomeriumErrorCode, message: string | undefined, details: PomeriumErrorDetails = {}) {
    super(message ?? code, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.status = STATUS[code];
    for (const name of ['expected', 'received', 'retryAfter'] as const) {
      Object.defineProperty(this, name, { value: details[name], enumerable: false });
    }
  }
}

/** An `invalid_configuration`: thrown when something is built. `about`: where to look, told where sentences are dropped. */
export function configurationError(about: string, message?: string | undefined): PomeriumError {
  return new PomeriumError('invalid_configuration', message ?? about);
}

/**
 * A value as the operator may see it: escaped, and cut after 64 characters (the length of Pomerium's key ids).
 * @__NO_SIDE_EFFECTS__
 */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return kindOf(value);
}

/**
 * What kind of value it is, where the value itself is nobody's business.
 * @__NO_SIDE_EFFECTS__
 */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
