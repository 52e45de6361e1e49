import type { NextFetchEvent, NextRequest } from 'next/server.js';
import { type GateRequest, imageSources, readPath } from '../../core/adapter.ts';
import { type Middleware, makeMiddleware, type NextMiddleware } from '../vercel/middleware.ts';
import type { MiddlewareOptions } from '../vercel/options.ts';
import { cleanInPlace } from './clean-in-place.ts';
import { interceptingPages } from './intercepting-pages.ts';
import { browserPaths, pagePaths } from './page-paths.ts';

/** Options of every gate (docs/gate.md) and of middleware. Each one replaces what the environment says. */
export type ProxyOptions = MiddlewareOptions<NextRequest>;

/** A proxy of your own, called for requests that may go on, and told for whom they are. */
export type NextProxy = NextMiddleware<NextRequest, NextFetchEvent>;

/** What `proxy.ts` and `middleware.ts` export. */
export type Proxy = Middleware<NextRequest, NextFetchEvent>;

/**
 * The gate: lets requests on only if they came through Pomerium, without unverified Pomerium headers, with the
 * assertion. Others get a `problemResponse`, a page where `Accept` asks for one, or what `onRefused` answers. A gate can be
 * gone around (a matcher that leaves a path out, CVE-2025-29927): code that reads data calls `requireIdentity`, which verifies
 * again.
 *
 * The paths of `rules` are those of the app's routes, as in a matcher: without `basePath` and locale. Pomerium's own `routes` are
 * held against the path that the browser asks for; data URLs (`/_next/data/…`) count as their page, which is all that Next.js shows.
 *
 * `next` is your own proxy; `identity` is undefined where nobody may pass. What it answers is the answer, and where it lets
 * the request on, its request headers are the request's.
 *
 * @throws {PomeriumError} `invalid_configuration` at once, for options that cannot work; what is wrong with the environment
 * refuses every request
 *
 * @example
 * ```ts
 * export const proxy = createProxy({ audience: 'app.corp.example.com' }) // in proxy.ts
 * ```
 */
export function createProxy(options: ProxyOptions = {}, next?: NextProxy): Proxy {
  return makeMiddleware(options, next, {
    toGateRequest,
    toRefusedRequest: ({ method, headers, url, nextUrl }) => ({ method, headers, url, basePath: nextUrl.basePath }),
    clean: cleanInPlace,
    urlsOf: ({ url, nextUrl }) => [url, nextUrl.origin],
    cacheControlOf,
  });
}

function toGateRequest(request: NextRequest): GateRequest {
  const { method, headers, nextUrl } = request;
  const [url, ...more] = pagePaths(request);
  const images = imageSources(url + nextUrl.search);
  const aliases = [...more, ...images.map((image) => pathOfImage(image, nextUrl))];
  const sent = { targets: browserPaths([url], nextUrl), aliases: browserPaths(aliases, nextUrl), images };
  return { method, url, aliases, sent, headers, shownIn: interceptingPages(headers, url) };
}

/** The path of an image of which the optimiser serves a copy, without `basePath`, as rules have paths. */
function pathOfImage(source: string, { basePath }: NextRequest['nextUrl']): string {
  const image = URL.canParse(source) ? new URL(source).pathname : source;
  return basePath && image.startsWith(`${basePath}/`) ? image.slice(basePath.length) : image;
}

/** Files of `public/`, which browsers may keep and ask for again. */
const ASSET = /\.(avif|css|gif|ico|jpe?g|m?js|mp4|png|svg|ttf|webm|webp|woff2?)$/i;

/**
 * Next.js marks pages that the build made as `s-maxage` and replaces `Vary` on pages of the App Router, so that a shared cache
 * would give them to anybody; but it keeps a `Cache-Control` that is there. Pages that are made for a request keep what it
 * gives them, and names under `/_next/static` change with their content.
 */
function cacheControlOf({ url = '' }: GateRequest): string {
  const path = readPath(url) ?? '';
  if (path.startsWith('/_next/static/')) return 'private, max-age=31536000, immutable';
  return ASSET.test(path) ? 'private, no-cache' : 'private, no-cache, no-store, max-age=0, must-revalidate';
}
