import {
  type AuthOptions,
  collectPending,
  createVerifier,
  type PomeriumEvent,
  readEnvironment,
  requireKnown,
  requireOptions,
  throttledStore,
} from '../../core/adapter.ts';
import { edgeConfigKey, edgeConfigStore } from './edge-config-store.ts';
import {
  type EdgeConfigItem,
  edgeConfigId,
  edgeConfigWriter,
  requireVariable,
  type WriterEnvironment,
} from './edge-config-writer.ts';
import { environment } from './platform.ts';
import { describe, RefreshFailure, toRefreshFailure } from './refresh-failure.ts';
import { sha256 } from './sha256.ts';
import { uncachedFetch } from './uncached-fetch.ts';

/** Seconds: half of the time for which a key set is used at once. */
const REWRITE_AFTER = 180;

/** Milliseconds for Pomerium: as long as `remoteKeys` gives it, and a little for the stores. */
const REFRESH_LIMIT = 6_000;

/** Which keys are fetched, as the gate's options of the same names say it, and when they are written. */
export interface RefreshRouteOptions
  extends Pick<AuthOptions, 'audience' | 'issuer' | 'routes' | 'listClaims' | 'leaveToPomerium' | 'onEvent' | 'now'> {
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

/** Every one, or it does not compile. */
const OPTIONS = Object.keys({
  audience: true,
  issuer: true,
  routes: true,
  listClaims: true,
  leaveToPomerium: true,
  onEvent: true,
  now: true,
  rewriteAfter: true,
  api: true,
} satisfies Record<keyof RefreshRouteOptions, true>);

/** The variables that the route needs beside those of every adapter. */
interface RouteEnvironment extends WriterEnvironment {
  /** Vercel sends it with every cron request. */
  readonly CRON_SECRET?: string;
}

/**
 * A route for Vercel's cron: asks Pomerium for its keys and writes them into the Edge Config that `edgeConfigStore` reads,
 * when they changed or when those there are `rewriteAfter` old. Only for callers that know `CRON_SECRET`. What fails is a 500 with
 * a code (`invalid_configuration`, `keys_unavailable`, `edge_config_unreadable`, `edge_config_unwritable`), and a line of the log
 * says which request it was and why.
 *
 * @throws {PomeriumError} `invalid_configuration` at once, for an option that there is not
 *
 * @example
 * ```ts
 * export const GET = createRefreshRoute() // in app/api/pomerium-keys/route.ts, and a cron in vercel.json
 * ```
 */
export function createRefreshRoute(options: RefreshRouteOptions = {}): (request: Request) => Promise<Response> {
  requireOptions(options);
  requireKnown(options, OPTIONS, 'option');
  const { api, ...given } = options;
  return async (request) => {
    try {
      const env: RouteEnvironment = environment();
      const secret = requireVariable('CRON_SECRET', env.CRON_SECRET);
      // Compared as hashes: how long that takes tells nothing about the secret.
      const isCron = (await sha256(request.headers.get('authorization') ?? '')) === (await sha256(`Bearer ${secret}`));
      if (!isCron) return answer(401, { refreshed: false });
      const write = edgeConfigWriter(env, api);
      const items = await refreshedItems(given, env);
      if (items.length > 0) await write(items);
      return answer(200, { refreshed: true, written: items.length });
    } catch (error) {
      const { code, request, message } = toRefreshFailure(error);
      console.error(JSON.stringify({ type: 'edge_config_not_refreshed', code, request, message }));
      return answer(500, { refreshed: false, code });
    }
  };
}

/** What has to be written, if anything. Throws when Pomerium or the Edge Config could not be asked. Nothing is kept between two runs. */
async function refreshedItems(
  { rewriteAfter = REWRITE_AFTER, ...options }: Omit<RefreshRouteOptions, 'api'>,
  env: RouteEnvironment,
): Promise<EdgeConfigItem[]> {
  const fresh = new Map<string, string>();
  let readError: string | undefined;
  const { getItem } = edgeConfigStore();
  const edgeConfig = {
    async getItem(key: string) {
      try {
        return await getItem(key);
      } catch (error) {
        readError = describe(error);
        throw error;
      }
    },
    setItem: (key: string, value: string) => void fresh.set(key, value),
  };
  let failure: RefreshFailure | undefined;
  const onEvent = (event: PomeriumEvent) => {
    if (event.type === 'keys_refresh_failed') {
      failure = new RefreshFailure('keys_unavailable', event.message, `GET ${event.url}`);
    } else if (event.type === 'store_failed' && event.operation === 'set') {
      // It is read before it is written: what is not known to be old is not written.
      const why = `The Edge Config could not be read: ${readError ?? event.message}`;
      failure = new RefreshFailure('edge_config_unreadable', why, `GET the Edge Config ${edgeConfigId(env)}`);
    }
    return options.onEvent?.(event);
  };
  const { waitUntil, settle } = collectPending({ limit: REFRESH_LIMIT });
  const store = throttledStore(edgeConfig, { rewriteAfter });
  const verifier = createVerifier(readEnvironment(env, { ...options, onEvent, store }, { fetch: uncachedFetch }));
  try {
    await verifier.ready({ waitUntil });
    await settle();
  } catch (error) {
    throw failure ?? error;
  }
  if (failure !== undefined) throw failure;
  return Promise.all([...fresh].map(async ([key, value]) => ({ key: await edgeConfigKey(key), value })));
}

function answer(status: number, body: object): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } });
}
