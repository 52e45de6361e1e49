/** What adapters share beside the public surface. Not in the package's exports: it may change with any version. */
export { AUTH_OPTIONS, type AuthOptions, readEnvironment, VERIFIER_VARIABLES } from './environment.ts';
export { configurationError, describeValue } from './errors.ts';
export { callSafely } from './events.ts';
export { describeFetchFailure } from './fetch-failure.ts';
export { TRUNCATED_HEADER } from './gate/claim-headers.ts';
export { createDecider, type Decider, type GatePlatform, type GateResult } from './gate/decider.ts';
export { assertionsIn, type ForwardedHeaders, forward, holdsOneOf } from './gate/forward.ts';
export { createGate, type Gate, gateOrBroken } from './gate/gate.ts';
export { isPomeriumHeader, readAssertion, readHeader } from './gate/headers.ts';
export type { GateContext } from './gate/identify.ts';
export { imageSources } from './gate/image-source.ts';
export { consoleLog, type GateLog, loggedPath, logLine, mayLogReceived } from './gate/log.ts';
export type { SignedInOptions } from './gate/options.ts';
export { encodePath, readPath } from './gate/path.ts';
export { collectPending, type Pending } from './gate/pending.ts';
export { requirePossible, someEnvironment } from './gate/possible.ts';
export type { RefusedRequest } from './gate/refusal.ts';
export type { GateRequest, SentRequest } from './gate/request.ts';
export { withHeaders } from './gate/response.ts';
export { refuseAll } from './gate/rules.ts';
export type { GateSupport } from './gate/settings.ts';
export { GATE_VARIABLES, type GateEnvironment } from './gate/variables.ts';
export { toHex } from './hex.ts';
export * from './index.ts';
export { isPlainObject, toObject } from './json.ts';
export { contentOfFixed, copyOfData, KeptByContent } from './keep.ts';
export { FetchJwksError } from './keys/remote/fetch-jwks.ts';
export type { PlatformKeysOptions } from './keys/remote/options.ts';
export type { Transport, TransportAnswer } from './keys/remote/transport.ts';
export { isEntryKey, storeKey } from './keys/stores/store.ts';
export {
  readBoolean,
  readFunction,
  requireHandler,
  requireKnown,
  requireOptions,
  withoutUnset,
} from './option-readers.ts';
export { isPolicy } from './policy/policy.ts';
export { spellingsOf } from './routes/paths.ts';
export { IS_WORKERD } from './runtime.ts';
export { parseUrl } from './url.ts';
export { readFlag, readVariables, type Variables } from './variables.ts';
export { withoutCache } from './without-cache.ts';
