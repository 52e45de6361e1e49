/**
 * AWS Lambda: an authorizer for API Gateway and AppSync, a wrapper for functions behind HTTP, and where the keys are kept.
 *
 * @module pomerium-edge/aws-lambda
 */
export type { JwksStore, TieredStore } from '../../core/adapter.ts';
export { tieredStore } from '../../core/adapter.ts';
export type { AppSyncAnswer, AuthorizerAnswer, PolicyAnswer, SimpleAnswer } from './answers.ts';
export { type Authorizer, createAuthorizer } from './authorizer.ts';
export type { AuthorizerContext } from './authorizer-context.ts';
export type { AuthorizerOptions } from './authorizer-options.ts';
export { createEdgeHandler, type EdgeEvent, type EdgeHandler, type EdgeOptions } from './edge.ts';
export type { EdgeAnswer, EdgeRequest } from './edge-request.ts';
export { type PomeriumMiddleware, pomeriumMiddleware } from './middy.ts';
export type { LambdaOptions } from './options.ts';
export type { ProxyAnswer } from './proxy-answer.ts';
export type { LambdaContext, ProxyEvent } from './proxy-event.ts';
export { type AuthorizedIdentity, readIdentity } from './read-identity.ts';
export { createRefresher, type RefresherOptions } from './refresher.ts';
export type { LoggerLike, MetricsLike } from './report.ts';
export type { ResponseStream } from './response-stream.ts';
export type { SsmClientLike } from './ssm-client.ts';
export { type SsmStoreOptions, ssmStore } from './ssm-store.ts';
export { tmpStore } from './tmp-store.ts';
export {
  type IdentifiedHandler,
  type ProtectedHandler,
  type ProtectedStreamingHandler,
  type StreamingHandler,
  withPomerium,
} from './with-pomerium.ts';
