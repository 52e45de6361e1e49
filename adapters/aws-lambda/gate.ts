import {
  collectPending,
  createGate,
  type Gate,
  type GatePlatform,
  type GateResult,
  type Policy,
  type PomeriumEvent,
} from '../../core/adapter.ts';
import { lambdaLog } from './log.ts';
import { type LambdaEnvironment, type LambdaOptions, OWN_OPTIONS, readLambdaOptions, WITHOUT } from './options.ts';
import { prefetch } from './prefetch.ts';
import { countEvent, type ReportedRequest, report } from './report.ts';

/** A gate that reports each decision, and that lets a refresh of keys end before Lambda freezes the process. */
export interface LambdaGate<Event> extends Pick<Gate<Event>, 'refuse' | 'answerHeaders'> {
  /** As `Gate.authorize`. `policy`: one more, for this request. */
  authorize(request: ReportedRequest, policy?: Policy): Promise<GateResult>;
  /** Resolves once the keys are there, or after 2 s; never rejects. */
  readonly ready: Promise<void>;
}

/** @throws {PomeriumError} `invalid_configuration` */
export function createLambdaGate<Event>(
  env: LambdaEnvironment,
  options: LambdaOptions<Event>,
  { ownOptions = [], without = {}, keys, ...platform }: Partial<GatePlatform> = {},
): LambdaGate<Event> {
  const { fetchKeys, logger, metrics, logClaims, remoteKeys, gateOptions } = readLambdaOptions(env, options);
  const log = lambdaLog(logger);
  // Where nothing is fetched, each look at the stores ends as a failed refresh.
  const isNews = (event: PomeriumEvent) => fetchKeys || event.type !== 'keys_refresh_failed';
  const { onEvent } = gateOptions;
  const countEvents = metrics && {
    onEvent: (event: PomeriumEvent) => {
      if (isNews(event)) countEvent(event, metrics);
      return onEvent?.(event);
    },
  };
  const gate = createGate<Event>(
    env,
    { ...gateOptions, ...countEvents },
    {
      ...platform,
      ownOptions: [...ownOptions, ...OWN_OPTIONS],
      without: { ...WITHOUT, ...without },
      keys: { ...keys, ...remoteKeys },
      log: { event: (event) => (isNews(event) ? log.event(event) : undefined), failure: log.failure },
    },
  );
  // Decisions are logged here, by the gate's own options.
  const { log: hasLog, logSubject } = gate.settings;
  const reporting = { logger: hasLog ? logger : undefined, metrics, logClaims, logSubject };
  return {
    refuse: gate.refuse,
    answerHeaders: gate.answerHeaders,
    ready: prefetch(gate),
    async authorize(request, policy) {
      const startedAt = performance.now();
      const { waitUntil, settle } = collectPending();
      const { requestId } = request;
      const result = await gate.authorize(request, { waitUntil, requestId, policy });
      report({ startedAt, request, result }, reporting);
      await settle();
      return result;
    },
  };
}
