import {
  collectPending,
  createVerifier,
  type Identity,
  type JwksStore,
  optionsFromEnvironment,
  type PomeriumEnvironment,
  PomeriumError,
  type PomeriumEvent,
  readSwitch,
  tieredStore,
  type Verifier,
  type VerifierOptions,
} from '../../core/adapter.ts';
import { type LoggerLike, logEvent, type MetricsLike } from './report.ts';
import { ssmStore } from './ssm-store.ts';
import { tmpStore } from './tmp-store.ts';

export interface LambdaEnvironment extends PomeriumEnvironment {
  /** The SSM parameter that `createRefresher` keeps: a store for the keys beside `/tmp`. */
  readonly POMERIUM_JWKS_SSM?: string;
  /** `false`: keys come from the stores only. For functions in a VPC without a way out. */
  readonly POMERIUM_FETCH_KEYS?: string;
}

export interface LambdaOptions extends Partial<Omit<VerifierOptions, 'allowAnonymous'>> {
  /** Whether the JWKS URL is asked at all. Default: `POMERIUM_FETCH_KEYS`, then true. */
  fetchKeys?: boolean;
  /** Powertools' Logger, or what has its `info`, `warn` and `error`. Default: silent. */
  logger?: LoggerLike;
  /** Powertools' Metrics. Default: none. */
  metrics?: MetricsLike;
  /** Claims that may be logged, such as `email`. Default: none; the subject is logged as a hash. */
  logClaims?: readonly string[];
}

/** An hour: without a way out, what the refresher last stored is used at once, and looked for anew in the background. */
const STORE_ONLY = { staleWhileRevalidate: 3600, fetch: noWayOut };

/** Throws `invalid_configuration`. */
export function makeVerifier(options: LambdaOptions, env: LambdaEnvironment): Verifier<Identity> {
  const {
    fetchKeys = readSwitch('POMERIUM_FETCH_KEYS', env.POMERIUM_FETCH_KEYS) ?? true,
    logger,
    metrics,
    logClaims,
    ...given
  } = options;
  const store = given.store ?? defaultStore(env);
  const onEvent = (event: PomeriumEvent) => {
    if (fetchKeys || event.type !== 'keys_refresh_failed') logEvent(event, { logger, metrics });
    return given.onEvent?.(event);
  };
  const remote = { store, ...(!fetchKeys && STORE_ONLY) };
  return createVerifier({ ...optionsFromEnvironment(env, { ...given, onEvent }, remote), allowAnonymous: false });
}

/** Memory is asked first in any case. */
function defaultStore({ POMERIUM_JWKS_SSM }: LambdaEnvironment): JwksStore {
  return tieredStore(tmpStore(), ...(POMERIUM_JWKS_SSM ? [ssmStore({ name: POMERIUM_JWKS_SSM })] : []));
}

async function noWayOut(): Promise<Response> {
  throw new TypeError('fetchKeys is false');
}

/** What init may spend on the keys, in milliseconds. */
const PREFETCH_LIMIT = 2000;

/** Gets the keys in the init phase, which has more CPU. Never rejects, and never takes longer than 2 s. */
export async function prefetch(verifier: Verifier<Identity>): Promise<void> {
  const end = Date.now() + PREFETCH_LIMIT;
  const { waitUntil, settle } = collectPending();
  /** Whether the keys are there, or will not come by waiting. */
  const isDone = async (): Promise<boolean> =>
    verifier.ready({ waitUntil }).then(
      () => true,
      (error) => !(error instanceof PomeriumError && error.code === 'keys_unavailable'),
    );
  const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
  const work = (async () => {
    while (!(await isDone()) && Date.now() < end) await sleep(100);
    await settle();
  })();
  await Promise.race([work, sleep(PREFETCH_LIMIT)]);
}
