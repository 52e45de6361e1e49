import type { Identity, SignedInOptions } from '../../core/adapter.ts';
import { toMember } from './member.ts';
import type { LambdaOptions } from './options.ts';
import type { ProxyEvent } from './proxy-event.ts';
import { type AllowedEvent, createProxyGate, type RefusedEvent } from './proxy-gate.ts';
import { statusText } from './status-text.ts';

/** Middy's request, as far as it is used. */
interface MiddyRequest<Event> {
  event: Event;
  response?: unknown;
}

/** A Middy middleware after which the event has the `identity`. Methods, so that it fits where nothing is known of the event. */
export interface PomeriumMiddleware<Event> {
  before(request: MiddyRequest<Event>): Promise<void>;
  after(request: MiddyRequest<Event>): void;
  onError(request: MiddyRequest<Event>): void;
}

/**
 * `withPomerium` as a Middy middleware: `event.identity` is for whom the request came, undefined where options let requests
 * for nobody pass. A refusal is thrown, with `statusCode`, `headers` and `cause` as Middy's own errors have them, so that the
 * error handlers after it and the CORS headers before it are as for any other; where nobody answers it, the gate does.
 *
 * @throws {PomeriumError} `invalid_configuration` at once; and a `TypeError` for an event that is no HTTP request
 *
 * @example
 * ```ts
 * middy()
 *   .use(httpCors())
 *   .use(pomeriumMiddleware())
 *   .handler(async (event) => ({ statusCode: 200, body: event.identity.email ?? '' }))
 * ```
 */
export function pomeriumMiddleware<Event = ProxyEvent>(
  options?: SignedInOptions<LambdaOptions<Event>>,
): PomeriumMiddleware<Event & { identity: Identity }>;
export function pomeriumMiddleware<Event = ProxyEvent>(
  options: LambdaOptions<Event>,
): PomeriumMiddleware<Event & { identity: Identity | undefined }>;
export function pomeriumMiddleware<Event>(options: LambdaOptions<Event> = {}): PomeriumMiddleware<Event> {
  const gate = createProxyGate(options);
  const results = new WeakMap<MiddyRequest<Event>, AllowedEvent<Event> | RefusedEvent>();
  /** Also for an answer that another middleware makes of an error. */
  const markAnswer = (request: MiddyRequest<Event>): void => {
    const result = results.get(request);
    if (result?.type === 'allow' && request.response !== undefined) {
      request.response = result.privateAnswer(request.response);
    }
  };
  return {
    async before(request) {
      const result = await gate.authorize(request.event, toMember(request)['context']);
      results.set(request, result);
      if (result.type === 'refuse') throw toMiddyError(result);
      request.event = Object.assign(result.event as object, { identity: result.identity }) as Event;
    },
    after: markAnswer,
    onError(request) {
      const result = results.get(request);
      if (result?.type === 'refuse') request.response ??= result.answer;
      else markAnswer(request);
    },
  };
}

/** As `createError` of `@middy/util` makes them. `expose`: an error handler may show the message, on a 503, too. */
function toMiddyError({ error, answer }: RefusedEvent): Error {
  const { statusCode, headers = {}, multiValueHeaders = {} } = answer;
  const lines = [
    ...Object.entries(headers),
    ...Object.entries(multiValueHeaders).map(([name, [value = '']]) => [name, value]),
  ];
  const cause = { package: 'pomerium-edge', data: { code: error.code } };
  return Object.assign(new Error(statusText(statusCode), { cause }), {
    statusCode,
    status: statusCode,
    expose: true,
    // An error handler writes a body of its own.
    headers: Object.fromEntries(lines.filter(([name]) => name !== 'content-type')),
  });
}
