/**
 * Proves that a request came through Pomerium, and for whom.
 *
 * @module
 */
export {
  type ClaimHeaderNames,
  type ClaimHeaders,
  readClaimHeaders,
  setClaimHeaders,
  TRUNCATED_HEADER,
} from './claim-headers.ts';
export { optionsFromEnvironment, type PomeriumEnvironment, readList, readSwitch } from './environment.ts';
export {
  configurationError,
  PomeriumError,
  type PomeriumErrorCode,
  type PomeriumErrorDetails,
  shown,
} from './errors.ts';
export type {
  AssertionRefused,
  AssertionVerified,
  EventSubject,
  KeySkipped,
  KeysRefreshed,
  KeysRefreshFailed,
  PomeriumEvent,
  RefreshFailure,
  StoreFailed,
} from './events.ts';
export {
  ASSERTION_FOR_HEADER,
  ASSERTION_HEADER,
  cleanHeaders,
  type HeadersLike,
  isCorsPreflight,
  isPomeriumHeader,
  problemResponse,
  type RequestLike,
  readAssertion,
  readHeader,
  verifiedHeaders,
} from './http.ts';
export type { Identity, MaybeAnonymous } from './identity.ts';
export { cacheStore } from './keys/cache-store.ts';
export type { SkipReason } from './keys/jwk.ts';
export type { KeySelector, VerificationKey } from './keys/key-set.ts';
export { remoteKeys } from './keys/remote.ts';
export type { RemoteKeysOptions } from './keys/remote-options.ts';
export type { KeyContext, KeySource } from './keys/source.ts';
export { sparingStore } from './keys/sparing-store.ts';
export { staticKeys } from './keys/static.ts';
export { type JwksStore, type TieredStore, tieredStore } from './keys/store.ts';
export { logLine, unexpectedLine } from './log-lines.ts';
export { defaultKeys, type OnBehalfOfOptions, type VerifierOptions } from './options.ts';
export { compilePathRules, type PathAccess, type PathRule, type PathRules } from './path-rules.ts';
export { collectPending, type Pending } from './pending.ts';
export { checkPolicy, type PolicyRequest, toPolicyRequest } from './policy/check.ts';
export {
  compilePolicy,
  type ExplainedCriterion,
  type ExplainedOperator,
  type ExplainedRule,
  isPolicy,
  type Policy,
  type PolicyDecision,
  type PolicyExplanation,
  type PolicyOptions,
} from './policy/compile.ts';
export type { PolicyInput } from './policy/criteria.ts';
export type { Algorithm } from './signature/engine.ts';
export { createVerifier, type Verifier, type VerifyContext } from './verifier.ts';
