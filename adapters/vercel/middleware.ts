import {
  configurationError,
  forward,
  type GateRequest,
  type Identity,
  type OnRefused,
  type RefusedRequest,
  readBoolean,
  readFunction,
  requireOptions,
  withHeaders,
} from '../../core/adapter.ts';
import { lazyGate } from './lazy-gate.ts';
import type { MiddlewareOptions } from './options.ts';
import { leavesOrigins, letsOn, nextResponse, passOn, requestHeaders, withoutAssertion } from './pass-on.ts';
import type { WaitUntil } from './platform.ts';
import { requestWithHeaders } from './request-with-headers.ts';

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
 * with the assertion, so that what is behind can verify it again. Others get a `problemResponse`, a page where `Accept` asks
 * for one, or what `onRefused` answers. `next` is your own middleware; `identity` is undefined where nobody may pass. What it
 * answers is the answer, and where it lets the request on, its request headers are the request's.
 *
 * @throws {PomeriumError} `invalid_configuration` at once, for options that cannot work; what is wrong with the environment
 * refuses every request
 *
 * @example
 * ```ts
 * export default createMiddleware({ audience: 'app.corp.example.com' })
 * ```
 */
export function createMiddleware<Context extends WaitUntil = WaitUntil>(
  options: MiddlewareOptions = {},
  next?: NextMiddleware<Request, Context>,
): Middleware<Request, Context> {
  return makeMiddleware(options, next, {
    toGateRequest: (request) => request,
    toRefusedRequest: (request) => request,
    clean: requestWithHeaders,
    urlsOf: ({ url }) => [url],
    // It would override that of every page.
    cacheControlOf: () => undefined,
  });
}

/** How a platform's requests differ from `Request`. */
interface RequestKind<Req> {
  /** The request as the gate reads it. */
  readonly toGateRequest: (request: Req) => GateRequest;
  /** The request as the page of a refusal reads it. */
  readonly toRefusedRequest: (request: Req) => RefusedRequest;
  /** The request with other headers. */
  readonly clean: (request: Req, headers: Headers) => Req;
  /** URLs of the app: a rewrite to the origin of one of them stays in it. */
  readonly urlsOf: (request: Req) => readonly [string, ...string[]];
  /** What `Cache-Control` an answer gets that lets the request on, where nobody else may have it. Undefined: that of the page. */
  readonly cacheControlOf: (request: GateRequest) => string | undefined;
}

export function makeMiddleware<Req extends Request, Context extends WaitUntil>(
  given: MiddlewareOptions<Req>,
  next: NextMiddleware<Req, Context> | undefined,
  { toGateRequest, toRefusedRequest, clean, urlsOf, cacheControlOf }: RequestKind<Req>,
): Middleware<Req, Context> {
  requireOptions(given);
  readFunction('next', next);
  const { keepAssertionOnRewrite, onRefused, ...options } = given;
  const keepsAssertion = readBoolean('keepAssertionOnRewrite', keepAssertionOnRewrite) ?? false;
  const gate = lazyGate<Req>(
    { ...options, ...(onRefused !== undefined && { onRefused: answering(onRefused) }) },
    { ownOptions: ['keepAssertionOnRewrite'] },
  );
  return async (request, context) => {
    const gateRequest = toGateRequest(request);
    const result = await gate.authorize(gateRequest, { platform: context });
    if (result.type === 'refuse') return gate.refuse(result.error, toRefusedRequest(request), request);
    const forwarded = forward(request.headers, result.headers);
    const own = await next?.(clean(request, forwarded), context ?? ({} as Context), result.identity);
    const answer = own || nextResponse();
    const answerHeaders = gate.answerHeaders((name) => answer.headers.get(name));
    if (!letsOn(answer)) return withHeaders(answer, answerHeaders);
    const wanted = requestHeaders(answer, forwarded);
    const leaves = !keepsAssertion && leavesOrigins(answer, urlsOf(request));
    const cacheControl = result.isForAnybody ? undefined : cacheControlOf(gateRequest);
    const more = answerHeaders.flatMap(([name, value]): [string, string][] => {
      if (name !== 'cache-control') return [[name, value]];
      return cacheControl === undefined ? [] : [[name, cacheControl]];
    });
    return passOn(answer, leaves ? withoutAssertion(wanted, forwarded) : wanted, more);
  };
}

/** Ensures that what was refused is answered: `NextResponse.next()` would let it on, and a rewrite, too. */
function answering<Req>(onRefused: OnRefused<Req>): OnRefused<Req> {
  if (typeof onRefused !== 'function') return onRefused;
  return async (error, request) => {
    const answer = await onRefused(error, request);
    // Not by its class: it may be of another realm. What has no headers, the gate does not send.
    if (typeof answer?.headers?.get !== 'function' || !letsOn(answer)) return answer;
    throw configurationError(
      'onRefused would let the refused request on; return a redirect or a page, or undefined for the answer of the gate.',
    );
  };
}
