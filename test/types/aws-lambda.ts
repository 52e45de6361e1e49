/** Checked by the compiler only. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { SSMClient } from '@aws-sdk/client-ssm';
import middy from '@middy/core';
import httpCors from '@middy/http-cors';
import httpErrorHandler from '@middy/http-error-handler';
import type {
  ALBEvent,
  ALBHandler,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  APIGatewayProxyWebsocketHandlerV2,
  CloudFrontRequestHandler,
  Context,
  LambdaFunctionURLEvent,
  LambdaFunctionURLHandler,
} from 'aws-lambda';
import { compileRoutes, type Identity } from 'pomerium-edge';
import {
  createAuthorizer,
  createEdgeHandler,
  createRefresher,
  type EdgeEvent,
  type JwksStore,
  type LambdaContext,
  type ProxyEvent,
  pomeriumMiddleware,
  type ResponseStream,
  type StreamingHandler,
  ssmStore,
  tieredStore,
  tmpStore,
  withPomerium,
} from 'pomerium-edge/aws-lambda';
import { type Equal, holds } from './equal.ts';

holds<Equal<ReturnType<typeof ssmStore>, JwksStore>>();

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

const handler = withPomerium(async (event: APIGatewayProxyEventV2, context: Context, identity) => {
  holds<Equal<typeof identity, Identity>>();
  return { statusCode: 200, body: `${event.rawPath} ${context.awsRequestId}` };
});
handler satisfies (event: APIGatewayProxyEventV2, context: Context) => unknown;

// Without a word about the event: what all callers have.
const plain = withPomerium(async (event, context, identity) => {
  holds<Equal<typeof event, ProxyEvent>>();
  holds<Equal<typeof context, LambdaContext>>();
  holds<Equal<typeof identity, Identity>>();
  const method = event.requestContext?.http?.method ?? event.httpMethod;
  return { statusCode: 200, body: `${method} ${event.rawPath ?? event.path} ${event.headers?.['accept']}` };
});
plain satisfies APIGatewayProxyHandler;
plain satisfies APIGatewayProxyHandlerV2;
plain satisfies APIGatewayProxyWebsocketHandlerV2;
plain satisfies ALBHandler;
plain satisfies LambdaFunctionURLHandler;

// With the type of the function.
export const ofType: APIGatewayProxyHandlerV2 = withPomerium(async (event, context, identity) => {
  holds<Equal<typeof event, APIGatewayProxyEventV2>>();
  holds<Equal<typeof context, Context>>();
  return { statusCode: 200, body: event.rawPath + identity.user };
});

// With the type of the event.
const ok = (body: string) => ({ statusCode: 200, body });
withPomerium(async (event: APIGatewayProxyEvent, _context: Context, identity) =>
  ok(event.path + identity.user),
) satisfies APIGatewayProxyHandler;
withPomerium(async (event: ALBEvent) => ok(event.path)) satisfies ALBHandler;
withPomerium(async (event: LambdaFunctionURLEvent) => event.rawPath) satisfies LambdaFunctionURLHandler;

const { awslambda } = globalThis;
const streaming: StreamingHandler = async (event, responseStream, context, identity) => {
  holds<Equal<typeof event, ProxyEvent>>();
  holds<Equal<typeof responseStream, ResponseStream>>();
  holds<Equal<typeof context, LambdaContext>>();
  holds<Equal<typeof identity, Identity>>();
  responseStream.end();
};
awslambda.streamifyResponse(withPomerium(streaming));
type Stream = awslambda.HttpResponseStream;
const withTypes: StreamingHandler<APIGatewayProxyEventV2, Stream, Context> = async (_event, stream, _context, who) =>
  awslambda.HttpResponseStream.from(stream, { statusCode: 200 }).end(who.email);
awslambda.streamifyResponse(withPomerium(withTypes));
awslambda.streamifyResponse(
  withPomerium(
    async (event: ProxyEvent, stream: Stream, _context: Context, who: Identity | undefined) => {
      stream.end(`${event.rawPath} ${who?.email}`);
    },
    { optional: true },
  ),
);
// @ts-expect-error nobody may come
withPomerium(streaming, { optional: true });
// @ts-expect-error Lambda would call it with the stream in the place of the context
awslambda.streamifyResponse(plain);

middy()
  .use(httpCors())
  .use(pomeriumMiddleware())
  .use(httpErrorHandler())
  .handler(async (event, context) => {
    holds<Equal<typeof event.identity, Identity>>();
    return ok(`${event.rawPath} ${context.awsRequestId}`);
  });
middy<APIGatewayProxyEventV2>()
  .use(pomeriumMiddleware({ optional: true }))
  .handler(async (event) => {
    holds<Equal<typeof event.identity, Identity | undefined>>();
    return ok(event.requestContext.http.method);
  });
pomeriumMiddleware() satisfies middy.MiddlewareObj<ProxyEvent & { identity: Identity }>;

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
