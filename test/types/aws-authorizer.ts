/** Checked by the compiler only: an authorizer is each of the handlers that `@types/aws-lambda` has for one. */
import type {
  APIGatewayAuthorizerHandler,
  APIGatewayAuthorizerWithContextHandler,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyHandlerV2,
  APIGatewayRequestAuthorizerHandler,
  APIGatewayRequestAuthorizerWithContextHandler,
  APIGatewayRequestIAMAuthorizerHandlerV2,
  APIGatewayRequestIAMAuthorizerV2WithContextHandler,
  APIGatewayRequestSimpleAuthorizerHandlerV2,
  APIGatewayRequestSimpleAuthorizerHandlerV2WithContext,
  APIGatewayTokenAuthorizerEvent,
  APIGatewayTokenAuthorizerHandler,
  APIGatewayTokenAuthorizerWithContextHandler,
  AppSyncAuthorizerHandler,
  AppSyncResolverEvent,
  CustomAuthorizerHandler,
  Handler,
  S3Handler,
} from 'aws-lambda';
import {
  type AppSyncAnswer,
  type AuthorizedIdentity,
  type AuthorizerAnswer,
  type AuthorizerContext,
  type AuthorizerOptions,
  createAuthorizer,
  type PolicyAnswer,
  readIdentity,
  type SimpleAnswer,
} from 'pomerium-edge/aws-lambda';
import { type Equal, holds } from './equal.ts';

const authorizer = createAuthorizer();
authorizer satisfies Handler;
authorizer satisfies APIGatewayTokenAuthorizerHandler;
authorizer satisfies APIGatewayTokenAuthorizerWithContextHandler<AuthorizerContext>;
authorizer satisfies APIGatewayRequestAuthorizerHandler;
authorizer satisfies APIGatewayRequestAuthorizerWithContextHandler<AuthorizerContext>;
authorizer satisfies APIGatewayAuthorizerHandler;
authorizer satisfies APIGatewayAuthorizerWithContextHandler<AuthorizerContext>;
authorizer satisfies APIGatewayRequestSimpleAuthorizerHandlerV2;
authorizer satisfies APIGatewayRequestSimpleAuthorizerHandlerV2WithContext<AuthorizerContext>;
authorizer satisfies AppSyncAuthorizerHandler<AuthorizerContext>;
authorizer satisfies CustomAuthorizerHandler;

const withPolicies = createAuthorizer({ responses: 'policy' });
withPolicies satisfies APIGatewayRequestIAMAuthorizerHandlerV2;
withPolicies satisfies APIGatewayRequestIAMAuthorizerV2WithContextHandler<AuthorizerContext>;
withPolicies satisfies APIGatewayTokenAuthorizerHandler;
withPolicies satisfies AppSyncAuthorizerHandler<AuthorizerContext>;
createAuthorizer({ responses: 'simple' }) satisfies APIGatewayRequestSimpleAuthorizerHandlerV2;

// @ts-expect-error its answers are simple
authorizer satisfies APIGatewayRequestIAMAuthorizerHandlerV2;
// @ts-expect-error its answers are policies
withPolicies satisfies APIGatewayRequestSimpleAuthorizerHandlerV2;
// @ts-expect-error which of the two is not known before it runs
createAuthorizer({} as AuthorizerOptions) satisfies APIGatewayRequestSimpleAuthorizerHandlerV2;
// @ts-expect-error the context has no such member for sure: a refusal has the code alone
authorizer satisfies APIGatewayTokenAuthorizerWithContextHandler<{ department: string }>;
// @ts-expect-error this type is for an answer without a context
authorizer satisfies AppSyncAuthorizerHandler;
// @ts-expect-error that is no authorizer's answer
authorizer satisfies APIGatewayProxyHandlerV2<{ statusCode: number }>;
// @ts-expect-error nor that
authorizer satisfies S3Handler;

const token: APIGatewayTokenAuthorizerEvent = { type: 'TOKEN', methodArn: '', authorizationToken: '' };
const ofToken = authorizer(token);
holds<Equal<typeof ofToken, Promise<PolicyAnswer>>>();
authorizer({ type: 'REQUEST', routeArn: '' }) satisfies Promise<SimpleAnswer>;
withPolicies({ type: 'REQUEST', routeArn: '' }) satisfies Promise<PolicyAnswer>;
authorizer({ authorizationToken: '', requestContext: { apiId: '' } }) satisfies Promise<AppSyncAnswer>;
authorizer(JSON.parse('{}') as unknown) satisfies Promise<AuthorizerAnswer>;

createAuthorizer({
  context: ({ email, claims }) => ({
    domain: email?.split('@')[1],
    level: 3,
    department: typeof claims['department'] === 'string' ? claims['department'] : undefined,
  }),
  usageIdentifierKey: ({ groups }) => groups[0],
});
// @ts-expect-error a list cannot be in a context
createAuthorizer({ context: ({ groups }) => ({ roles: groups }) });
// @ts-expect-error nor what comes later
createAuthorizer({ context: async () => ({ a: 1 }) });
// @ts-expect-error a claim may be anything
createAuthorizer({ context: ({ claims }) => ({ department: claims['department'] }) });

for (const event of [{} as APIGatewayProxyEventV2, {} as APIGatewayProxyEvent, {} as AppSyncResolverEvent<object>]) {
  const identity = readIdentity(event);
  holds<Equal<typeof identity, AuthorizedIdentity | undefined>>();
  identity?.context['department'] satisfies string | undefined;
  identity?.groups satisfies readonly string[] | undefined;
}
