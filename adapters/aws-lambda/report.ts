import {
  type AssertionRefused,
  callSafely,
  type GateRequest,
  type GateResult,
  type Identity,
  loggedPath,
  mayLogReceived,
  type PomeriumError,
  type PomeriumEvent,
  readAssertion,
  readPath,
} from '../../core/adapter.ts';
import { requireMethods } from './require-methods.ts';

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

/** @throws {PomeriumError} `invalid_configuration` */
export function requireReporters({ logger, metrics }: { logger: unknown; metrics: unknown }): void {
  requireMethods('logger', logger, ['info', 'warn', 'error']);
  requireMethods('metrics', metrics, ['singleMetric']);
}

/** A request of which a decision is reported. */
export interface ReportedRequest extends GateRequest {
  readonly url: string;
  /** API Gateway's, else Lambda's. */
  readonly requestId: string | undefined;
}

export interface Decision {
  /** By `process.hrtime`: to load `performance` takes Node.js a millisecond of each cold start. */
  readonly startedAt: bigint;
  readonly request: ReportedRequest;
  readonly result: GateResult;
}

export interface Reporting {
  /** Undefined where there is none, or where the log is off. */
  readonly logger: LoggerLike | undefined;
  readonly metrics: MetricsLike | undefined;
  readonly logClaims: readonly string[];
  readonly logSubject: boolean;
}

/** What is counted, by its name in CloudWatch. */
export const METRIC_NAMES = ['Decisions', 'Latency', 'KeyRefreshes', 'KeyRefreshFailures', 'StoreFailures'] as const;

type MetricName = (typeof METRIC_NAMES)[number];

/** Counts what happened to the keys and to where they are kept. What comes out of a store is no refresh. */
export function countEvent(event: PomeriumEvent, metrics: MetricsLike): void {
  if (event.type === 'keys_refreshed' && event.from === 'origin') count('KeyRefreshes', metrics);
  if (event.type === 'keys_refresh_failed') count('KeyRefreshFailures', metrics);
  if (event.type === 'store_failed') count('StoreFailures', metrics);
}

function count(name: MetricName, metrics: MetricsLike): void {
  callSafely(() => metrics.singleMetric().addMetric(name, 'Count', 1));
}

/**
 * One line and one count for each decision; no line for a request for nobody that may pass. Never the token, never a claim's
 * value that is not named in `logClaims`. A logger or metrics that fail change no decision.
 */
export function report(decision: Decision, reporting: Reporting): void {
  const { logger, metrics } = reporting;
  if (metrics) {
    callSafely(() => countDecision(decision, metrics));
    callSafely(() => measureLatency(decision, metrics));
  }
  if (!logger) return;
  const { request, result } = decision;
  callSafely(() => {
    if (result.type === 'allow') {
      return result.identity && logger.info('allowed', allowedFields(request, result.identity, reporting));
    }
    return isLoggedAsDecision(result.error) && logRefused(result.error, requestFields(request), logger);
  });
}

/**
 * Most refusals are logged as events, which are also of assertions that a public path does without. These two are always
 * decisions: with the request's headers at hand there is more to say, and a mistake of code is no event.
 */
export function isLoggedAsDecision({ code }: Pick<PomeriumError, 'code'>): boolean {
  return code === 'missing_assertion' || code === 'invalid_configuration';
}

type Refusal = Pick<PomeriumError, 'code' | 'status' | 'message'> & Pick<AssertionRefused, 'expected' | 'received'>;

export function logRefused(refusal: Refusal, fields: Record<string, unknown>, logger: LoggerLike): unknown {
  const { code, status, message, expected, received } = refusal;
  // Missing keys are the operator's to fix, whatever the caller is told.
  const level = status < 500 ? 'warn' : 'error';
  const details = { code, status, reason: message, expected, ...(mayLogReceived(code) && { received }) };
  return logger[level]('refused', { ...fields, ...details });
}

function countDecision({ result }: Decision, metrics: MetricsLike): unknown {
  const metric = metrics.singleMetric();
  callSafely(() => metric.addDimension('code', result.type === 'refuse' ? result.error.code : 'allowed'));
  return metric.addMetric('Decisions' satisfies MetricName, 'Count', 1);
}

function measureLatency({ startedAt }: Decision, metrics: MetricsLike): unknown {
  const milliseconds = Number(process.hrtime.bigint() - startedAt) / 1e6;
  return metrics.singleMetric().addMetric('Latency' satisfies MetricName, 'Milliseconds', milliseconds);
}

function requestFields({ requestId, method, url }: ReportedRequest): Record<string, unknown> {
  return { requestId, method, path: loggedPath(readPath(url)) };
}

/** Names that Powertools' Logger keeps for itself: it drops a field of such a name, or loses its own. */
const LOGGER_FIELD = /^(level|message|service|timestamp|sampling_rate|xray_trace_id|cold_start|function_.*)$/;

function allowedFields(
  request: ReportedRequest,
  { subject, claims, route }: Identity,
  { logClaims, logSubject }: Reporting,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    ...requestFields(request),
    code: 'allowed',
    keyId: keyIdOf(request),
    ...(logSubject && { user: subject }),
    ...(route && { route: route.name ?? route.from }),
  };
  const named = logClaims.map((name): [string, unknown] => [
    name,
    Object.hasOwn(claims, name) ? claims[name] : undefined,
  ]);
  const isTaken = (name: string) => name in fields || name === 'claims' || LOGGER_FIELD.test(name);
  const taken = named.filter(([name]) => isTaken(name));
  const free = named.filter(([name]) => !isTaken(name));
  return { ...fields, ...Object.fromEntries(free), ...(taken.length > 0 && { claims: Object.fromEntries(taken) }) };
}

/** Of an assertion that was verified, so that its header can be read. */
function keyIdOf({ headers }: ReportedRequest): unknown {
  const [header = ''] = (readAssertion(headers) ?? '').split('.');
  return JSON.parse(Buffer.from(header, 'base64url').toString()).kid;
}
