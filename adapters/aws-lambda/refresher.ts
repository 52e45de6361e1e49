import {
  collectPending,
  configurationError,
  createVerifier,
  optionsFromEnvironment,
  type PomeriumEvent,
  throttledStore,
  type VerifierOptions,
} from '../../core/adapter.ts';
import { lambdaLog } from './log.ts';
import type { LambdaEnvironment, LambdaOwnOptions } from './options.ts';
import { countEvent } from './report.ts';
import { type SsmClientLike, ssmStore } from './ssm-store.ts';

/** Seconds: keys from a store that are not refreshed are of use for an hour. */
const REWRITE_AFTER = 900;

export interface RefresherOptions
  extends Partial<Omit<VerifierOptions, 'allowAnonymous' | 'store' | 'keys'>>,
    Pick<LambdaOwnOptions, 'logger' | 'metrics'> {
  /** The parameter to keep. @defaultValue `POMERIUM_JWKS_SSM` */
  name?: string;
  /** @defaultValue a client of the SDK, which Lambda's runtime brings along */
  client?: SsmClientLike;
}

/**
 * A function for a schedule: asks Pomerium for its keys and keeps them in an SSM parameter, for authorizers that have no
 * way out to Pomerium. Writes when the keys changed, and otherwise every 15 minutes. Fails when Pomerium cannot be asked,
 * so that an alarm on its errors tells.
 *
 * @throws {PomeriumError} `invalid_configuration` at once
 *
 * @example
 * ```ts
 * export const handler = createRefresher() // every 5 minutes, with ssm:GetParameter and ssm:PutParameter
 * ```
 */
export function createRefresher(options: RefresherOptions = {}): () => Promise<void> {
  const env: LambdaEnvironment = process.env;
  const { name = env.POMERIUM_JWKS_SSM, client, logger, metrics, ...given } = options;
  if (!name) throw configurationError('POMERIUM_JWKS_SSM is not set; set it to the name of the SSM parameter to keep.');
  const parameter = ssmStore({ name, writable: true, ...(client && { client }) });
  let failure: string | undefined;
  const onEvent = (event: PomeriumEvent) => {
    if (event.type === 'keys_refresh_failed' || (event.type === 'store_failed' && event.operation === 'set')) {
      failure = event.message;
    }
    if (metrics) countEvent(event, metrics);
    return given.onEvent?.(event);
  };
  const store = throttledStore(parameter, { rewriteAfter: REWRITE_AFTER });
  const log = lambdaLog(logger);
  // Variables of the gates that this is the refresher of are theirs.
  const verifierOptions = optionsFromEnvironment(env, { ...given, onEvent, store }, { onEvent: log.event });
  const verifier = createVerifier({ ...verifierOptions, allowAnonymous: false });
  return async () => {
    failure = undefined;
    const { waitUntil, settle } = collectPending();
    await verifier.ready({ waitUntil });
    await settle();
    if (failure !== undefined) throw new Error(`pomerium-edge: the keys were not refreshed: ${failure}`);
  };
}
