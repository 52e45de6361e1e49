import { PomeriumError } from './errors.ts';
import type { PomeriumEvent } from './events.ts';

/**
 * What an operator may have to look at, as a line of JSON; undefined for what goes as it should. What came instead of
 * what was expected may be a claim's value, and stays out.
 */
export function logLine(event: PomeriumEvent): string | undefined {
  if (event.type === 'assertion_verified' || event.type === 'keys_refreshed') return undefined;
  return JSON.stringify({ ...event, received: undefined });
}

/** What was thrown where a request is refused: a configuration that cannot work, or a mistake of ours. Refusals are events. */
export function unexpectedLine(error: unknown): unknown {
  if (!(error instanceof PomeriumError)) return error;
  return error.status === 500 ? `pomerium-edge: ${error.code}: ${error.message}` : undefined;
}
