import { createHash } from 'node:crypto';
import {
  callSafely,
  type Identity,
  mayLogReceived,
  PomeriumError,
  type PomeriumEvent,
  type RequestLike,
  readAssertion,
} from '../../core/adapter.ts';

/** The part of `@aws-lambda-powertools/logger` that is used. */
export interface LoggerLike {
  info(message: string, details: Record<string, unknown>): unknown;
  warn(message: string, details: Record<string, unknown>): unknown;
  error(message: string, details: Record<string, unknown>): unknown;
}

/** The part of `@aws-lambda-powertools/metrics` that is used. */
export interface MetricsLike {
  singleMetric(): MetricsLike;
  addDimension(name: string, value: string): unknown;
  addMetric(name: string, unit: 'Count' | 'Milliseconds', value: number): unknown;
}

export interface Reporting {
  readonly logger?: LoggerLike | undefined;
  readonly metrics?: MetricsLike | undefined;
  readonly logClaims?: readonly string[] | undefined;
}

/** What happened to the keys, as it happens. Decisions are reported with their request, by `report`. */
export function logEvent(event: PomeriumEvent, { logger, metrics }: Reporting): void {
  const count = (name: string) => callSafely(() => metrics?.singleMetric().addMetric(name, 'Count', 1));
  if (event.type === 'keys_refreshed') count('KeyRefreshes');
  if (event.type === 'keys_refresh_failed') count('KeyRefreshFailures');
  if (['key_skipped', 'store_failed', 'keys_refresh_failed'].includes(event.type)) {
    callSafely(() => logger?.warn(event.type, { ...event }));
  }
}

export interface Decision {
  readonly requestId: string | undefined;
  readonly startedAt: number;
  readonly request: RequestLike;
  /** The identity, or the error with which it was refused. */
  readonly outcome: Identity | PomeriumError;
}

/**
 * One line and one count for each decision; never the token, never a claim's value that is not named in `logClaims`.
 * A logger or metrics that fail change no decision.
 */
export function report(decision: Decision, { logger, metrics, logClaims = [] }: Reporting): void {
  if (metrics) {
    callSafely(() => countDecision(decision, metrics));
    callSafely(() => {
      const milliseconds = performance.now() - decision.startedAt;
      return metrics.singleMetric().addMetric('Latency', 'Milliseconds', milliseconds);
    });
  }
  if (logger) callSafely(() => logDecision(decision, logger, logClaims));
}

function countDecision({ outcome }: Decision, metrics: MetricsLike): unknown {
  const metric = metrics.singleMetric();
  callSafely(() => metric.addDimension('code', codeOf(outcome)));
  return metric.addMetric('Decisions', 'Count', 1);
}

function logDecision(
  { requestId, request, outcome }: Decision,
  logger: LoggerLike,
  logClaims: readonly string[],
): unknown {
  if (!(outcome instanceof PomeriumError)) {
    const claims = Object.fromEntries(logClaims.map((name) => [name, outcome.claims[name]]));
    const subjectHash = createHash('sha256').update(outcome.subject).digest('hex').slice(0, 16);
    return logger.info('allowed', {
      requestId,
      code: codeOf(outcome),
      keyId: keyIdOf(request),
      subjectHash,
      ...claims,
    });
  }
  const { code, status, message, expected, received } = outcome;
  // Missing keys are the operator's to fix, whatever the caller is told.
  const level = status < 500 ? 'warn' : 'error';
  const details = { requestId, code, status, reason: message, expected };
  return logger[level]('refused', mayLogReceived(code) ? { ...details, received } : details);
}

function codeOf(outcome: Decision['outcome']): string {
  return outcome instanceof PomeriumError ? outcome.code : 'allowed';
}

/** Of an assertion that was verified, so that its header can be read. */
function keyIdOf({ headers }: RequestLike): unknown {
  const [header = ''] = (readAssertion(headers) ?? '').split('.');
  return JSON.parse(Buffer.from(header, 'base64url').toString()).kid;
}
