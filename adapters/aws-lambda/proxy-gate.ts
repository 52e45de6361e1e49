import type { Identity, PomeriumError } from '../../core/adapter.ts';
import { readFunctionEvent } from './events.ts';
import { forwardEvent } from './forward-event.ts';
import { createLambdaGate } from './gate.ts';
import type { LambdaOptions } from './options.ts';
import { type ProxyAnswer, toProxyAnswer, withAnswerHeaders } from './proxy-answer.ts';

/** An event that may go on to the function. */
export interface AllowedEvent<Event> {
  readonly type: 'allow';
  /** Undefined for nobody. */
  readonly identity: Identity | undefined;
  /** With the headers that go on. */
  readonly event: Event;
  /** The function's answer, kept out of shared caches. */
  privateAnswer<Answer>(answer: Answer): Answer | ProxyAnswer;
}

export interface RefusedEvent {
  readonly type: 'refuse';
  readonly error: PomeriumError;
  readonly answer: ProxyAnswer;
}

/** The gate before a function that is called over HTTP. */
export interface ProxyGate<Event> {
  /** Rejects with a `TypeError` for what is no HTTP request. */
  authorize(event: Event, context: unknown): Promise<AllowedEvent<Event> | RefusedEvent>;
  readonly ready: Promise<void>;
}

/** @throws {PomeriumError} `invalid_configuration` */
export function createProxyGate<Event>(options: LambdaOptions<Event>): ProxyGate<Event> {
  const gate = createLambdaGate(process.env, options);
  return {
    ready: gate.ready,
    async authorize(event, context) {
      const request = readFunctionEvent(event, context);
      const call = { caller: request.caller, event };
      const result = await gate.authorize(request);
      if (result.type === 'refuse') {
        const response = await gate.refuse(result.error, request, event);
        return { type: 'refuse', error: result.error, answer: await toProxyAnswer(response, call) };
      }
      return {
        type: 'allow',
        identity: result.identity,
        event: forwardEvent(event, result.headers),
        privateAnswer: (answer) => withAnswerHeaders(answer, call, gate.answerHeaders),
      };
    },
  };
}
