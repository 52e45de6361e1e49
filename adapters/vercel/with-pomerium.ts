import {
  forward,
  type GateOptions,
  type GateRequest,
  type Identity,
  type RefusedRequest,
  requireHandler,
  type SignedInOptions,
  withHeaders,
} from '../../core/adapter.ts';
import { lazyGate } from './lazy-gate.ts';
import { requestWithHeaders } from './request-with-headers.ts';

/** A Web-standard function that is told for whom the request came. `rest`: whatever the platform gives beside the request. */
export type IdentifiedHandler<Rest extends readonly unknown[], Who = Identity> = (
  request: Request,
  identity: Who,
  ...rest: Rest
) => Response | Promise<Response>;

/**
 * Wraps a Web-standard function: it is only called for requests that came through Pomerium, without unverified Pomerium headers.
 * Others get a `problemResponse`, a page where `Accept` asks for one, or what `onRefused` answers. Where `routes`, `optional`,
 * `rules` or `allowPreflight` let requests for nobody pass, here or in the environment, the identity is undefined for them.
 *
 * @throws {PomeriumError} `invalid_configuration` at once, for options that cannot work; what is wrong with the environment
 * refuses every request
 *
 * @example
 * ```ts
 * export const GET = withPomerium((request, identity) => new Response(`Hello ${identity.email}`))
 * ```
 */
export function withPomerium<Rest extends readonly unknown[] = []>(
  handler: IdentifiedHandler<Rest>,
  options?: SignedInOptions<GateOptions<Request>>,
): (request: Request, ...rest: Rest) => Promise<Response>;
export function withPomerium<Rest extends readonly unknown[] = []>(
  handler: IdentifiedHandler<Rest, Identity | undefined>,
  options: GateOptions<Request>,
): (request: Request, ...rest: Rest) => Promise<Response>;
export function withPomerium<Rest extends readonly unknown[], Who extends Identity | undefined>(
  handler: IdentifiedHandler<Rest, Who>,
  options: GateOptions<Request> = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  return wrapHandler(handler, options, { toGateRequest: itself, toRefusedRequest: itself, clean: requestWithHeaders });
}

function itself(request: Request): Request {
  return request;
}

/** How a platform's requests differ from `Request`. */
interface RequestKind<Req> {
  /** The request as the gate reads it. */
  readonly toGateRequest: (request: Req) => GateRequest;
  /** The request with the URL that the browser has, for the page of a refusal. */
  readonly toRefusedRequest: (request: Req) => RefusedRequest;
  /** The request with other headers. */
  readonly clean: (request: Req, headers: Headers) => Req;
}

export function wrapHandler<Req extends Request, Rest extends readonly unknown[], Who extends Identity | undefined>(
  handler: (request: Req, identity: Who, ...rest: Rest) => Response | Promise<Response>,
  options: GateOptions<Req>,
  { toGateRequest, toRefusedRequest, clean }: RequestKind<Req>,
): (request: Req, ...rest: Rest) => Promise<Response> {
  requireHandler(handler);
  const gate = lazyGate<Req>(options);
  return async (request, ...rest) => {
    const result = await gate.authorize(toGateRequest(request), { platform: rest[0] });
    if (result.type === 'refuse') return gate.refuse(result.error, toRefusedRequest(request), request);
    const cleaned = clean(request, forward(request.headers, result.headers));
    // The overloads say who it may be.
    const answer = await handler(cleaned, result.identity as Who, ...rest);
    return withHeaders(
      answer,
      gate.answerHeaders((name) => answer.headers.get(name)),
    );
  };
}
