import { consoleLog, type GateLog, PomeriumError, type PomeriumEvent } from '../../core/adapter.ts';
import { isLoggedAsDecision, type LoggerLike, logRefused } from './report.ts';

export interface LambdaLog extends GateLog {
  failure(error: unknown, requestId?: string): unknown;
}

/**
 * Where a gate tells what happened: the logger, or lines of JSON on the console. Who was let in, and what `isLoggedAsDecision`
 * names, a logger is told by `report`. Powertools drops a field `message`, so that of an event is `detail`.
 */
export function lambdaLog(logger: LoggerLike | undefined): LambdaLog {
  if (!logger) return consoleLog(console);
  return {
    event(event) {
      if (event.type === 'assertion_verified' || event.type === 'keys_refreshed') return undefined;
      if (event.type === 'assertion_refused') {
        const { user, subject, request: { id, method, path } = {} } = event;
        const fields = {
          requestId: id,
          method,
          path,
          ...(subject !== 'assertion' && { subject }),
          ...(user && { user }),
        };
        return isLoggedAsDecision(event) ? undefined : logRefused(event, fields, logger);
      }
      const { message, ...details } = event;
      return logger.warn(event.type, { ...details, detail: message });
    },
    failure(error, requestId) {
      const isOurs = error instanceof PomeriumError;
      const what = isOurs ? { code: error.code, reason: error.message } : { error };
      return logger.error('failure', { ...(requestId && { requestId }), ...what });
    },
  };
}

/** More different lines than a key set and its stores can make in that time. */
const MAX_REMEMBERED = 100;

/** The same log, where what is wrong with keys or stores is one line in so many milliseconds, however often it is met. */
export function withoutRepeats<Log extends GateLog>(log: Log, repeatAfter: number): Log {
  const loggedAt = new Map<string, number>();
  return {
    ...log,
    event(event) {
      const content = contentOf(event);
      if (content === undefined) return log.event(event);
      const at = loggedAt.get(content);
      if (at !== undefined && Math.abs(Date.now() - at) < repeatAfter) return undefined;
      if (loggedAt.size >= MAX_REMEMBERED) loggedAt.clear();
      loggedAt.set(content, Date.now());
      return log.event(event);
    },
  };
}

/** What an event about keys says, but for how long to wait; undefined for those about assertions. */
function contentOf(event: PomeriumEvent): string | undefined {
  if (event.type === 'keys_refresh_failed') return JSON.stringify({ ...event, retryAfter: undefined });
  return event.type === 'store_failed' || event.type === 'key_skipped' ? JSON.stringify(event) : undefined;
}
