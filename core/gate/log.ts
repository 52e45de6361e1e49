import { PomeriumError, type PomeriumErrorCode, toSafeJson } from '../errors.ts';
import type { PomeriumEvent } from '../events.ts';
import { type RequestLike, readHeader } from './headers.ts';

/** Where a gate tells the operator what happened. */
export interface GateLog {
  event(event: PomeriumEvent): unknown;
  /** A configuration that cannot work, or a mistake of ours or of the user's own code. */
  failure(error: unknown): unknown;
}

/** The log that every adapter has by default: lines of JSON on the console. */
export function consoleLog(console: Record<'info' | 'warn' | 'error', (line: unknown) => void>): GateLog {
  return {
    event(event) {
      const line = logLine(event);
      if (line !== undefined) console[event.type === 'assertion_verified' ? 'info' : 'warn'](line);
    },
    failure(error) {
      const isOurs = error instanceof PomeriumError;
      console.error(isOurs ? toSafeJson({ type: error.code, message: error.message }) : error);
    },
  };
}

/** A path as log and events have it: a client may make one as long as the platform lets it. */
export function loggedPath(path: string | null): string | null {
  return path?.slice(0, 512) ?? null;
}

/**
 * By what log, events and the page of a refusal name a request: the platform's own id, in its header where it has one, or
 * `X-Request-Id`. A client may make that as long as the platform lets it.
 */
export function requestIdOf({ requestId, headers }: NamedRequest, header = 'x-request-id'): string | undefined {
  const id = requestId ?? readHeader(headers, header) ?? readHeader(headers, 'x-request-id');
  return id?.slice(0, 64) || undefined;
}

/** `requestId`: the platform's own, where it stands in no header. */
export interface NamedRequest extends Pick<RequestLike, 'headers'> {
  readonly requestId?: string | undefined;
}

/**
 * Whether `received` of a refusal may be logged. It may be a claim's value, but for issuer and audience: host names of
 * routes are no personal data, and a wrong one is the likeliest mistake.
 */
export function mayLogReceived(code: PomeriumErrorCode): boolean {
  return code === 'audience_mismatch' || code === 'issuer_mismatch';
}

/** An event as a line of JSON; undefined for normal events, and for a wrong configuration, which is logged as a failure. */
export function logLine(event: PomeriumEvent): string | undefined {
  if (event.type === 'keys_refreshed') return undefined;
  if (event.type === 'assertion_verified') return event.user === undefined ? undefined : toSafeJson(event);
  if (event.type !== 'assertion_refused') return toSafeJson(event);
  if (event.code === 'invalid_configuration') return undefined;
  const { received, ...rest } = event;
  return toSafeJson(mayLogReceived(event.code) ? event : rest);
}
