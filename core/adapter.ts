/** What adapters share beside the public surface. Not in the package's exports: it may change with any version. */
export { readList, readSwitch } from './environment.ts';
export { configurationError, describeValue } from './errors.ts';
export { callSafely } from './events.ts';
export { describeFetchFailure } from './fetch-failure.ts';
export { TRUNCATED_HEADER } from './gate/claim-headers.ts';
export { isCorsPreflight, isPomeriumHeader, readAssertion, readHeader, verifiedHeaders } from './gate/headers.ts';
export { logLine, mayLogReceived, unexpectedLine } from './gate/log.ts';
export { collectPending, type Pending } from './gate/pending.ts';
export { compilePathRules, type PathAccess, type PathRule, type PathRules } from './gate/rules.ts';
export * from './index.ts';
export { defaultKeys } from './options.ts';
export { checkPolicy, toRequestInfo } from './policy/check.ts';
export { isPolicy } from './policy/policy.ts';
