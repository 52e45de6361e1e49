import type { NextRequest } from 'next/server.js';
import {
  configurationError,
  type GateOptions,
  type GateRequest,
  type Identity,
  type RefusedRequest,
  type SignedInOptions,
} from '../../core/adapter.ts';
import { wrapHandler } from '../vercel/with-pomerium.ts';
import { cleanInPlace } from './clean-in-place.ts';
import { handlerBasePath, handlerBrowserPaths, pagePaths } from './page-paths.ts';

/** A route handler that is told for whom the request came. `rest`: the `{ params }` that Next.js gives beside the request. */
export type IdentifiedRouteHandler<Rest extends readonly unknown[], Who = Identity> = (
  request: NextRequest,
  identity: Who,
  ...rest: Rest
) => Response | Promise<Response>;

/**
 * Wraps a route handler: it is only called for requests that came through Pomerium, and gets Next.js's own request (`cookies`,
 * `nextUrl`), without unverified Pomerium headers. Others get a `problemResponse`, a page where `Accept` asks for one, or what
 * `onRefused` answers. Where `routes`, `optional`, `rules` or `allowPreflight` let requests for nobody pass, here or in the
 * environment, the identity is undefined for them.
 *
 * @throws {PomeriumError} `invalid_configuration` at once, for options that cannot work; what is wrong with the environment
 * refuses every request
 *
 * @example
 * ```ts
 * export const GET = withPomerium(async (request, identity, { params }: RouteContext<'/notes/[id]'>) =>
 *   Response.json(await readNote((await params).id, identity.subject)))
 * ```
 */
export function withPomerium<Rest extends readonly unknown[] = []>(
  handler: IdentifiedRouteHandler<Rest>,
  options?: SignedInOptions<GateOptions<NextRequest>>,
): (request: NextRequest, ...rest: Rest) => Promise<Response>;
export function withPomerium<Rest extends readonly unknown[] = []>(
  handler: IdentifiedRouteHandler<Rest, Identity | undefined>,
  options: GateOptions<NextRequest>,
): (request: NextRequest, ...rest: Rest) => Promise<Response>;
export function withPomerium<Rest extends readonly unknown[], Who extends Identity | undefined>(
  handler: IdentifiedRouteHandler<Rest, Who>,
  options: GateOptions<NextRequest> = {},
): (request: NextRequest, ...rest: Rest) => Promise<Response> {
  return wrapHandler(handler, options, { toGateRequest, toRefusedRequest, clean: cleanInPlace });
}

/** As `createProxy` reads it: `rules` have the path without `basePath`, and `routes` that of the browser. */
function toGateRequest(request: NextRequest): GateRequest {
  const { method, headers, nextUrl } = requireNextRequest(request);
  const [path, ...aliases] = pagePaths(request);
  const sent = {
    targets: handlerBrowserPaths([path], nextUrl),
    aliases: handlerBrowserPaths(aliases, nextUrl),
  };
  return { method, url: nextUrl.origin + path, aliases, sent, headers };
}

/** With the URL to which the page of a refusal leads. */
function toRefusedRequest({ method, headers, url, nextUrl }: NextRequest): RefusedRequest {
  const { pathname, search } = new URL(url);
  const basePath = handlerBasePath(nextUrl);
  const lostBasePath = nextUrl.basePath ? '' : (basePath ?? '');
  return { method, headers, url: lostBasePath + pathname + search, basePath };
}

function requireNextRequest(request: NextRequest): NextRequest {
  if (request.nextUrl) return request;
  throw configurationError(
    'withPomerium() of pomerium-edge/next takes the NextRequest that Next.js gives; write new NextRequest(request) where you make one.',
  );
}
