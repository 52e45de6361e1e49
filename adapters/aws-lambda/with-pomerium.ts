import { type Identity, requireHandler, type SignedInOptions } from '../../core/adapter.ts';
import type { LambdaOptions } from './options.ts';
import type { ProxyAnswer } from './proxy-answer.ts';
import type { LambdaContext, ProxyEvent } from './proxy-event.ts';
import { createProxyGate } from './proxy-gate.ts';
import { endWith, isResponseStream, type ResponseStream, requireUnstreamed } from './response-stream.ts';

/** A function behind a Function URL, an HTTP API, a REST API, an ALB or VPC Lattice, told for whom the request came. */
export type IdentifiedHandler<Event, Context, Answer, Who = Identity> = (
  event: Event,
  context: Context,
  identity: Who,
) => Answer | Promise<Answer>;

/**
 * The same for `awslambda.streamifyResponse`: it writes its answer to the stream, and ends it.
 *
 * @example
 * ```ts
 * const stream: StreamingHandler = async (event, responseStream, context, identity) => {
 *   responseStream.write(`Hello ${identity.email}`)
 *   responseStream.end()
 * }
 * export const handler = awslambda.streamifyResponse(withPomerium(stream))
 * ```
 */
export type StreamingHandler<
  Event = ProxyEvent,
  Stream extends ResponseStream = ResponseStream,
  Context extends LambdaContext = LambdaContext,
  Who = Identity,
> = (event: Event, responseStream: Stream, context: Context, identity: Who) => unknown;

interface Prepared {
  /** Resolves once the keys are there, or after 2 s; never rejects. */
  readonly ready: Promise<void>;
}

/** The same function as Lambda calls it; `await` its `ready` at the top of the module to have the keys before the first request. */
export type ProtectedHandler<Event, Context, Answer> = Prepared &
  ((event: Event, context: Context) => Promise<Answer | ProxyAnswer>);

/** The same for `awslambda.streamifyResponse`. */
export type ProtectedStreamingHandler<Event, Stream, Context> = Prepared &
  ((event: Event, responseStream: Stream, context: Context) => Promise<void>);

/**
 * Wraps a function that is called over HTTP: the handler only runs for requests that came through Pomerium, with the identity
 * as last argument and an event without unverified Pomerium headers; its answer is kept out of shared caches. Where
 * `routes`, `optional`, `rules` or `allowPreflight` let requests for nobody pass, the identity is undefined for them.
 *
 * Under `awslambda.streamifyResponse` the handler is a `StreamingHandler`: a refused request is answered by the stream, which is
 * ended. What an allowed one writes is the handler's own, the headers that keep it out of caches included.
 *
 * @throws {PomeriumError} `invalid_configuration` at once; and a `TypeError` for an event that is no HTTP request
 *
 * @example
 * ```ts
 * export const handler = withPomerium(async (event, context, identity) => ({ statusCode: 200, body: identity.email ?? '' }))
 * ```
 */
export function withPomerium<Event = ProxyEvent, Context = LambdaContext, Answer = unknown>(
  handler: IdentifiedHandler<Event, Context, Answer>,
  options?: SignedInOptions<LambdaOptions<Event>>,
): ProtectedHandler<Event, Context, Answer>;
export function withPomerium<Event = ProxyEvent, Context = LambdaContext, Answer = unknown>(
  handler: IdentifiedHandler<Event, Context, Answer, Identity | undefined>,
  options: LambdaOptions<Event>,
): ProtectedHandler<Event, Context, Answer>;
export function withPomerium<
  Event = ProxyEvent,
  Stream extends ResponseStream = ResponseStream,
  Context extends LambdaContext = LambdaContext,
>(
  handler: StreamingHandler<Event, Stream, Context>,
  options?: SignedInOptions<LambdaOptions<Event>>,
): ProtectedStreamingHandler<Event, Stream, Context>;
export function withPomerium<
  Event = ProxyEvent,
  Stream extends ResponseStream = ResponseStream,
  Context extends LambdaContext = LambdaContext,
>(
  handler: StreamingHandler<Event, Stream, Context, Identity | undefined>,
  options: LambdaOptions<Event>,
): ProtectedStreamingHandler<Event, Stream, Context>;
export function withPomerium<Event>(
  // The overloads say what the handler takes, and whether it expects nobody.
  handler: (event: Event, ...others: never[]) => unknown,
  options: LambdaOptions<Event> = {},
): Prepared & ((event: Event, ...others: unknown[]) => Promise<unknown>) {
  requireHandler(handler);
  requireUnstreamed(handler);
  const gate = createProxyGate(options);
  const call = (event: Event, ...others: unknown[]) => handler(event, ...(others as never[]));

  const buffered = async (event: Event, context: unknown) => {
    if (handler.length > 3) throw new TypeError(NOT_STREAMED);
    const result = await gate.authorize(event, context);
    if (result.type === 'refuse') return result.answer;
    return result.privateAnswer(await call(result.event, context, result.identity));
  };
  const streamed = async (event: Event, stream: ResponseStream, context: unknown) => {
    const result = await gate.authorize(event, context);
    if (result.type === 'refuse') return endWith(result.answer, stream);
    // A handler of (event, context, identity) would take Lambda's context for somebody.
    if (!result.identity && handler.length === 3) throw new TypeError(THREE_FOR_NOBODY);
    const returned = await call(result.event, stream, context, result.identity);
    // Lambda ignores it, and would wait for the stream until the function's timeout.
    if (isAnswer(returned) && stream.writableEnded === false) throw new TypeError(NOT_STREAMING);
  };
  // Lambda refuses a handler that declares three parameters: it takes the third for a callback.
  const wrapped = (event: Event, ...[second, third]: unknown[]) =>
    isResponseStream(second) ? streamed(event, second, third) : buffered(event, second);
  return Object.assign(wrapped, { ready: gate.ready });
}

/** A stream is what `pipeline` returns. */
function isAnswer(returned: unknown): boolean {
  return typeof returned === 'string' || (Object(returned) === returned && !isResponseStream(returned));
}

const NOT_STREAMED =
  'pomerium-edge: the handler takes four parameters, and Lambda gave no response stream; write awslambda.streamifyResponse(withPomerium(handler)), or a handler of (event, context, identity).';

const THREE_FOR_NOBODY =
  'pomerium-edge: under awslambda.streamifyResponse, where requests for nobody may pass, the handler must declare all of (event, responseStream, context, identity).';

const NOT_STREAMING =
  'pomerium-edge: the handler returned its answer, which Lambda ignores under awslambda.streamifyResponse; write to the stream and end it, in a handler of (event, responseStream, context, identity), or leave streamifyResponse out.';
