import { PomeriumError, type PomeriumEvent } from '../../core/index.ts';

/** Tells the Worker's log what an operator may have to look at, as JSON. What came instead may be a claim, and stays out. */
export function logEvent(event: PomeriumEvent): void {
  if (event.type === 'assertion_verified' || event.type === 'keys_refreshed') return;
  console.warn(JSON.stringify({ ...event, received: undefined }));
}

/** A configuration that cannot work, or a mistake of ours: refusals have been told as events. */
export function logUnexpected(error: unknown): void {
  if (error instanceof PomeriumError && error.status !== 500) return;
  console.error(error instanceof PomeriumError ? `pomerium-edge: ${error.code}: ${error.message}` : error);
}
