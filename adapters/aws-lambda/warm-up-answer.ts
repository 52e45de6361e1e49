import { type AuthorizerAnswer, allow } from './answers.ts';
import { readAuthorizerEvent } from './events.ts';
import { warmUp } from './warm-up.ts';

const EVENT = {
  version: '2.0',
  type: 'REQUEST',
  routeArn: 'arn:aws:execute-api:us-east-1:123456789012:api/stage/GET/',
  routeKey: '$default',
  rawPath: '/',
  rawQueryString: '',
  headers: { host: 'warm-up.invalid' },
  requestContext: { http: { method: 'GET', path: '/' }, requestId: 'warm-up', stage: 'stage' },
};

/** The same for what an authorizer does beside: it reads a made-up event, and makes the answer to it. */
export async function warmUpAnswer(): Promise<AuthorizerAnswer | undefined> {
  const result = await warmUp();
  if (result.type === 'refuse' || !result.identity) return undefined;
  const additions = { context: {}, usageIdentifierKey: undefined };
  const options = { scope: 'method', responses: undefined, ttlOverride: 0, now: () => 0 } as const;
  return allow(result.identity, readAuthorizerEvent(EVENT, {}), additions, options);
}
