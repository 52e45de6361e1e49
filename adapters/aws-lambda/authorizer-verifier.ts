import { configurationError, createVerifier, type EitherOptions, type GatePlatform } from '../../core/adapter.ts';
import type { AnswerOptions } from './answers.ts';

/** Makes the verifier, unless it decides by more than what an answer is kept for: the whole stage, or AppSync's token. */
export function verifierFor(answers: AnswerOptions): NonNullable<GatePlatform['makeVerifier']> {
  return (options) => {
    requireNoRequest(options, answers);
    // Nobody passes an authorizer, whatever the routes say.
    return createVerifier({ ...options, allowAnonymous: false });
  };
}

function requireNoRequest(options: EitherOptions, { scope, ttlOverride }: AnswerOptions): void {
  const { routes, policy, onBehalfOf, audience, maxTokenAge } = options;
  const what = routes ? 'routes differ by these' : policy?.needsRequest && 'the policy asks about the request';
  if (scope === 'stage' && what) {
    throw configurationError(
      `scope: 'stage' opens every method and path to whoever may call one, and ${what}; write scope: 'method' and set the TTL to 0.`,
    );
  }
  const more =
    what ||
    (onBehalfOf && 'onBehalfOf has a header of its own') ||
    (new Set([audience].flat()).size > 1 && 'the host says which of several audiences is meant') ||
    (maxTokenAge !== undefined && 'maxTokenAge ends an assertion before its exp');
  if (ttlOverride > 0 && more) {
    throw configurationError(
      `ttlOverride lets AppSync give the same answer to whoever sends the same token, whatever else is in the request, and ${more}; leave ttlOverride out.`,
    );
  }
}
