import type { PomeriumError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { customAnswer } from './custom-answer.ts';
import { createDecider, type Decider, type GatePlatform, refusal } from './decider.ts';
import { homeOf, sameUrlAt } from './home.ts';
import { requestIdOf } from './log.ts';
import type { GateOptions } from './options.ts';
import { type RefusedRequest, refusalResponse } from './refusal.ts';
import { privateHeaders } from './response.ts';
import { type GateSettings, readGateOptions } from './settings.ts';

/** What stands before somebody's code. `NativeRequest`: the platform's own, for `onRefused`. */
export interface Gate<NativeRequest = unknown> extends Pick<Decider, 'authorize' | 'ready'> {
  /** The answer to a request that was refused. Never cached. */
  refuse(error: PomeriumError, request: RefusedRequest, native: NativeRequest): Promise<Response>;
  /** The headers to set on an answer that passed. `get`: one of its headers, by its lower-case name. */
  answerHeaders(get: (name: string) => string | null | undefined): [name: string, value: string][];
  /** After how many seconds an answer to it that is still open must be closed, where `endAtExpiry` asks for it. */
  secondsOpen(identity: Identity): number | undefined;
  /** What adapters do by the same options: policies of routes, logs of their own. */
  readonly settings: Pick<GateSettings, 'policyOptions' | 'log' | 'logSubject'>;
}

/** What of a platform an answer needs. */
type AnsweringPlatform = Pick<GatePlatform, 'log' | 'requestIdHeader' | 'noStoreHeaders'>;

/** @throws {PomeriumError} `invalid_configuration` */
export function createGate<NativeRequest>(
  env: object,
  options: GateOptions<NativeRequest>,
  platform: GatePlatform,
): Gate<NativeRequest> {
  return answering(createDecider(env, options, platform), platform);
}

/**
 * The gate, or one that refuses everything with what is wrong with its configuration, and says it in the log each time: for
 * platforms whose environment is known at the first request.
 */
export function gateOrBroken<NativeRequest>(
  make: () => Gate<NativeRequest>,
  platform: AnsweringPlatform,
): Gate<NativeRequest> {
  try {
    return make();
  } catch (error) {
    return answering(
      {
        authorize: async () => refusal(error, platform.log),
        settings: readGateOptions({}, {}, {}),
        verifierOptions: {},
        ready: async () => {
          throw error;
        },
      },
      platform,
    );
  }
}

/** Adds the answers to what decides. */
function answering<NativeRequest>(
  { authorize, settings, verifierOptions, ready }: Decider<NativeRequest>,
  { log, requestIdHeader, noStoreHeaders = {} }: AnsweringPlatform,
): Gate<NativeRequest> {
  const { shared, endAtExpiry, onRefused, corsOrigins, refusalPage } = settings;
  const home = homeOf(verifierOptions);
  const noStore = Object.entries(noStoreHeaders);
  const { clockTolerance = 60, now = () => Date.now() / 1000 } = verifierOptions;

  return {
    authorize,
    async refuse(error, request, native) {
      const custom = onRefused && (await customAnswer(() => onRefused(error, native), log));
      const link = home && sameUrlAt(home, request);
      return refusalResponse(error, request, {
        custom,
        page: { options: refusalPage, home: link, requestId: requestIdOf(request, requestIdHeader) },
        corsOrigins,
        noStore,
      });
    },
    answerHeaders: (get) => (shared ? [] : [...privateHeaders(get), ...noStore]),
    secondsOpen: ({ expiresAt }) => (endAtExpiry ? expiresAt + clockTolerance - now() : undefined),
    settings,
    ready,
  };
}
