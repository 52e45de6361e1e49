import {
  callSafely,
  collectPending,
  type Gate,
  type GateOptions,
  type GatePlatform,
  type GateResult,
  type Policy,
  PomeriumError,
  type PomeriumEvent,
} from '../../core/adapter.ts';
import { lambdaLog, withoutRepeats } from './log.ts';
import { type LambdaEnvironment, type LambdaOptions, OWN_OPTIONS, readLambdaOptions, WITHOUT } from './options.ts';
import { prefetch } from './prefetch.ts';
import { countEvent, type ReportedRequest, report } from './report.ts';
import { warmUp } from './warm-up.ts';

/** Milliseconds. */
const MINUTE = 60_000;

/** How long an answer waits, in milliseconds, for a refresh of keys that it does not need itself. */
const SETTLE_LIMIT = 500;

/** Reports each decision, and lets a refresh of keys end before Lambda freezes the process. */
export interface LambdaDecider {
  /** As `Gate.authorize`. */
  authorize(request: ReportedRequest): Promise<GateResult>;
  /** The same, where `complete` has a part in the decision that is reported. `policy`: one more, for this request. */
  decide<Result extends GateResult>(
    request: ReportedRequest,
    complete: (result: GateResult) => Result,
    policy?: Policy,
  ): Promise<Result>;
  /** Logs a mistake of the user's own code. */
  logFailure(error: unknown, request: ReportedRequest): void;
  /** Resolves once the keys are there, or after 2 s; never rejects. */
  readonly ready: Promise<void>;
}

/** What of a decider or a gate is used here. */
type Decides = Pick<Gate, 'authorize' | 'settings' | 'ready'>;

/**
 * `make`: makes what decides, and is given back as `made`.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function createLambdaDecider<Event, Made extends Decides>(
  make: (env: object, options: GateOptions<Event>, platform: GatePlatform) => Made,
  env: LambdaEnvironment,
  options: LambdaOptions<Event>,
  { ownOptions = [], without = {}, keys, ...platform }: Partial<GatePlatform> = {},
): LambdaDecider & { readonly made: Made } {
  const { fetchKeys, logger, metrics, logClaims, remoteKeys, gateOptions } = readLambdaOptions(env, options);
  const log = withoutRepeats(lambdaLog(logger), MINUTE);
  let hasLoggedFailure = false;
  const logEvent = (event: PomeriumEvent) => {
    if (event.type === 'keys_refresh_failed') hasLoggedFailure = true;
    return log.event(event);
  };
  const { onEvent } = gateOptions;
  const countEvents = metrics && {
    onEvent: (event: PomeriumEvent) => {
      // Where nothing is fetched, keys come from a store, even if that is asked as Pomerium would be.
      if (fetchKeys || event.type !== 'keys_refreshed') countEvent(event, metrics);
      return onEvent?.(event);
    },
  };
  const made = make(
    env,
    { ...gateOptions, ...countEvents },
    {
      ...platform,
      ownOptions: [...ownOptions, ...OWN_OPTIONS],
      without: { ...WITHOUT, ...without },
      keys: { ...keys, ...remoteKeys },
      log: { event: logEvent, failure: log.failure },
    },
  );
  // Decisions are logged here, by the gate's own options.
  const { log: hasLog, logSubject } = made.settings;
  const reporting = { logger: hasLog ? logger : undefined, metrics, logClaims, logSubject };
  /** What no event told: the keys are late, somebody else saw the failure, or the keys of one's own cannot be used. */
  const reportStart = (failure: unknown): void => {
    if (failure === undefined || hasLoggedFailure) return;
    if (hasLog || !(failure instanceof PomeriumError)) callSafely(() => log.failure(failure));
  };
  const decide: LambdaDecider['decide'] = async (request, complete, policy) => {
    const startedAt = process.hrtime.bigint();
    const { waitUntil, settle } = collectPending({ limit: SETTLE_LIMIT });
    const { requestId } = request;
    const result = complete(await made.authorize(request, { waitUntil, requestId, policy }));
    report({ startedAt, request, result }, reporting);
    await settle();
    return result;
  };
  return {
    made,
    decide,
    authorize: (request) => decide(request, (result) => result),
    logFailure: (error, { requestId }) => callSafely(() => log.failure(error, requestId)),
    ready: prefetch(made).then(async (failure) => {
      await warmUp();
      reportStart(failure);
    }),
  };
}
