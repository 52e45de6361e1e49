import type { Identity, SignedInOptions } from '../../core/adapter.ts';
import type { LambdaOptions } from './options.ts';
import type { ProxyAnswer } from './proxy-answer.ts';
import { createProxyGate } from './proxy-gate.ts';

/** A function behind a Function URL, an HTTP API, a REST API, an ALB or VPC Lattice, told for whom the request came. */
export type IdentifiedHandler<Event, Context, Answer, Who = Identity> = (
  event: Event,
  context: Context,
  identity: Who,
) => Answer | Promise<Answer>;

/** The same function as Lambda calls it; `await` its `ready` at the top of the module to have the keys before the first request. */
export type ProtectedHandler<Event, Context, Answer> = ((
  event: Event,
  context: Context,
) => Promise<Answer | ProxyAnswer>) & {
  /** Resolves once the keys are there, or after 2 s; never rejects. */
  readonly ready: Promise<void>;
};

/**
 * Wraps a function that is called over HTTP: the handler only runs for requests that came through Pomerium, with the identity
 * as third argument and an event without unverified Pomerium headers; its answer is kept out of shared caches. Where
 * `routes`, `optional`, `rules` or `allowPreflight` let requests for nobody pass, the identity is undefined for them.
 *
 * @throws {PomeriumError} `invalid_configuration` at once
 *
 * @example
 * ```ts
 * export const handler = withPomerium(async (event, context, identity) => ({ statusCode: 200, body: identity.email ?? '' }))
 * ```
 */
export function withPomerium<Event = unknown, Context = unknown, Answer = unknown>(
  handler: IdentifiedHandler<Event, Context, Answer>,
  options?: SignedInOptions<LambdaOptions<Event>>,
): ProtectedHandler<Event, Context, Answer>;
export function withPomerium<Event = unknown, Context = unknown, Answer = unknown>(
  handler: IdentifiedHandler<Event, Context, Answer, Identity | undefined>,
  options: LambdaOptions<Event>,
): ProtectedHandler<Event, Context, Answer>;
export function withPomerium<Event, Context, Answer>(
  handler: IdentifiedHandler<Event, Context, Answer, never>,
  options: LambdaOptions<Event> = {},
): ProtectedHandler<Event, Context, Answer> {
  const gate = createProxyGate(options);
  const wrapped = async (event: Event, context: Context) => {
    const result = await gate.authorize(event, context);
    if (result.type === 'refuse') return result.answer;
    // The overloads say whether the handler expects nobody.
    const identity = result.identity as never;
    return result.privateAnswer(await handler(result.event, context, identity));
  };
  return Object.assign(wrapped, { ready: gate.ready });
}
