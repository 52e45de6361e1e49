import { tmpdir } from 'node:os';
import {
  configurationError,
  type GateEnvironment,
  type GateOptions,
  type JwksStore,
  type PlatformKeysOptions,
  readBoolean,
  readFlag,
  readVariables,
  requireOptions,
  tieredStore,
  type Variables,
} from '../../core/adapter.ts';
import { gateTransport } from './gate-transport.ts';
import { type LoggerLike, type MetricsLike, requireReporters } from './report.ts';
import { ssmStore } from './ssm-store.ts';
import { storeOnlyKeys } from './store-only.ts';
import { tmpStore } from './tmp-store.ts';

export interface LambdaEnvironment extends GateEnvironment {
  /** The SSM parameter that `createRefresher` keeps: a store for the keys beside `/tmp`. */
  readonly POMERIUM_JWKS_SSM?: string;
  /** `false`: keys come from the stores only. For functions in a VPC without a way out. */
  readonly POMERIUM_FETCH_KEYS?: string;
}

/** What every gate on Lambda may be told beside the options of a gate. */
export interface LambdaOwnOptions {
  /**
   * Whether the JWKS URL is asked at all. `false` needs `POMERIUM_JWKS_SSM` or a `store`.
   * @defaultValue `POMERIUM_FETCH_KEYS`, then true
   */
  fetchKeys?: boolean;
  /** Powertools' Logger, or what has its `info`, `warn` and `error`. @defaultValue lines of JSON on the console */
  logger?: LoggerLike;
  /** Powertools' Metrics. @defaultValue none */
  metrics?: MetricsLike;
  /** Claims that `logger` may be given, such as `email`. @defaultValue none */
  logClaims?: readonly string[];
}

/** Options of every gate (docs/gate.md) and of Lambda's; each one replaces what the environment says. */
export interface LambdaOptions<Event = unknown> extends Omit<GateOptions<Event>, 'endAtExpiry'>, LambdaOwnOptions {}

export const OWN_OPTIONS: readonly (keyof LambdaOwnOptions)[] = ['fetchKeys', 'logger', 'metrics', 'logClaims'];

/** What Lambda cannot have, with what to write instead. */
export const WITHOUT = {
  endAtExpiry:
    'Lambda does not hold the socket; end a streamed answer in your own code at identity.expiresAt, and close a WebSocket with DELETE /@connections/{connectionId}',
};

export interface LambdaSettings<Event> extends Required<Pick<LambdaOwnOptions, 'fetchKeys' | 'logClaims'>> {
  readonly logger: LoggerLike | undefined;
  readonly metrics: MetricsLike | undefined;
  /** How default keys are fetched and kept. */
  readonly remoteKeys: PlatformKeysOptions;
  readonly gateOptions: Omit<GateOptions<Event>, 'endAtExpiry'>;
}

const FETCH_VARIABLES: Variables<{ fetchKeys: boolean }> = { fetchKeys: ['POMERIUM_FETCH_KEYS', readFlag] };

/** Options of code that somebody may look for among the variables: they would be left out in silence. */
const CODE_OPTIONS = [
  ['POMERIUM_TTL_OVERRIDE', 'ttlOverride of createAuthorizer'],
  ['POMERIUM_LOG_CLAIMS', 'logClaims'],
] as const;

function requireNoCodeOption(env: object): void {
  const found = CODE_OPTIONS.find(([name]) => Object.hasOwn(env, name));
  if (!found) return;
  const [name, option] = found;
  throw configurationError(`There is no variable ${name}; write the option ${option} in code.`);
}

/** @throws {PomeriumError} `invalid_configuration` */
export function readLambdaOptions<Event>(env: LambdaEnvironment, options: LambdaOptions<Event>): LambdaSettings<Event> {
  requireOptions(options);
  requireNoCodeOption(env);
  const variables = readVariables({ ...env }, FETCH_VARIABLES);
  const { fetchKeys: given, logger, metrics, logClaims = [], ...gateOptions } = options;
  const fetchKeys = readBoolean('fetchKeys', given) ?? variables.fetchKeys ?? true;
  requireReporters({ logger, metrics });
  if (!Array.isArray(logClaims) || logClaims.some((name) => typeof name !== 'string')) {
    throw configurationError("logClaims must be a list of claim names; write logClaims: ['email'].");
  }
  const keySettings = fetchKeys
    ? { remoteKeys: { store: defaultStore(env), transport: gateTransport }, gateOptions }
    : storeOnly(env, gateOptions);
  return { fetchKeys, logger, metrics, logClaims, ...keySettings };
}

/** @throws {PomeriumError} `invalid_configuration` where nothing could ever bring keys */
function storeOnly<Event>(
  env: LambdaEnvironment,
  { store, ...others }: LambdaSettings<Event>['gateOptions'],
): Pick<LambdaSettings<Event>, 'remoteKeys' | 'gateOptions'> {
  const hasKeys = others.keys !== undefined || Boolean(env.POMERIUM_JWKS);
  const hasStore = store !== undefined || Boolean(env.POMERIUM_JWKS_SSM);
  if (!hasKeys && !hasStore) {
    throw configurationError(
      'fetchKeys is false, and no store has keys: set POMERIUM_JWKS_SSM to the parameter that createRefresher keeps, or write store: ssmStore({ name }).',
    );
  }
  return {
    remoteKeys: storeOnlyKeys(store ?? defaultStore(env), others.now),
    // Beside keys of one's own it would be ignored, which the verifier refuses.
    gateOptions: { ...others, ...(others.keys && store && { store }) },
  };
}

const defaultStores = new Map<string, JwksStore>();

/** Memory is asked first in any case. The same for all gates of a process, which then share their keys. */
function defaultStore({ POMERIUM_JWKS_SSM: name }: LambdaEnvironment): JwksStore {
  const folder = tmpdir();
  const known = defaultStores.get(`${folder} ${name}`);
  if (known) return known;
  const store = tieredStore(tmpStore({ folder }), ...(name ? [ssmStore({ name })] : []));
  defaultStores.set(`${folder} ${name}`, store);
  return store;
}
