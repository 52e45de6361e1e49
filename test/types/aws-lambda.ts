/** Checked by the compiler only. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { SSMClient } from '@aws-sdk/client-ssm';
import type {
  ALBHandler,
  APIGatewayProxyEventV2,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  CloudFrontRequestHandler,
  Context,
} from 'aws-lambda';
import type { Identity } from 'pomerium-edge';
import {
  createAuthorizer,
  createEdgeHandler,
  createRefresher,
  pomeriumMiddleware,
  ssmStore,
  tieredStore,
  tmpStore,
  withPomerium,
} from 'pomerium-edge/aws-lambda';
import { type Equal, holds } from './equal.ts';

createAuthorizer({
  logger: new Logger(),
  metrics: new Metrics(),
  logClaims: ['email'],
  scope: 'stage',
  store: tieredStore(tmpStore(), ssmStore({ name: '/x', client: new SSMClient({}) })),
});
createRefresher({ name: '/x', client: new SSMClient({}), logger: new Logger() });
pomeriumMiddleware({ audience: 'a' });

const handler = withPomerium(async (event: APIGatewayProxyEventV2, context: Context, identity) => {
  holds<Equal<typeof identity, Identity>>();
  return { statusCode: 200, body: `${event.rawPath} ${context.awsRequestId}` };
});
handler satisfies (event: APIGatewayProxyEventV2, context: Context) => unknown;
const answer = () => ({ statusCode: 200, body: '' });
withPomerium(answer) satisfies APIGatewayProxyHandlerV2;
withPomerium(answer) satisfies APIGatewayProxyHandler;
withPomerium(answer) satisfies ALBHandler;
createEdgeHandler({ audience: 'a' }) satisfies CloudFrontRequestHandler;

// @ts-expect-error Lambda@Edge has no environment to take it from
createEdgeHandler({});
// @ts-expect-error nobody is never let in by this
createAuthorizer({ allowAnonymous: true });
