import type { NextFetchEvent, NextRequest } from 'next/server.js';
import { type Middleware, makeMiddleware, type NextMiddleware } from '../vercel/middleware.ts';
import type { MiddlewareOptions } from '../vercel/options.ts';

export type ProxyOptions = MiddlewareOptions;

/** A proxy of your own, called for requests that may go on, and told for whom they are. */
export type NextProxy = NextMiddleware<NextRequest, NextFetchEvent>;

/** What `proxy.ts` and `middleware.ts` export. */
export type Proxy = Middleware<NextRequest, NextFetchEvent>;

/**
 * The gate: lets requests on only if they came through Pomerium, without unverified Pomerium headers, with the
 * assertion. Others get a `problemResponse`, or a page where `Accept` asks for one. A gate can be gone around (a matcher that
 * leaves a path out, CVE-2025-29927): code that reads data calls `requireIdentity`, which verifies again.
 *
 * The paths of `rules` are those of the app's routes, as in a matcher: without `basePath` and locale.
 *
 * `next` is your own proxy; `identity` is undefined on public paths. What it answers is the answer, and where it lets the
 * request on, its request headers and the verified ones.
 *
 * @example
 * export const proxy = createProxy({ audience: 'app.corp.example.com' }) // in proxy.ts
 */
export function createProxy(options: ProxyOptions = {}, next?: NextProxy): Proxy {
  return makeMiddleware(options, next, { clean: cleanInPlace, pathOf: ({ nextUrl }) => nextUrl.pathname });
}

/** The same object: a copy would lose what `nextUrl` knows of `basePath` and locales. */
function cleanInPlace(request: NextRequest, headers: Headers): NextRequest {
  for (const name of [...request.headers.keys()]) if (!headers.has(name)) request.headers.delete(name);
  return request;
}
