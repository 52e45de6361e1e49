import {
  consoleLog,
  createGate,
  createVerifier,
  type Gate,
  type GateOptions,
  type GatePlatform,
  type GateRequest,
  type GateResult,
  type GateSupport,
  gateOrBroken,
  type Policy,
  requireOptions,
  requirePossible,
  someEnvironment,
} from '../../core/adapter.ts';
import { lifetimeOf } from './lifetime.ts';
import { environment } from './platform.ts';
import { runtimeCacheStore } from './runtime-cache-store.ts';
import { makeSharedVerifier } from './shared-verifier.ts';
import { uncachedFetch } from './uncached-fetch.ts';

/** A gate that takes from the platform what it lends to the request. */
export interface LazyGate<NativeRequest> extends Pick<Gate<NativeRequest>, 'refuse' | 'answerHeaders' | 'settings'> {
  authorize(request: GateRequest, context?: LazyGateContext): Promise<GateResult>;
}

export interface LazyGateContext {
  /** What may lend a `waitUntil`: what the platform gives beside the request. */
  readonly platform?: unknown;
  /** One more policy, see `GateContext`. */
  readonly policy?: Policy | undefined;
  /** See `GateContext`. */
  readonly isBehindGate?: boolean;
}

export interface LazyGateSupport extends Pick<GateSupport, 'without' | 'ownOptions'> {
  /** The variables, read with the first request. */
  readonly readEnvironment?: () => object;
  /** Throws for a policy of the verifier that cannot be answered here. */
  readonly checkPolicy?: (policy: Policy) => unknown;
}

type MakeVerifier = NonNullable<GatePlatform['makeVerifier']>;

const PLATFORM: GatePlatform = {
  keys: { store: runtimeCacheStore(), fetch: uncachedFetch },
  log: consoleLog(console),
  requestIdHeader: 'x-vercel-id',
};

const WITHOUT = {
  endAtExpiry: 'this code does not hold the connection: end it in your own handler, at expiresAt of the identity',
};

/**
 * A gate that is made with the first request, since a build does not have the environment. What is wrong with that refuses
 * every request with a 500, and the log says it.
 * @throws {PomeriumError} `invalid_configuration` at once, for options that cannot work whatever the environment says
 */
export function lazyGate<NativeRequest>(
  options: GateOptions<NativeRequest>,
  { without, ownOptions = [], readEnvironment = environment, checkPolicy }: LazyGateSupport = {},
): LazyGate<NativeRequest> {
  const checked =
    (makeVerifier: MakeVerifier): MakeVerifier =>
    (verifierOptions, given) => {
      if (verifierOptions.policy) checkPolicy?.(verifierOptions.policy);
      return makeVerifier(verifierOptions, given);
    };
  const check = (possible: GateOptions<NativeRequest>) =>
    createGate(someEnvironment(possible), possible, {
      ...PLATFORM,
      ownOptions,
      without: { ...WITHOUT, ...without },
      makeVerifier: checked(createVerifier),
    });
  requireOptions(options);
  requirePossible(check, options);
  const make = () =>
    createGate(readEnvironment(), options, {
      ...PLATFORM,
      ownOptions,
      without: WITHOUT,
      makeVerifier: checked(makeSharedVerifier),
    });
  let made: Gate<NativeRequest> | undefined;
  const gate = () => {
    made ??= gateOrBroken(make, PLATFORM);
    return made;
  };
  return {
    async authorize(request, { platform, policy, isBehindGate } = {}) {
      const { waitUntil, settle } = lifetimeOf(platform);
      const result = await gate().authorize(request, { waitUntil, policy, isBehindGate });
      await settle();
      return result;
    },
    refuse: (error, request, native) => gate().refuse(error, request, native),
    answerHeaders: (get) => gate().answerHeaders(get),
    get settings() {
      return gate().settings;
    },
  };
}
