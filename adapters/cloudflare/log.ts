import { logLine, type PomeriumEvent, unexpectedLine } from '../../core/adapter.ts';

/** Tells the Worker's log what an operator may have to look at. */
export function logEvent(event: PomeriumEvent): void {
  const line = logLine(event);
  if (line !== undefined) console.warn(line);
}

/** A configuration that cannot work, or a mistake of ours. */
export function logUnexpected(error: unknown): void {
  const line = unexpectedLine(error);
  if (line !== undefined) console.error(line);
}
