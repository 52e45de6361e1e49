import type { Identity } from '../../core/adapter.ts';
import { makeGate } from './gate.ts';
import type { MiddlewareOptions } from './options.ts';
import { keepVerified, passOn } from './pass-on.ts';
import type { WaitUntil } from './platform.ts';
import { withHeaders } from './with-headers.ts';

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is one that lets the request on
type Answer = Response | null | undefined | void;

/** Middleware of the user's own, called for requests that may go on, and told for whom they are. */
export type NextMiddleware<Req extends Request, Context> = (
  request: Req,
  context: Context,
  identity: Identity | undefined,
) => Answer | Promise<Answer>;

/** Vercel's routing middleware. */
export type Middleware<Req extends Request, Context> = (request: Req, context?: Context) => Promise<Response>;

/**
 * Routing middleware that lets requests on only if they came through Pomerium: without unverified Pomerium headers,
 * with the assertion, so that what is behind can verify it again. Others get a `problemResponse`, or a page where
 * `Accept` asks for one. `next` is your own middleware; `identity` is undefined on public paths. What it answers is the
 * answer, and where it lets the request on, its request headers and the verified ones.
 *
 * @example
 * export default createMiddleware({ audience: 'app.corp.example.com' })
 */
export function createMiddleware<Context extends WaitUntil = WaitUntil>(
  options: MiddlewareOptions = {},
  next?: NextMiddleware<Request, Context>,
): Middleware<Request, Context> {
  return makeMiddleware(options, next, {
    clean: withHeaders,
    pathOf: ({ url }) => url,
  });
}

/** How a platform's requests differ from `Request`. */
interface RequestKind<Req> {
  /** The request with other headers. */
  readonly clean: (request: Req, headers: Headers) => Req;
  /** The URL or path that the rules are about. */
  readonly pathOf: (request: Req) => string;
}

export function makeMiddleware<Req extends Request, Context extends WaitUntil>(
  options: MiddlewareOptions,
  next: NextMiddleware<Req, Context> | undefined,
  { clean, pathOf }: RequestKind<Req>,
): Middleware<Req, Context> {
  const gate = makeGate(options, pathOf);
  return async (request, context) => {
    const { refusal, headers, identity } = await gate(request, context);
    if (refusal) return refusal;
    const answer = await next?.(clean(request, headers), context ?? ({} as Context), identity);
    return answer ? keepVerified(answer, headers) : passOn(headers);
  };
}
