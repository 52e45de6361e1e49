import {
  configurationError,
  describeFetchFailure,
  describeValue,
  type Identity,
  parseUrl,
  readBoolean,
  readFlag,
  readVariables,
  withoutCache,
} from '../../core/adapter.ts';
import type { GuardEnvironment, GuardOptions, UpstreamTarget } from './guard-options.ts';
import { markSent } from './loop.ts';
import type { ServiceBinding } from './platform.ts';
import type { WorkersContext } from './workers-types.ts';

/** Sends a request on. `headers`: those that go on with it. */
export type Upstream<Env> = (
  request: Request,
  headers: Headers,
  env: Env,
  ctx: WorkersContext,
  identity: Identity | undefined,
) => Promise<Response>;

type Send = (request: Request) => Promise<Response>;

const VARIABLES = { upstreamCache: ['POMERIUM_UPSTREAM_CACHE', readFlag] } as const;

/**
 * Where requests go; undefined where nothing says it.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function readUpstream<Env>(
  variables: GuardEnvironment,
  { upstream: option, upstreamCache }: Pick<GuardOptions<Env>, 'upstream' | 'upstreamCache'>,
): Upstream<Env> | undefined {
  const upstream = option ?? variables.POMERIUM_UPSTREAM;
  const usesCache =
    readBoolean('upstreamCache', upstreamCache) ?? readVariables({ ...variables }, VARIABLES).upstreamCache;
  // Cloudflare's cache keeps what looks like a static file (`/statement.pdf`) for two hours by its URL alone.
  const init = usesCache ? {} : withoutCache();
  if (!upstream) return undefined;
  if (typeof upstream !== 'function') {
    const send = sendTo(upstream, init);
    return async (request, headers) => send(requestToSend(request, headers));
  }
  return async (request, headers, env, ctx, identity) => {
    const passed = requestToSend(request, headers);
    const target = await chosen(() => upstream(passed, env, ctx, identity));
    return sendTo(isEntrypoint(target) ? target({ props: { identity } }) : target, init)(passed);
  };
}

/** What the user's function chooses. It fails for a reason of its own, which is no failure to reach anything. */
async function chosen(choose: () => UpstreamTarget | Promise<UpstreamTarget>): Promise<UpstreamTarget> {
  try {
    return await choose();
  } catch (error) {
    throw configurationError(`The function upstream failed: ${describeFetchFailure(error)}.`);
  }
}

function sendTo(target: UpstreamTarget, init: RequestInit): Send {
  if (target === 'route') return (request) => fetch(markSent(request, { isOwnHost: true }), init);
  if (typeof target === 'string' || target instanceof URL) {
    const { origin, host } = readOrigin(String(target));
    return (request) => {
      const url = new URL(request.url);
      const sent = markSent(request, { isOwnHost: url.host === host });
      // Joined as text: a path that begins with // must not become another host.
      return fetch(new Request(`${origin}${url.pathname}${url.search}`, sent), init);
    };
  }
  if (typeof target?.fetch !== 'function')
    throw configurationError(`The upstream must be an origin, or have a fetch; it is ${describeValue(target)}.`);
  return (request) => target.fetch(markSent(request, { isOwnHost: false }));
}

/** One of `ctx.exports`: called, it is the entrypoint with these `props`; as it is, it has none, and Workers Cache one answer for all. */
function isEntrypoint(target: UpstreamTarget): target is ServiceBinding & ((options: object) => ServiceBinding) {
  return typeof target === 'function';
}

/** Method, body stream and upgrade as they came. A redirect is the client's to follow, so that it comes back through Pomerium. */
function requestToSend(request: Request, headers: Headers): Request {
  return new Request(request, { headers, redirect: 'manual' });
}

function readOrigin(upstream: string): URL {
  const url = parseUrl(upstream);
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '') return url;
  throw configurationError(
    `The upstream ${describeValue(upstream)} is not an origin, as in https://app.internal.example.com, nor the word route.`,
  );
}
