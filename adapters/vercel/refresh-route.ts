import {
  type AuthOptions,
  collectPending,
  configurationError,
  createVerifier,
  describeFetchFailure,
  optionsFromEnvironment,
  type PomeriumEvent,
  requireOptions,
  throttledStore,
} from '../../core/adapter.ts';
import { edgeConfigKey, edgeConfigStore } from './edge-config-store.ts';
import { environment } from './platform.ts';
import { sha256 } from './sha256.ts';
import { uncachedFetch } from './uncached-fetch.ts';

/** Seconds: half of the time for which a key set is used at once. */
const REWRITE_AFTER = 180;

/** Milliseconds for Vercel's API. */
const API_TIMEOUT = 10_000;

/** Milliseconds for Pomerium: as long as `remoteKeys` gives it, and a little for the stores. */
const REFRESH_LIMIT = 6_000;

export interface RefreshRouteOptions extends Omit<AuthOptions, 'store' | 'keys'> {
  /**
   * Keys that did not change are written again when the Edge Config's are this old, in seconds.
   * @defaultValue 180
   */
  rewriteAfter?: number;
  /**
   * Vercel's API.
   * @defaultValue `https://api.vercel.com`
   */
  api?: string;
}

/** The variables that the route needs beside those of every adapter. */
interface RouteEnvironment {
  /** The Edge Config's connection string: Vercel sets it for projects that are connected to one. */
  readonly EDGE_CONFIG?: string;
  /** Vercel sends it with every cron request. */
  readonly CRON_SECRET?: string;
  /** A token of Vercel's API that may write the Edge Config. */
  readonly POMERIUM_EDGE_CONFIG_TOKEN?: string;
  /** The id of the team that owns the Edge Config, if one does. */
  readonly POMERIUM_EDGE_CONFIG_TEAM?: string;
}

/**
 * A route for Vercel's cron: asks Pomerium for its keys and writes them into the Edge Config that `edgeConfigStore` reads,
 * when they changed or when those there are `rewriteAfter` old. Only for callers that know `CRON_SECRET`; anything that
 * fails is a 500, so that the cron's log tells.
 *
 * @example
 * ```ts
 * export const GET = createRefreshRoute() // in app/api/pomerium-keys/route.ts, and a cron in vercel.json
 * ```
 */
export function createRefreshRoute(options: RefreshRouteOptions = {}): (request: Request) => Promise<Response> {
  requireOptions(options);
  const { api, ...given } = options;
  return async (request) => {
    try {
      const env: RouteEnvironment = environment();
      const secret = required('CRON_SECRET', env.CRON_SECRET);
      // Compared as hashes: how long that takes tells nothing about the secret.
      const isCron = (await sha256(request.headers.get('authorization') ?? '')) === (await sha256(`Bearer ${secret}`));
      if (!isCron) return answer(401, { refreshed: false });
      const write = writerFrom(env, api);
      const items = await refreshedItems(given);
      if (items.length > 0) await write(items);
      return answer(200, { refreshed: true, written: items.length });
    } catch (error) {
      console.error(
        `pomerium-edge: the keys were not refreshed: ${error instanceof Error ? error.message : typeof error}`,
      );
      return answer(500, { refreshed: false });
    }
  };
}

interface Item {
  readonly key: string;
  readonly value: string;
}

/** What has to be written, if anything. Throws when Pomerium or the Edge Config could not be asked. Nothing is kept between two runs. */
async function refreshedItems({
  rewriteAfter = REWRITE_AFTER,
  ...options
}: Omit<RefreshRouteOptions, 'api'>): Promise<Item[]> {
  const fresh = new Map<string, string>();
  const { getItem } = edgeConfigStore();
  const store = throttledStore({ getItem, setItem: (key, value) => void fresh.set(key, value) }, { rewriteAfter });
  let failure: string | undefined;
  const onEvent = (event: PomeriumEvent) => {
    const isLost = event.type === 'keys_refresh_failed' || (event.type === 'store_failed' && event.operation === 'set');
    if (isLost) failure = event.message;
    return options.onEvent?.(event);
  };
  const { waitUntil, settle } = collectPending({ limit: REFRESH_LIMIT });
  const verifier = createVerifier(
    optionsFromEnvironment(environment(), { ...options, onEvent, store }, { fetch: uncachedFetch }),
  );
  await verifier.ready({ waitUntil });
  await settle();
  if (failure !== undefined) throw new Error(failure);
  return Promise.all([...fresh].map(async ([key, value]) => ({ key: await edgeConfigKey(key), value })));
}

/** What it takes to write to the Edge Config. Throws `invalid_configuration`. */
function writerFrom(env: RouteEnvironment, api = 'https://api.vercel.com'): (items: readonly Item[]) => Promise<void> {
  const token = required('POMERIUM_EDGE_CONFIG_TOKEN', env.POMERIUM_EDGE_CONFIG_TOKEN);
  const id = required('EDGE_CONFIG', /ecfg_\w+/.exec(env.EDGE_CONFIG ?? '')?.[0]);
  // https://vercel.com/docs/rest-api/edge-config/update-edge-config-items-in-batch
  const url = new URL(`/v1/edge-config/${id}/items`, api);
  if (env.POMERIUM_EDGE_CONFIG_TEAM) url.searchParams.set('teamId', env.POMERIUM_EDGE_CONFIG_TEAM);
  return async (items) => {
    const response = await uncachedFetch(url, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ items: items.map((item) => ({ operation: 'upsert', ...item })) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(API_TIMEOUT),
    }).catch((error) => {
      throw new Error(`Vercel's API could not be reached: ${describeFetchFailure(error)}.`);
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`Vercel's API answered ${response.status}.`);
  };
}

function required(name: string, value: string | undefined): string {
  if (value) return value;
  throw configurationError(`${name} is not set.`);
}

function answer(status: number, body: object): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } });
}
