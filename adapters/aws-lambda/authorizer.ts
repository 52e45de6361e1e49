import { configurationError, createDecider, type GateResult, PomeriumError, refuseAll } from '../../core/adapter.ts';
import {
  type AppSyncAnswer,
  type AuthorizerAnswer,
  allow,
  isPattern,
  type PolicyAnswer,
  refuse,
  type SimpleAnswer,
} from './answers.ts';
import {
  AUTHORIZER_OPTIONS,
  AUTHORIZER_VARIABLES,
  AUTHORIZER_WITHOUT,
  type AuthorizerOptions,
  readAuthorizerOptions,
} from './authorizer-options.ts';
import { verifierFor } from './authorizer-verifier.ts';
import { withBearer } from './bearer.ts';
import { createLambdaDecider } from './decider.ts';
import { type AuthorizerRequest, readAuthorizerEvent } from './events.ts';
import type { LambdaEnvironment } from './options.ts';
import { warmUpAnswer } from './warm-up-answer.ts';

/**
 * The part of each event by which its answer is known: those of `@types/aws-lambda` have it. They have no HTTP API with payload 1.0,
 * which is answered as a REST API is unless `responses` is `simple`.
 */
interface RestAuthorizerEvent {
  /** `TOKEN` or `REQUEST`; any text in the older `CustomAuthorizerEvent`. */
  readonly type: string;
  readonly methodArn: string;
}
interface HttpAuthorizerEvent {
  readonly type: 'REQUEST';
  readonly routeArn: string;
}
interface AppSyncAuthorizerEvent {
  readonly authorizationToken: string;
  readonly requestContext: { readonly apiId: string };
}

/** With the answer to who is let in. */
type AnsweredResult =
  | Extract<GateResult, { type: 'refuse' }>
  | (Extract<GateResult, { type: 'allow' }> & { readonly answer: AuthorizerAnswer });

/**
 * The handler; `await` its `ready` at the top of the module to have the keys before the first request. It is each of the
 * authorizers' handlers of `@types/aws-lambda`, with `AuthorizerContext` where they ask for one. `HttpAnswer`: that for HTTP APIs
 * with payload 2.0. `context`: Lambda's second argument; its request id is logged where the event has none.
 */
export interface Authorizer<HttpAnswer = SimpleAnswer> {
  (event: RestAuthorizerEvent, context?: unknown): Promise<PolicyAnswer>;
  (event: HttpAuthorizerEvent, context?: unknown): Promise<HttpAnswer>;
  (event: AppSyncAuthorizerEvent, context?: unknown): Promise<AppSyncAnswer>;
  (event: unknown, context?: unknown): Promise<AuthorizerAnswer>;
  /** Resolves once the keys are there, or after 2 s; never rejects. */
  readonly ready: Promise<void>;
}

/**
 * A Lambda authorizer for REST APIs (TOKEN and REQUEST), WebSocket `$connect`, HTTP APIs (1.0 and 2.0) and AppSync: the event
 * says which, and each is answered by its own contract. Configured by the environment; each option replaces what that says.
 * It logs and throws where there are no keys to verify with (to AppSync, that is a refusal) and what is no refusal, a mistake in a
 * `KeySource` for example: API Gateway then answers 500, and the function's `Errors` count it. Nobody passes, not even where one of
 * Pomerium's `routes` is public: leave the authorizer off what that leads to.
 *
 * @throws {PomeriumError} `invalid_configuration` at once; and a `TypeError` for an event that is not an authorizer's
 *
 * @example
 * ```ts
 * export const handler = createAuthorizer({ audience: 'api.corp.example.com' })
 * await handler.ready
 * ```
 */
export function createAuthorizer(options?: AuthorizerOptions & { responses?: 'simple' }): Authorizer;
export function createAuthorizer(options: AuthorizerOptions & { responses: 'policy' }): Authorizer<PolicyAnswer>;
export function createAuthorizer(options: AuthorizerOptions): Authorizer<SimpleAnswer | PolicyAnswer>;
export function createAuthorizer(options: AuthorizerOptions = {}): Authorizer<SimpleAnswer | PolicyAnswer> {
  const env: LambdaEnvironment = process.env;
  const { answers, allowBearer, additionsFor, lambdaOptions } = readAuthorizerOptions(env, options);
  const decider = createLambdaDecider(createDecider, env, lambdaOptions, {
    ownOptions: AUTHORIZER_OPTIONS,
    ownVariables: AUTHORIZER_VARIABLES,
    without: AUTHORIZER_WITHOUT,
    makeVerifier: verifierFor(answers),
  });

  const addAnswer = (result: GateResult, request: AuthorizerRequest): AnsweredResult => {
    if (result.type === 'refuse') return result;
    const { identity } = result;
    // Nobody passes without an identity here, since the options that let them are refused.
    if (!identity) return { type: 'refuse', error: configurationError('An authorizer lets nobody pass.') };
    try {
      return { ...result, answer: allow(identity, request, additionsFor(identity), answers) };
    } catch (error) {
      decider.logFailure(error, request);
      return { type: 'refuse', error: toMistake(error) };
    }
  };

  const handler = async (event: unknown, context?: unknown): Promise<AuthorizerAnswer> => {
    const received = readAuthorizerEvent(event, context);
    const request = allowBearer ? withBearer(received) : received;
    const policy = isPattern(request, answers) ? NO_PATTERNS : undefined;
    const result = await decider.decide(request, (decided) => addAnswer(decided, request), policy);
    if (result.type === 'allow') return result.answer;
    if (result.error.status === 500) throw result.error;
    return refuse(result, request, answers);
  };

  // The event says which of the answers it is.
  const ready = decider.ready.then(warmUpAnswer).then(() => {});
  return Object.assign(handler, { ready }) as Authorizer<SimpleAnswer | PolicyAnswer>;
}

/** What `context` or `usageIdentifierKey` threw. It is never a refusal, not even where it is one of ours. */
function toMistake(error: unknown): PomeriumError {
  if (error instanceof PomeriumError && error.status === 500) return error;
  return new PomeriumError('invalid_configuration', 'The option context or usageIdentifierKey failed: see the log.', {
    cause: error,
  });
}

const NO_PATTERNS = refuseAll('The path has *, ? or ${, which in a policy allows other paths, too.');
