import { configurationError } from '../../core/adapter.ts';
import { describe, RefreshFailure } from './refresh-failure.ts';
import { uncachedFetch } from './uncached-fetch.ts';

/** Milliseconds for Vercel's API. */
const API_TIMEOUT = 10_000;

const ADVICE: Readonly<Record<number, string>> = {
  401: 'POMERIUM_EDGE_CONFIG_TOKEN is no valid token, or has expired',
  403: 'the token of POMERIUM_EDGE_CONFIG_TOKEN may not write this Edge Config; is POMERIUM_EDGE_CONFIG_TEAM the team that owns it?',
  404: 'is EDGE_CONFIG the one of the team in POMERIUM_EDGE_CONFIG_TEAM?',
  429: 'Vercel limits how often an Edge Config is written; let the cron run less often, or raise rewriteAfter',
};

/** The variables that it needs. */
export interface WriterEnvironment {
  /** The Edge Config's connection string: Vercel sets it for projects that are connected to one. */
  readonly EDGE_CONFIG?: string;
  /** A token of Vercel's API that may write the Edge Config. */
  readonly POMERIUM_EDGE_CONFIG_TOKEN?: string;
  /** The id of the team that owns the Edge Config, if one does. */
  readonly POMERIUM_EDGE_CONFIG_TEAM?: string;
}

export interface EdgeConfigItem {
  readonly key: string;
  readonly value: string;
}

/**
 * Writes items into the Edge Config through Vercel's API; the function rejects with a `RefreshFailure`.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function edgeConfigWriter(
  env: WriterEnvironment,
  api = 'https://api.vercel.com',
): (items: readonly EdgeConfigItem[]) => Promise<void> {
  const token = requireVariable('POMERIUM_EDGE_CONFIG_TOKEN', env.POMERIUM_EDGE_CONFIG_TOKEN);
  const id = edgeConfigId(env);
  // https://vercel.com/docs/rest-api/edge-config/update-edge-config-items-in-batch
  const url = new URL(`/v1/edge-config/${id}/items`, api);
  if (env.POMERIUM_EDGE_CONFIG_TEAM) url.searchParams.set('teamId', env.POMERIUM_EDGE_CONFIG_TEAM);
  const failure = (message: string) => new RefreshFailure('edge_config_unwritable', message, `PATCH ${url}`);
  return async (items) => {
    const response = await uncachedFetch(url, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ items: items.map((item) => ({ operation: 'upsert', ...item })) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(API_TIMEOUT),
    }).catch((error) => {
      throw failure(`Vercel's API could not be reached: ${describe(error)}`);
    });
    if (response.ok) return response.body?.cancel();
    const reason = await readReason(response);
    const advice = ADVICE[response.status];
    throw failure(
      `Vercel's API answered ${response.status}${reason && ` (${reason})`}${advice === undefined ? '' : `: ${advice}`}.`,
    );
  };
}

/** The id in the connection string, which has a token behind it. */
export function edgeConfigId({ EDGE_CONFIG = '' }: WriterEnvironment): string {
  return requireVariable('EDGE_CONFIG', /ecfg_\w+/.exec(EDGE_CONFIG)?.[0]);
}

/** @throws {PomeriumError} `invalid_configuration` */
export function requireVariable(name: string, value: string | undefined): string {
  if (value) return value;
  throw configurationError(`${name} is not set.`);
}

/** The code of Vercel's error, `forbidden`, if it gives one. */
async function readReason(response: Response): Promise<string> {
  try {
    const { error } = await response.json();
    return /^[a-z_]{1,40}$/i.test(error.code) ? error.code : '';
  } catch {
    return '';
  }
}
