/**
 * AWS Lambda: an authorizer for API Gateway and AppSync, a wrapper for functions behind HTTP, and where the keys are kept.
 *
 * @module
 */
export type { JwksStore, TieredStore } from '../../core/adapter.ts';
export { tieredStore } from '../../core/adapter.ts';
export type { AuthorizerAnswer } from './answers.ts';
export { type Authorizer, type AuthorizerOptions, createAuthorizer } from './authorizer.ts';
export { createEdgeHandler, type EdgeOptions } from './edge.ts';
export type { LambdaEnvironment, LambdaOptions } from './options.ts';
export { createRefresher, type RefresherOptions } from './refresher.ts';
export type { LoggerLike, MetricsLike } from './report.ts';
export { type SsmClientLike, type SsmStoreOptions, ssmStore } from './ssm-store.ts';
export { tmpStore } from './tmp-store.ts';
export { type IdentifiedHandler, pomeriumMiddleware, withPomerium } from './with-pomerium.ts';
