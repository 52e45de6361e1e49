import { toMember } from './member.ts';
import type { LambdaOptions } from './options.ts';
import type { ProxyAnswer } from './proxy-answer.ts';
import { type AllowedEvent, createProxyGate } from './proxy-gate.ts';

/** Middy's request, as far as it is used. */
interface MiddyRequest {
  event: unknown;
  context?: unknown;
  response?: unknown;
}

/**
 * `withPomerium` as a Middy middleware: `event.identity` is for whom the request came, undefined where options let requests
 * for nobody pass; what did not come through Pomerium is answered before the handler runs. Use it first, so that it sees the
 * answer last.
 *
 * @throws {PomeriumError} `invalid_configuration` at once
 *
 * @example
 * ```ts
 * middy(async (event) => ({ statusCode: 200, body: event.identity.email })).use(pomeriumMiddleware())
 * ```
 */
export function pomeriumMiddleware<Event = unknown>(options: LambdaOptions<Event> = {}) {
  const gate = createProxyGate(options);
  const allowed = new WeakMap<MiddyRequest, AllowedEvent<Event>>();
  /** Also for an answer that another middleware makes of an error. */
  const markAnswer = (request: MiddyRequest): void => {
    const result = allowed.get(request);
    if (result && request.response !== undefined) request.response = result.privateAnswer(request.response);
  };
  return {
    async before(request: MiddyRequest): Promise<ProxyAnswer | undefined> {
      // Middy does not say what type the event has; the options do.
      const result = await gate.authorize(request.event as Event, request.context);
      if (result.type === 'refuse') return result.answer;
      allowed.set(request, result);
      request.event = { ...toMember(result.event), identity: result.identity };
      return undefined;
    },
    after: markAnswer,
    onError: markAnswer,
  };
}
