import { collectPending, type Identity, PomeriumError, readSwitch } from '../../core/adapter.ts';
import { type AuthorizerAnswer, allow, isExact, refuse } from './answers.ts';
import { type AuthorizerRequest, readAuthorizerEvent, withBearer } from './events.ts';
import { type LambdaEnvironment, type LambdaOptions, makeVerifier, prefetch } from './options.ts';
import { report } from './report.ts';

export interface AuthorizerOptions extends LambdaOptions {
  /**
   * What a policy that allows is for: the `method` and path that were called, or the whole `stage`. API Gateway replays a
   * cached policy on every route, so with caching only `stage` works, and every route is then open to who may call one.
   * Default: `method`, with caching off.
   */
  scope?: 'method' | 'stage';
  /** How an HTTP API is answered. Default: `simple` for payload 2.0, `policy` for 1.0. */
  responses?: 'simple' | 'policy';
  /** Whether the assertion may come as `Authorization: Bearer`, too. AppSync needs it. Default: `POMERIUM_ALLOW_BEARER`, then false. */
  allowBearer?: boolean;
  /** For how long AppSync may cache an answer, in seconds. Default: 0. */
  ttlOverride?: number;
}

/** The handler; `await` its `ready` at the top of the module to have the keys before the first request. */
export interface Authorizer {
  (event: unknown): Promise<AuthorizerAnswer>;
  /** Resolves once the keys are there, or after 2 s; never rejects. */
  readonly ready: Promise<void>;
}

/**
 * A Lambda authorizer for REST APIs (TOKEN and REQUEST), WebSocket `$connect`, HTTP APIs (1.0 and 2.0) and AppSync: the event
 * says which, and each is answered by its own contract. Configured by the environment; each option replaces what that says.
 * Throws `invalid_configuration` at once, and a `TypeError` for an event that is not an authorizer's.
 *
 * @example
 * export const handler = createAuthorizer({ audience: 'api.corp.example.com' })
 * await handler.ready
 */
export function createAuthorizer(options: AuthorizerOptions = {}): Authorizer {
  const env: LambdaEnvironment & { POMERIUM_ALLOW_BEARER?: string } = process.env;
  const {
    scope = 'method',
    responses,
    allowBearer = readSwitch('POMERIUM_ALLOW_BEARER', env.POMERIUM_ALLOW_BEARER) ?? false,
    ttlOverride = 0,
    ...lambdaOptions
  } = options;
  const verifier = makeVerifier(lambdaOptions, env);
  const answers = { scope, responses, ttlOverride };

  async function authorize(asked: AuthorizerRequest): Promise<Identity> {
    const { waitUntil, settle } = collectPending();
    try {
      const identity = await verifier.verifyRequest(asked.request, { waitUntil });
      if (scope === 'stage' || isExact(asked.arn)) return identity;
      throw new PomeriumError(
        'policy_denied',
        'The path holds * or ?, which in a policy would allow other paths, too.',
      );
    } finally {
      await settle();
    }
  }

  const handler = async (event: unknown): Promise<AuthorizerAnswer> => {
    const startedAt = performance.now();
    const read = readAuthorizerEvent(event);
    const asked = { ...read, request: allowBearer ? withBearer(read.request) : read.request };
    const decision = { requestId: asked.requestId, request: asked.request, startedAt };
    try {
      const identity = await authorize(asked);
      report({ ...decision, outcome: identity }, options);
      return allow(identity, asked, answers);
    } catch (error) {
      if (!(error instanceof PomeriumError)) throw error;
      report({ ...decision, outcome: error }, options);
      return refuse(error, asked, answers);
    }
  };
  return Object.assign(handler, { ready: prefetch(verifier) });
}
