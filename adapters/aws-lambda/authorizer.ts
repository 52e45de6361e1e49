import {
  configurationError,
  createVerifier,
  type EitherOptions,
  type GatePlatform,
  type Policy,
  PomeriumError,
} from '../../core/adapter.ts';
import { type AnswerOptions, type AuthorizerAnswer, allow, isExact, isPolicyForPath, refuse } from './answers.ts';
import {
  AUTHORIZER_OPTIONS,
  AUTHORIZER_VARIABLES,
  AUTHORIZER_WITHOUT,
  type AuthorizerOptions,
  readAuthorizerOptions,
} from './authorizer-options.ts';
import { type AuthorizerRequest, readAuthorizerEvent, splitArn, withBearer } from './events.ts';
import { createLambdaGate } from './gate.ts';
import type { LambdaEnvironment } from './options.ts';

/** The handler; `await` its `ready` at the top of the module to have the keys before the first request. */
export interface Authorizer {
  /** `context`: Lambda's second argument; its request id is logged where the event has none. */
  (event: unknown, context?: unknown): Promise<AuthorizerAnswer>;
  /** Resolves once the keys are there, or after 2 s; never rejects. */
  readonly ready: Promise<void>;
}

/**
 * A Lambda authorizer for REST APIs (TOKEN and REQUEST), WebSocket `$connect`, HTTP APIs (1.0 and 2.0) and AppSync: the event
 * says which, and each is answered by its own contract. Configured by the environment; each option replaces what that says.
 * What is no refusal, a mistake in a `KeySource` for example, is logged and thrown: API Gateway then answers 500. Nobody passes,
 * not even where one of Pomerium's `routes` is public: leave the authorizer off what that leads to.
 *
 * @throws {PomeriumError} `invalid_configuration` at once; and a `TypeError` for an event that is not an authorizer's
 *
 * @example
 * ```ts
 * export const handler = createAuthorizer({ audience: 'api.corp.example.com' })
 * await handler.ready
 * ```
 */
export function createAuthorizer(options: AuthorizerOptions = {}): Authorizer {
  const env: LambdaEnvironment = process.env;
  const { answers, allowBearer, lambdaOptions } = readAuthorizerOptions(env, options);
  const gate = createLambdaGate(env, lambdaOptions, {
    ownOptions: AUTHORIZER_OPTIONS,
    ownVariables: AUTHORIZER_VARIABLES,
    without: AUTHORIZER_WITHOUT,
    makeVerifier: verifierFor(answers),
  });

  const handler = async (event: unknown, context?: unknown): Promise<AuthorizerAnswer> => {
    const sent = readAuthorizerEvent(event, context);
    const request = allowBearer ? withBearer(sent) : sent;
    const result = await gate.authorize(request, isPattern(request, answers) ? NO_PATTERNS : undefined);
    if (result.type === 'allow' && result.identity) return allow(result.identity, request, answers);
    // Nobody passes without an identity here, since the options that let them are refused.
    const error = result.type === 'refuse' ? result.error : configurationError('An authorizer lets nobody pass.');
    if (error.status === 500) throw error;
    return refuse(error, request, answers);
  };
  return Object.assign(handler, { ready: gate.ready });
}

/** Makes the verifier, unless what it asks about the request is nothing that a policy for the whole stage would keep. */
function verifierFor({ scope }: AnswerOptions): NonNullable<GatePlatform['makeVerifier']> {
  return (options) => {
    if (scope === 'stage') requireNoRequest(options);
    // Nobody passes an authorizer, whatever the routes say.
    return createVerifier({ ...options, allowAnonymous: false });
  };
}

function requireNoRequest({ routes, policy }: EitherOptions): void {
  const what = routes ? 'routes differ by these' : policy?.needsRequest && 'the policy asks about the request';
  if (!what) return;
  throw configurationError(
    `scope: 'stage' opens every method and path to whoever may call one, and ${what}; write scope: 'method' and set the TTL to 0.`,
  );
}

/** Whether a policy that allows this request would allow others, too: the path is what a client wrote. */
function isPattern({ caller, arn }: AuthorizerRequest, answers: AnswerOptions): boolean {
  const { method, path } = splitArn(arn);
  return isPolicyForPath(caller, answers) && !isExact(`${method}${path}`);
}

const DENIED = { allowed: false, allow: false, deny: true };

const NO_PATTERNS: Policy = {
  needsRequest: false,
  needsPath: false,
  decide: () => DENIED,
  explain: () => ({ ...DENIED, rules: [] }),
  check: () => {
    throw new PomeriumError('policy_denied', 'The path holds * or ?, which in a policy would allow other paths, too.');
  },
};
