import {
  AUTH_OPTIONS,
  type AuthOptions,
  collectPending,
  configurationError,
  createVerifier,
  isEntryKey,
  PomeriumError,
  type PomeriumEvent,
  readEnvironment,
  requireKnown,
  requireOptions,
  type VerifierOptions,
  withoutUnset,
} from '../../core/adapter.ts';
import { httpsTransport } from './https-transport.ts';
import { lambdaLog, withoutRepeats } from './log.ts';
import type { LambdaEnvironment, LambdaOwnOptions } from './options.ts';
import { countEvent, requireReporters } from './report.ts';
import type { SsmClientLike } from './ssm-client.ts';
import { ssmStore } from './ssm-store.ts';
import { writeParameter } from './write-parameter.ts';

/** Options of `createRefresher`; each one replaces what the environment says. */
export interface RefresherOptions
  extends Omit<AuthOptions, 'store' | 'keys' | 'issuers' | 'onBehalfOf'>,
    Pick<LambdaOwnOptions, 'logger' | 'metrics'> {
  /** The parameter to keep. @defaultValue `POMERIUM_JWKS_SSM` */
  name?: string;
  /** @defaultValue a client of the SDK, which Lambda's runtime brings along */
  client?: SsmClientLike;
}

/** Options with which there would be other keys than those of one JWKS URL. */
const WITHOUT: ReadonlySet<string> = new Set(['keys', 'issuers', 'store', 'onBehalfOf']);

const OPTIONS = ['name', 'client', 'logger', 'metrics', ...AUTH_OPTIONS.filter((name) => !WITHOUT.has(name))];

/** Milliseconds: a key that is skipped is not news every minute. A refresh that failed is thrown, too. */
const HOUR = 3_600_000;

/**
 * A function for a schedule: asks Pomerium for its keys, each time, and keeps them in an SSM parameter, for authorizers that have
 * no way out to Pomerium. Writes them each time, so that those can tell how old they are. Fails when Pomerium cannot be asked, when
 * the parameter cannot be written, and when it holds the keys of another JWKS URL, so that an alarm on its errors tells.
 *
 * @throws {PomeriumError} `invalid_configuration` at once
 *
 * @example
 * ```ts
 * export const handler = createRefresher() // every minute, with ssm:GetParameter and ssm:PutParameter
 * ```
 */
export function createRefresher(options: RefresherOptions = {}): () => Promise<void> {
  requireOptions(options);
  const env: LambdaEnvironment = process.env;
  const set = withoutUnset(options);
  const { name = env.POMERIUM_JWKS_SSM, client, logger, metrics, ...given } = set;
  const refused = Object.keys(given).find((option) => WITHOUT.has(option));
  if (refused) {
    throw configurationError(
      `${refused} cannot be had here: a parameter holds the keys of one JWKS URL; make a refresher with a parameter of its own for each.`,
    );
  }
  requireKnown(set, OPTIONS, 'option of createRefresher()');
  if (!name) throw configurationError('POMERIUM_JWKS_SSM is not set; set it to the name of the SSM parameter to keep.');
  requireReporters({ logger, metrics });
  const parameter = ssmStore({ name, writable: true, ...(client && { client }) });
  const log = withoutRepeats(lambdaLog(logger), HOUR);
  const onEvent = (event: PomeriumEvent) => {
    if (metrics) countEvent(event, metrics);
    return given.onEvent?.(event);
  };
  // Variables of the gates that this is the refresher of are theirs.
  const makeVerifier = (store: NonNullable<VerifierOptions['store']>) => {
    const verifierOptions = readEnvironment(
      env,
      { ...given, onEvent, store },
      { onEvent: log.event, transport: httpsTransport },
    );
    return createVerifier({ ...verifierOptions, allowAnonymous: false });
  };
  makeVerifier(emptyStore(() => {}));
  return async () => {
    let fetched: { readonly key: string; readonly value: string } | undefined;
    const { waitUntil, settle } = collectPending();
    // One that knows nothing yet always asks Pomerium, and checks what it says.
    const verifier = makeVerifier(
      emptyStore((key, value) => {
        fetched = { key, value };
      }),
    );
    try {
      await verifier.ready({ waitUntil });
      await settle();
      if (!fetched) throw configurationError('Pomerium is not asked; unset POMERIUM_JWKS for the refresher.');
      await writeParameter({ name, store: parameter }, fetched);
    } catch (error) {
      throw new Error(`pomerium-edge: the keys were not refreshed: ${describe(error)}`, { cause: error });
    }
  };
}

/** With its name, which is what an error of the SDK says. */
function describe(error: unknown): string {
  if (error instanceof PomeriumError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** A store that has nothing, and hands on the key set that is put into it. */
function emptyStore(use: (key: string, value: string) => void): NonNullable<VerifierOptions['store']> {
  return {
    getItem: () => null,
    setItem: (key, value) => (isEntryKey(key) ? use(key, value) : undefined),
  };
}
