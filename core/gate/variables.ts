import type { PomeriumEnvironment } from '../environment.ts';
import type { VerifierOptions } from '../options.ts';
import { jsonReader, readFlag, readList, type Variables } from '../variables.ts';
import { type ClaimHeaderNames, claimHeadersError } from './claim-headers.ts';
import type { GateOptions } from './options.ts';
import type { RefusalPageOptions } from './refusal-page-options.ts';
import type { PathRule } from './rules.ts';

/** The variables of a gate: its options, as text or, where the platform has JSON in its configuration, as such. */
export interface GateEnvironment extends PomeriumEnvironment {
  readonly POMERIUM_RULES?: string | readonly PathRule[];
  readonly POMERIUM_OPTIONAL?: string | boolean;
  readonly POMERIUM_ALLOW_PREFLIGHT?: string | boolean;
  readonly POMERIUM_CORS_ORIGINS?: string | readonly string[];
  /** With commas: `department`, or `x-department=department`. */
  readonly POMERIUM_CLAIM_HEADERS?: string | ClaimHeaderNames;
  readonly POMERIUM_REMOVE_HEADERS?: string | readonly string[];
  readonly POMERIUM_KEEP_ASSERTION?: string | boolean;
  readonly POMERIUM_SHARED?: string | boolean;
  readonly POMERIUM_END_AT_EXPIRY?: string | boolean;
  readonly POMERIUM_REFUSAL_PAGE?: string | RefusalPageOptions;
  readonly POMERIUM_LOG?: string | boolean;
  readonly POMERIUM_LOG_SUBJECT?: string | boolean;
}

/** The options that are a gate's, and not its verifier's. */
type OwnOptions = Omit<GateOptions, keyof VerifierOptions | 'routes'>;

export const VARIABLES: Variables<Omit<OwnOptions, 'onRefused'>> = {
  rules: ['POMERIUM_RULES', jsonReader('[{"prefix":"/","access":"authenticated"}]')],
  optional: ['POMERIUM_OPTIONAL', readFlag],
  allowPreflight: ['POMERIUM_ALLOW_PREFLIGHT', readFlag],
  corsOrigins: ['POMERIUM_CORS_ORIGINS', readList],
  claimHeaders: ['POMERIUM_CLAIM_HEADERS', readClaimList],
  removeHeaders: ['POMERIUM_REMOVE_HEADERS', readList],
  keepAssertion: ['POMERIUM_KEEP_ASSERTION', readFlag],
  listClaims: ['POMERIUM_LIST_CLAIMS', readList],
  leaveToPomerium: ['POMERIUM_LEAVE_TO_POMERIUM', readList],
  shared: ['POMERIUM_SHARED', readFlag],
  endAtExpiry: ['POMERIUM_END_AT_EXPIRY', readFlag],
  refusalPage: ['POMERIUM_REFUSAL_PAGE', jsonReader('{"siteName":"Wiki"}')],
  log: ['POMERIUM_LOG', readFlag],
  logSubject: ['POMERIUM_LOG_SUBJECT', readFlag],
};

/** Every option of a gate and the variable that sets it, where there is one: the rows of the table in docs/gate.md. */
export const GATE_VARIABLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries<readonly [string, unknown]>(VARIABLES).map(([option, [name]]) => [option, name]),
);

/** `department, x-department=department`, or what the option takes. */
function readClaimList(value: unknown, name: string): ClaimHeaderNames | undefined {
  if (typeof value === 'object') return value as ClaimHeaderNames;
  const named = readList(value, name)?.map((one): [string, string] => {
    const [header = '', claim, ...more] = one.split('=');
    if (more.length > 0) throw claimHeadersError(name, one, 'claim');
    return claim === undefined ? [`x-pomerium-claim-${header}`, header] : [header, claim];
  });
  return named && Object.fromEntries(named);
}
