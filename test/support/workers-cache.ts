import { answer, lifetimeOf, type StoredResponse, storedResponse } from './http-cache.ts';

/** Answers as the cache has them: under each key, one for each value of the headers in `Vary`. */
export type WorkersCacheEntries = Map<string, Variant[]>;

interface Variant extends StoredResponse {
  readonly varyOn: readonly (readonly [name: string, value: string | null])[];
}

export interface WorkersCacheOptions {
  /** Seconds since the epoch. */
  now: () => number;
  /** @defaultValue `default` */
  entrypoint?: string;
  /** `ctx.props`, by which the caller separates those for whom it asks. */
  props?: unknown;
  /** Of the Worker that is deployed. */
  version?: string;
  /**
   * For several entrypoints, props or versions of one Worker, which share a cache.
   * @defaultValue a cache of its own
   */
  entries?: WorkersCacheEntries;
}

type Fetch = (request: Request) => Promise<Response>;

/** https://developers.cloudflare.com/workers/cache/configuration/: seconds for answers without `Cache-Control`. */
const HEURISTIC: Readonly<Record<number, number>> = {
  200: 7200,
  203: 7200,
  204: 7200,
  300: 1200,
  301: 1200,
  404: 180,
  405: 60,
  410: 180,
  414: 60,
  501: 60,
};

/**
 * Cloudflare's Workers Cache before a Worker's `fetch`, by the rules of https://developers.cloudflare.com/workers/cache/.
 * A hit answers without the Worker. `CF-Cache-Status` says what happened.
 *
 * Where Cloudflare's pages leave something open, this stores and shares more. It leaves out what makes it share less:
 * Cache Deception Armor, and the headers that are in the key against poisoning (`X-Forwarded-Host`, `X-Original-URL` …).
 */
export function workersCache(worker: Fetch, options: WorkersCacheOptions): Fetch {
  const { now, entrypoint = 'default', version, props } = options;
  const entries: WorkersCacheEntries = options.entries ?? new Map();

  async function fill(request: Request, key: string, isRefresh: boolean): Promise<Response> {
    // HEAD becomes GET, so that the whole answer is stored.
    const response = await worker(request.method === 'HEAD' ? new Request(request, { method: 'GET' }) : request);
    const lifetime = lifetimeOf(request, response, HEURISTIC, now());
    const names = varyNames(response);
    const isFailedRefresh = isRefresh && response.status >= 500;
    if (!lifetime || names.includes('*') || isFailedRefresh) return answer(request, response.body, response, 'BYPASS');
    const bytes = await response.arrayBuffer();
    const variant = {
      ...storedResponse(response, bytes, lifetime, now()),
      varyOn: names.map((name) => [name, request.headers.get(name)] as const),
    };
    const others = (entries.get(key) ?? []).filter((other) => !isFor(request, other));
    entries.set(key, [variant, ...others]);
    return answer(request, bytes, response, isRefresh ? 'EXPIRED' : 'MISS');
  }

  return async (request) => {
    if (request.headers.has('upgrade') || !['GET', 'HEAD'].includes(request.method)) {
      const response = await worker(request);
      // An upgrade has a socket, which a copy would lose.
      return response.status === 101 ? response : answer(request, response.body, response, 'BYPASS');
    }
    const { pathname, search } = new URL(request.url);
    const key = JSON.stringify([entrypoint, version, pathname, search, props]);
    const stored = entries.get(key)?.find((variant) => isFor(request, variant));
    if (!stored) return fill(request, key, false);
    const staleFor = now() - stored.storedAt - stored.lifetime.fresh;
    if (staleFor < 0) return answer(request, stored.bytes, stored, 'HIT');
    const filled = await fill(request, key, true).catch((error: unknown) => ({ error }));
    if (staleFor < stored.lifetime.staleWhileRevalidate) return answer(request, stored.bytes, stored, 'UPDATING');
    const isFailure = 'error' in filled || filled.status >= 500;
    if (isFailure && staleFor < stored.lifetime.staleIfError) return answer(request, stored.bytes, stored, 'STALE');
    if ('error' in filled) throw filled.error;
    return filled;
  };
}

function varyNames(response: Response): string[] {
  const names = (response.headers.get('vary') ?? '').toLowerCase().split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

/** Compares verbatim, as Cloudflare does. */
function isFor(request: Request, { varyOn }: Variant): boolean {
  return varyOn.every(([name, value]) => request.headers.get(name) === value);
}
