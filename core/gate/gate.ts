import { readEnvironment } from '../environment.ts';
import { PomeriumError } from '../errors.ts';
import { callSafely } from '../events.ts';
import type { Identity, MaybeAnonymous } from '../identity.ts';
import type { PlatformKeysOptions } from '../keys/remote/options.ts';
import type { EitherOptions } from '../options.ts';
import { createVerifier, type Verifier, type VerifyContext } from '../verifier.ts';
import { customAnswer } from './custom-answer.ts';
import { createForwarder, type ForwardedHeaders } from './forward.ts';
import { harmlessHeader } from './harmless-header.ts';
import { isCorsPreflight } from './headers.ts';
import { homeOf, sameUrlAt } from './home.ts';
import { type GateContext, identify, NOBODY, type Visitor } from './identify.ts';
import { type GateLog, requestIdOf } from './log.ts';
import type { GateOptions } from './options.ts';
import { type RefusedRequest, refusalResponse } from './refusal.ts';
import type { GateRequest } from './request.ts';
import { privateHeaders } from './response.ts';
import { type GateSettings, type GateSupport, readGateOptions } from './settings.ts';

export type GateResult = (Visitor & { readonly type: 'allow'; readonly headers: ForwardedHeaders }) | GateRefusal;

export interface GateRefusal {
  readonly type: 'refuse';
  readonly error: PomeriumError;
  /** Whom a policy or a route refused, after the assertion was verified: for what the platform logs, never for the caller. */
  readonly identity?: MaybeAnonymous | undefined;
}

/** What stands before somebody's code. `NativeRequest`: the platform's own, for `onRefused`. */
export interface Gate<NativeRequest = unknown> {
  /** Whether the request may go on, for whom, and with which headers. Never rejects. */
  authorize(request: GateRequest, context?: GateContext): Promise<GateResult>;
  /** The answer to a request that was refused. Never cached. */
  refuse(error: PomeriumError, request: RefusedRequest, native: NativeRequest): Promise<Response>;
  /** The headers to set on an answer that passed. `get`: one of its headers, by its lower-case name. */
  answerHeaders(get: (name: string) => string | null | undefined): [name: string, value: string][];
  /** After how many seconds an answer to it that is still open must be closed, where `endAtExpiry` asks for it. */
  secondsOpen(identity: Identity): number | undefined;
  /** What adapters do by the same options: policies of routes, logs of their own. */
  readonly settings: Pick<GateSettings, 'policyOptions' | 'log' | 'logSubject'>;
  /** Gets the keys before the first request. Rejects as the verifier's `ready`. */
  ready(context?: Pick<VerifyContext, 'waitUntil'>): Promise<void>;
}

/** What the adapter knows of its platform. */
export interface GatePlatform extends GateSupport {
  /** How keys are fetched and kept by default. */
  readonly keys?: PlatformKeysOptions;
  /**
   * Makes the verifier, where several gates of a process share one: its options and, as plain data, those that were given.
   * @defaultValue `createVerifier`
   */
  readonly makeVerifier?: (options: EitherOptions, given: object) => Verifier<MaybeAnonymous>;
  readonly log: GateLog;
  /** The header in which the platform gives each request an id. */
  readonly requestIdHeader?: string;
  /** Headers that every answer gets unless it is `shared`, those of refusals included. */
  readonly noStoreHeaders?: Readonly<Record<string, string>>;
}

/** @throws {PomeriumError} `invalid_configuration` */
export function createGate<NativeRequest>(
  env: object,
  options: GateOptions<NativeRequest>,
  platform: GatePlatform,
): Gate<NativeRequest> {
  const settings = readGateOptions(env, options, platform);
  const { rules, shared, endAtExpiry, onRefused, corsOrigins, refusalPage } = settings;
  const { log, keys, requestIdHeader, noStoreHeaders = {}, makeVerifier = createVerifier } = platform;
  const verifierOptions = readEnvironment(env, settings.verifierOptions, {
    ...keys,
    ...(settings.log && { onEvent: log.event }),
  });
  const { policy, routes } = verifierOptions;
  // With routes, these say where nobody may be signed in.
  const verifier = makeVerifier(
    routes ? verifierOptions : { ...verifierOptions, allowAnonymous: false },
    settings.verifierOptions,
  );
  const policies = [policy, routes && ASKS_ALL];
  const forwardedHeaders = createForwarder(settings.forwarding);
  const home = homeOf(verifierOptions);
  const noStore = Object.entries(noStoreHeaders);
  const { clockTolerance = 60, now = () => Date.now() / 1000 } = verifierOptions;

  return {
    async authorize(request, context = {}) {
      let denied: MaybeAnonymous | undefined;
      const onDenied = (identity: MaybeAnonymous) => {
        denied = identity;
      };
      try {
        const { method, headers: sent } = request;
        const isPreflight = settings.allowPreflight && !context.policy && isCorsPreflight(method, sent);
        const requestId = requestIdOf({ headers: sent, requestId: context.requestId }, requestIdHeader);
        const visitor = isPreflight
          ? NOBODY
          : await identify(request, { ...context, requestId, onDenied }, verifier, settings);
        const { identity } = visitor;
        const others = [...policies, context.policy];
        const needsPath = others.some((one) => one?.needsPath);
        const headers = forwardedHeaders(sent, identity, {
          path: needsPath || rules !== undefined,
          method: isPreflight || [rules, ...others].some((one) => one?.needsRequest),
          harmless: rules && !needsPath ? harmlessHeader(request, rules) : undefined,
        });
        return { type: 'allow', ...visitor, headers };
      } catch (error) {
        const result = refusal(error, settings.log ? log : withoutEvents(log));
        return { ...result, ...(denied && { identity: denied }) };
      }
    },
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
    ready: (context) => verifier.ready(context),
  };
}

/** What of a platform a gate needs that cannot work. */
type BrokenGatePlatform = Pick<GatePlatform, 'log' | 'requestIdHeader' | 'noStoreHeaders'>;

/** The gate, or one that refuses everything: for platforms whose environment is known at the first request. */
export function gateOrBroken<NativeRequest>(
  make: () => Gate<NativeRequest>,
  platform: BrokenGatePlatform,
): Gate<NativeRequest> {
  try {
    return make();
  } catch (error) {
    return brokenGate(error, platform);
  }
}

/** A gate that refuses everything with what is wrong with its configuration, and says it in the log each time. */
function brokenGate<NativeRequest>(
  error: unknown,
  { log, requestIdHeader, noStoreHeaders = {} }: BrokenGatePlatform,
): Gate<NativeRequest> {
  const noStore = Object.entries(noStoreHeaders);
  return {
    authorize: async () => refusal(error, log),
    refuse: (refused, request) => {
      const page = { options: {}, home: undefined, requestId: requestIdOf(request, requestIdHeader) };
      return refusalResponse(refused, request, { custom: undefined, page, corsOrigins: [], noStore });
    },
    answerHeaders: () => [],
    secondsOpen: () => undefined,
    settings: { policyOptions: {}, log: true, logSubject: false },
    ready: async () => {
      throw error;
    },
  };
}

/** Routes differ by path, and their policies may ask about the rest. */
const ASKS_ALL = { needsPath: true, needsRequest: true };

/** Where `log: false` leaves the log to `onEvent`: only mistakes that no event tells of. */
function withoutEvents(log: GateLog): GateLog {
  return { event: () => {}, failure: (error) => (error instanceof PomeriumError ? undefined : log.failure(error)) };
}

function refusal(error: unknown, log: GateLog): GateRefusal {
  if (error instanceof PomeriumError && error.status !== 500) return { type: 'refuse', error };
  callSafely(() => log.failure(error));
  const isOurs = error instanceof PomeriumError;
  return {
    type: 'refuse',
    error: isOurs
      ? error
      : new PomeriumError('invalid_configuration', 'Something else failed: see the log.', { cause: error }),
  };
}
