/**
 * Proves that a request came through Pomerium, and for whom.
 *
 * @module
 */
export {
  createVerifierFromEnvironment,
  type EnvironmentOptions,
  optionsFromEnvironment,
  type PomeriumEnvironment,
  type RoutesInput,
  type VerifierPlatform,
} from './environment.ts';
export { PomeriumError, type PomeriumErrorCode, type PomeriumErrorDetails } from './errors.ts';
export type {
  AssertionRefused,
  AssertionVerified,
  EventListener,
  EventRequest,
  EventSubject,
  KeySkipped,
  KeysRefreshed,
  KeysRefreshFailed,
  PomeriumEvent,
  RefreshFailure,
  StoreFailed,
} from './events.ts';
export { type ClaimHeaderNames, type ClaimHeaders, readClaimHeaders, setClaimHeaders } from './gate/claim-headers.ts';
export {
  ASSERTION_FOR_HEADER,
  ASSERTION_HEADER,
  cleanHeaders,
  type HeadersLike,
  type RequestLike,
} from './gate/headers.ts';
export { problemResponse } from './gate/problem.ts';
export type { Identity, MaybeAnonymous, RouteName } from './identity.ts';
export type { JsonArray, JsonMembers, JsonValue } from './json.ts';
export type { KeySelector, VerificationKey } from './keys/key-set.ts';
export type { SkipReason } from './keys/material/jwk.ts';
export { staticKeys } from './keys/material/static.ts';
export type { RemoteKeysOptions } from './keys/remote/options.ts';
export { remoteKeys } from './keys/remote/remote.ts';
export type { KeyContext, KeySource } from './keys/source.ts';
export { cacheStore } from './keys/stores/cache.ts';
export type { JwksStore, StoredValue } from './keys/stores/store.ts';
export { throttledStore } from './keys/stores/throttled.ts';
export { type TieredStore, tieredStore } from './keys/stores/tiered.ts';
export type { EitherOptions, OnBehalfOfOptions, RoutesVerifierOptions, VerifierOptions } from './options.ts';
export { compilePolicy } from './policy/compile.ts';
export type {
  ExplainedCriterion,
  ExplainedOperator,
  ExplainedRule,
  Policy,
  PolicyDecision,
  PolicyExplanation,
  PolicyInput,
  PolicyOptions,
  RequestInfo,
} from './policy/policy.ts';
export { type PomeriumUrls, type PomeriumUrlsOptions, pomeriumUrls } from './pomerium-urls.ts';
export { compileRoutes, type Routes, type RoutesOptions } from './routes/compile.ts';
export type { ExplainedRoute } from './routes/explain.ts';
export type { Algorithm } from './signature/algorithms.ts';
export { createVerifier, type Verifier, type VerifyContext } from './verifier.ts';
