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
import { compileRoutes, type Identity } from 'pomerium-edge';
import {
  createAuthorizer,
  createEdgeHandler,
  createRefresher,
  type EdgeEvent,
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
createRefresher({ name: '/x', routes: compileRoutes({}), listClaims: ['roles'], leaveToPomerium: ['date'] });
createAuthorizer({ routes: { routes: [] }, leaveToPomerium: ['date'] });
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
withPomerium(answer, { optional: true }) satisfies APIGatewayProxyHandlerV2;
createEdgeHandler({ audience: 'a' }) satisfies CloudFrontRequestHandler;
createEdgeHandler({ routes: compileRoutes({}) }) satisfies CloudFrontRequestHandler;
createEdgeHandler({
  audience: 'a',
  onRefused: (error, event) => {
    holds<Equal<typeof event, EdgeEvent>>();
    return new Response(error.code);
  },
});

const opened = [
  { optional: true },
  { optional: process.env['OPEN'] === 'true' },
  { rules: [{ prefix: '/', access: 'public' }] },
  { allowPreflight: true },
  { routes: [{ from: 'https://a', to: 'http://b' }] },
] as const;
for (const options of opened) {
  withPomerium((_event, _context, identity) => {
    holds<Equal<typeof identity, Identity | undefined>>();
  }, options);
}
withPomerium(
  (event: APIGatewayProxyEventV2, _context: Context, identity: Identity) => `${event.rawPath} ${identity.subject}`,
  {
    onRefused: (_error, event) => {
      holds<Equal<typeof event, APIGatewayProxyEventV2>>();
      return undefined;
    },
  },
);

// @ts-expect-error nobody may come
withPomerium((_event: unknown, _context: unknown, identity: Identity) => identity.subject, { optional: true });

// @ts-expect-error a route may be for nobody
withPomerium((_event: unknown, _context: unknown, identity: Identity) => identity.subject, { routes: [] });

// @ts-expect-error Lambda@Edge has no environment to take it from
createEdgeHandler({});
// @ts-expect-error the function sees no answer
createEdgeHandler({ audience: 'a', shared: true });
// @ts-expect-error Lambda does not hold the socket
withPomerium(answer, { endAtExpiry: true });
// @ts-expect-error nobody is never let in by this
createAuthorizer({ allowAnonymous: true });
// @ts-expect-error API Gateway decides by route what has an authorizer
createAuthorizer({ rules: [] });
