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

/** What a `PomeriumError` has beside its code and its message. */
export interface PomeriumErrorDetails {
  /** What would have been accepted. For the operator only. */
  expected?: string | undefined;
  /** What came instead, escaped and cut. For the operator only: it may hold a claim's value. */
  received?: string | undefined;
  /** Where in a configured document the mistake is, such as `allow.or[2].groups.is`; with `invalid_configuration`. */
  path?: string | undefined;
  /** Seconds after which to try again; with `keys_unavailable`. */
  retryAfter?: number | undefined;
  /** The error that led to this one. */
  cause?: unknown;
}

/**
 * The one error that this package throws on purpose.
 *
 * `message` says what is wrong and what to do about it. It never holds a claim's value, so it may be logged.
 * None of `message`, `expected` and `received` belongs in an HTTP answer: see `problemResponse`.
 *
 * @example
 * ```ts
 * try {
 *   await verifier.verifyRequest(request)
 * } catch (error) {
 *   if (error instanceof PomeriumError) return problemResponse(error, request)
 *   throw error
 * }
 * ```
 */
export class PomeriumError extends Error {
  override readonly name = 'PomeriumError';
  /** Why it was refused. Stable. */
  readonly code: PomeriumErrorCode;
  /** The HTTP status for this code. */
  readonly status: number;
  // Declared without an initializer, so that the constructor alone defines them, and as not enumerable: whoever logs
  // the error as an object must not write a claim's value by accident.
  /** What would have been accepted. For the operator only. */
  declare readonly expected: string | undefined;
  /** What came instead, escaped and cut. For the operator only: it may hold a claim's value. */
  declare readonly received: string | undefined;
  /** Where in a configured document the mistake is; with `invalid_configuration`. */
  declare readonly path: string | undefined;
  /** Seconds after which to try again; with `keys_unavailable`. */
  declare readonly retryAfter: number | undefined;
  /** Whose assertion was refused, as in events. */
  declare readonly subject?: 'assertion' | 'on-behalf-of';

  constructor(code: PomeriumErrorCode, message: string, details: PomeriumErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.status = STATUS[code];
    for (const name of ['expected', 'received', 'path', 'retryAfter'] as const) {
      Object.defineProperty(this, name, { value: details[name], enumerable: false });
    }
  }
}

/** An `invalid_configuration`. `path`: where in a configured document the mistake is. */
export function configurationError(message: string, details?: { path?: string }): PomeriumError {
  return new PomeriumError('invalid_configuration', message, details);
}

/** The same with where the mistake is at the beginning of the message. */
export function mistakeAt(path: string, what: string): PomeriumError {
  return configurationError(path + what, { path });
}

/** A value as the operator may see it: escaped, and cut after 64 characters (the length of Pomerium's key ids). */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return toSafeJson(value.length > 64 ? `${value.slice(0, 64)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return describeType(value);
}

/**
 * A value as JSON that is safe in a log and on a terminal: what JSON leaves as it is and a terminal obeys (C1 control
 * characters, bidirectional and invisible marks, line separators) is escaped, too.
 */
export function toSafeJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\p{C}\u2028\u2029]/gu, (character) =>
    character.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

/** The type of a value, where the value itself must not be seen. */
export function describeType(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
