import { PomeriumError, type PomeriumErrorCode, toSafeJson } from '../errors.ts';
import type { PomeriumEvent } from '../events.ts';

/**
 * Whether `received` of a refusal may be logged. It may be a claim's value, but for issuer and audience: host names of
 * routes are no personal data, and a wrong one is the likeliest mistake.
 */
export function mayLogReceived(code: PomeriumErrorCode): boolean {
  return code === 'audience_mismatch' || code === 'issuer_mismatch';
}

/** An event as a line of JSON; undefined for normal events. */
export function logLine(event: PomeriumEvent): string | undefined {
  if (event.type === 'assertion_verified' || event.type === 'keys_refreshed') return undefined;
  if (event.type !== 'assertion_refused') return toSafeJson(event);
  const { received, ...rest } = event;
  return toSafeJson(mayLogReceived(event.code) ? event : rest);
}

/** What was thrown where a request is refused: a configuration that cannot work, or a mistake of ours. Refusals are events. */
export function unexpectedLine(error: unknown): unknown {
  if (!(error instanceof PomeriumError)) return error;
  return error.status === 500 ? `pomerium-edge: ${error.code}: ${error.message}` : undefined;
}
