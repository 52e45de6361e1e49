import { Hono } from 'hono';
import { NextRequest } from 'next/server.js';
import { withPomerium } from '../../adapters/cloudflare/index.ts';
import { pomerium as honoPomerium } from '../../adapters/hono/index.ts';
import { createProxy } from '../../adapters/next/index.ts';
import { createMiddleware } from '../../adapters/vercel/index.ts';
import type { KeySource } from '../../core/index.ts';
import { passedHeaders } from '../adapters/vercel/support.ts';

interface Options {
  audience: string;
  keys: KeySource;
  now: () => number;
  log: boolean;
  removeHeaders?: string[];
  claimHeaders?: Record<string, string>;
  keepAssertion?: boolean;
}
/** What the code behind an adapter gets of a request; undefined where it is refused. */
type Place = (request: Request) => Promise<Headers | undefined>;

const context = { waitUntil: () => {}, passThroughOnException: () => {} };

/** The adapters for Fetch, as they stand before somebody's code. */
export const PLACES: Readonly<Record<string, (options: Options) => Place>> = {
  Hono(options) {
    let behind: Headers | undefined;
    const app = new Hono().use(honoPomerium(options)).all('*', (c) => {
      behind = c.req.raw.headers;
      return c.body(null);
    });
    return async (request) => {
      behind = undefined;
      await app.fetch(request);
      return behind;
    };
  },
  'a Worker'(options) {
    let behind: Headers | undefined;
    const fetch = async (request: Request) => {
      behind = request.headers;
      return new Response();
    };
    const worker = withPomerium({ fetch }, options);
    return async (request) => {
      behind = undefined;
      await worker.fetch?.(request, {}, context as never);
      return behind;
    };
  },
  "Vercel's middleware"(options) {
    const middleware = createMiddleware(options);
    return async (request) => overridden(await middleware(request));
  },
  "Next.js's proxy"(options) {
    const proxy = createProxy(options);
    return async (request) => overridden(await proxy(new NextRequest(request), context as never));
  },
};

/** What Next.js and Vercel make of the answer: only these headers go on. */
function overridden(answer: Response): Headers | undefined {
  if (answer.headers.get('x-middleware-next') !== '1') return undefined;
  return new Headers(Object.entries(passedHeaders(answer)).map(([name, value]) => [name, value ?? '']));
}
