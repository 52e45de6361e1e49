import { consoleLog, type GateLog, PomeriumError } from '../../core/adapter.ts';
import { isLoggedAsDecision, type LoggerLike, logRefused } from './report.ts';

/**
 * Where a gate tells what happened: the logger, or lines of JSON on the console. Who was let in, and what `isLoggedAsDecision`
 * names, a logger is told by `report`. Powertools drops a field `message`, so that of an event is `detail`.
 */
export function lambdaLog(logger: LoggerLike | undefined): GateLog {
  if (!logger) return consoleLog(console);
  return {
    event(event) {
      if (event.type === 'assertion_verified' || event.type === 'keys_refreshed') return undefined;
      if (event.type === 'assertion_refused') {
        const { id, method, path } = event.request ?? {};
        const isCallers = event.subject === 'assertion';
        const fields = { requestId: id, method, path, ...(!isCallers && { subject: event.subject }) };
        return isLoggedAsDecision(event) ? undefined : logRefused(event, fields, logger);
      }
      const { message, ...details } = event;
      return logger.warn(event.type, { ...details, detail: message });
    },
    failure(error) {
      const isOurs = error instanceof PomeriumError;
      return logger.error('failure', isOurs ? { code: error.code, reason: error.message } : { error });
    },
  };
}
