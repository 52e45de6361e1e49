import { createHash } from 'node:crypto';
import { type Identity, PomeriumError, type PomeriumEvent, type RequestLike, readAssertion } from '../../core/index.ts';

/** The part of `@aws-lambda-powertools/logger` that is used. */
export interface LoggerLike {
  info(message: string, details: Record<string, unknown>): void;
  warn(message: string, details: Record<string, unknown>): void;
  error(message: string, details: Record<string, unknown>): void;
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
  if (event.type === 'keys_refreshed') metrics?.singleMetric().addMetric('KeyRefreshes', 'Count', 1);
  if (event.type === 'keys_refresh_failed') metrics?.singleMetric().addMetric('KeyRefreshFailures', 'Count', 1);
  if (['key_skipped', 'store_failed', 'keys_refresh_failed'].includes(event.type))
    logger?.warn(event.type, { ...event });
}

export interface Decision {
  readonly requestId: string | undefined;
  readonly startedAt: number;
  readonly request: RequestLike;
  /** The identity, or the error with which it was refused. */
  readonly outcome: Identity | PomeriumError;
}

/** One line and one count for each decision; never the token, never a claim's value that is not named in `logClaims`. */
export function report(
  { requestId, startedAt, request, outcome }: Decision,
  { logger, metrics, logClaims = [] }: Reporting,
): void {
  const code = outcome instanceof PomeriumError ? outcome.code : 'allowed';
  if (metrics) {
    const metric = metrics.singleMetric();
    metric.addDimension('code', code);
    metric.addMetric('Decisions', 'Count', 1);
    metrics.singleMetric().addMetric('Latency', 'Milliseconds', performance.now() - startedAt);
  }
  if (!logger) return;
  if (!(outcome instanceof PomeriumError)) {
    const claims = Object.fromEntries(logClaims.map((name) => [name, outcome.claims[name]]));
    const subjectHash = createHash('sha256').update(outcome.subject).digest('hex').slice(0, 16);
    logger.info('allowed', { requestId, code, keyId: keyIdOf(request), subjectHash, ...claims });
    return;
  }
  const { status, message, expected } = outcome;
  // Key trouble is ours to mend, whatever the caller is told.
  logger[status < 500 ? 'warn' : 'error']('refused', { requestId, code, status, reason: message, expected });
}

/** Of an assertion that was verified, so that its header can be read. */
function keyIdOf({ headers }: RequestLike): unknown {
  const [header = ''] = (readAssertion(headers) ?? '').split('.');
  return JSON.parse(Buffer.from(header, 'base64url').toString()).kid;
}
