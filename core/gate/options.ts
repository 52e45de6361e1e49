import {
  type EnvironmentOptions,
  type PomeriumEnvironment,
  type RoutesInput,
  VERIFIER_VARIABLES,
} from '../environment.ts';
import { configurationError, describeValue, type PomeriumError } from '../errors.ts';
import { readBoolean, readFunction, requireKnown, withoutUnset } from '../option-readers.ts';
import { VERIFIER_OPTIONS, type VerifierOptions } from '../options.ts';
import { readLeft } from '../policy/left.ts';
import type { PolicyOptions } from '../policy/policy.ts';
import {
  type Environment,
  jsonReader,
  readFlag,
  readList,
  readVariables,
  requireKnownVariables,
  type Variables,
} from '../variables.ts';
import { type ClaimHeaderNames, claimHeadersError, readClaimHeaders } from './claim-headers.ts';
import type { ForwardSettings } from './forward.ts';
import { isHeaderName } from './headers.ts';
import { type RefusalPageOptions, readRefusalPage } from './refusal-page-options.ts';
import { compilePathRules, type PathRule, type PathRules } from './rules.ts';

/** Answers a refused request instead of the gate; undefined: the gate answers. `request`: the platform's own. */
export type OnRefused<Request> = (
  error: PomeriumError,
  request: Request,
) => Response | undefined | Promise<Response | undefined>;

/** What every gate may be told beside the options of its verifier. Each option replaces what the environment says. */
export interface GateOptions<Request = unknown> extends Partial<Omit<VerifierOptions, 'allowAnonymous'>>, RoutesInput {
  /**
   * Who may see which path: the first rule that fits decides, and a path that none fits is for nobody (docs/gate.md).
   * @defaultValue `POMERIUM_RULES`; then every path is for whoever comes through Pomerium
   *
   * @example
   * ```ts
   * withPomerium(handler, {
   *   rules: [
   *     { path: '/healthz', access: 'public' },
   *     { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
   *     { prefix: '/', access: 'authenticated' },
   *   ],
   * })
   * ```
   */
  rules?: readonly PathRule[];
  /**
   * Whether requests for nobody pass, with no identity: those without an assertion, and those with one that Pomerium signed
   * for nobody. A bad assertion is refused all the same. Not beside `rules`, whose `public` paths say where.
   * @defaultValue `POMERIUM_OPTIONAL`, then false
   */
  optional?: boolean;
  /**
   * Whether CORS preflights pass, which carry no credentials. The route in Pomerium needs `cors_allow_preflight`.
   * @defaultValue `POMERIUM_ALLOW_PREFLIGHT`, then false
   */
  allowPreflight?: boolean;
  /**
   * The origins whose scripts may see a refusal (`https://app.example.com`): it then carries CORS headers. `*`: any, without
   * credentials.
   * @defaultValue `POMERIUM_CORS_ORIGINS`, then none
   */
  corsOrigins?: readonly string[];
  /**
   * Claims to write as headers, as `jwt_claims_headers` of Pomerium: beside user, email, name and groups.
   * @defaultValue `POMERIUM_CLAIM_HEADERS`; then a guard writes those four, and a wrapper none
   */
  claimHeaders?: ClaimHeaderNames;
  /**
   * More request headers to remove: unsigned copies of claims, by the names that `jwt_claims_headers` gives them.
   * @defaultValue `POMERIUM_REMOVE_HEADERS`, then none
   */
  removeHeaders?: readonly string[];
  /**
   * Whether the code behind gets the assertion, in whichever header it came.
   * @defaultValue `POMERIUM_KEEP_ASSERTION`, then true
   */
  keepAssertion?: boolean;
  /**
   * The claims that policies, rules and routes take as lists, see `compilePolicy`. For those that are not compiled yet.
   * @defaultValue `POMERIUM_LIST_CLAIMS`, then unknown
   */
  listClaims?: readonly string[];
  /**
   * The criteria of policies, rules and routes that Pomerium alone decides, see `compilePolicy`. For those that are not
   * compiled yet.
   * @defaultValue `POMERIUM_LEAVE_TO_POMERIUM`, then none
   */
  leaveToPomerium?: readonly string[];
  /**
   * Whether shared caches may keep the answers: only where they are the same for everybody.
   * @defaultValue `POMERIUM_SHARED`, then false
   */
  shared?: boolean;
  /**
   * Whether what is still open when the assertion ends (a WebSocket, a streamed answer) is closed then.
   * @defaultValue `POMERIUM_END_AT_EXPIRY`, then false
   */
  endAtExpiry?: boolean;
  /**
   * The page for people who are refused: the site's name, where help is, texts in other languages.
   * @defaultValue `POMERIUM_REFUSAL_PAGE`, then English
   *
   * @example
   * ```ts
   * createProxy({
   *   refusalPage: {
   *     siteName: 'Wiki',
   *     helpUrl: 'mailto:help@example.com',
   *     texts: { nl: { 403: ['Geen toegang', 'Deze pagina is niet voor u.'], home: 'Startpagina' } },
   *   },
   * })
   * ```
   */
  refusalPage?: RefusalPageOptions;
  /** Answers a refused request instead of the gate: a redirect, a page of one's own. It is never cached. */
  onRefused?: OnRefused<Request>;
  /**
   * Whether there is a log: a line of JSON for each refusal, failed refresh, skipped key and wrong configuration. `onEvent` is
   * told of everything in any case; what no event tells of (a mistake in code, options that cannot work) is always logged.
   * @defaultValue `POMERIUM_LOG`, then true
   */
  log?: boolean;
  /**
   * Whether log and events say who was let in: the subject of each verified assertion, for an audit log.
   * @defaultValue `POMERIUM_LOG_SUBJECT`, then false
   */
  logSubject?: boolean;
}

/** Options with which only requests for somebody pass, unless the environment says otherwise. A route may be for nobody. */
export type SignedInOptions<Options extends GateOptions<never>> = Options & {
  routes?: never;
  rules?: never;
  optional?: false;
  allowPreflight?: false;
};

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

const VARIABLES: Variables<Omit<OwnOptions, 'onRefused'>> = {
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

const OPTIONS: readonly string[] = [...Object.keys(VARIABLES), 'onRefused'];

/** Every option of a gate and the variable that sets it, where there is one: the rows of the table in docs/gate.md. */
export const GATE_VARIABLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries<readonly [string, unknown]>(VARIABLES).map(([option, [name]]) => [option, name]),
);

/** What differs between the platforms. */
export interface GateSupport {
  /** The options that the platform cannot have, each with what to write instead. */
  readonly without?: Readonly<Record<string, string>>;
  /** The adapter's own options, which it has taken out, and the variables that set them. */
  readonly ownOptions?: readonly string[];
  readonly ownVariables?: readonly string[];
  /** Variables of ours that are for somebody else in the same environment, and so no mistake. */
  readonly otherVariables?: readonly string[];
  /** Whether the usual claim headers are written where nothing is said of them. */
  readonly writesClaims?: boolean;
}

export interface GateSettings<Request = unknown> {
  readonly verifierOptions: EnvironmentOptions;
  readonly policyOptions: PolicyOptions;
  readonly rules: PathRules | undefined;
  readonly optional: boolean;
  readonly allowPreflight: boolean;
  readonly corsOrigins: readonly string[];
  readonly forwarding: ForwardSettings;
  readonly shared: boolean;
  readonly endAtExpiry: boolean;
  readonly refusalPage: RefusalPageOptions;
  readonly onRefused: OnRefused<Request> | undefined;
  readonly log: boolean;
  readonly logSubject: boolean;
}

/** The verifier's, which a gate has under another name. */
const INSTEAD_OF_ANONYMOUS =
  'write optional: true for requests for nobody, or rules with a public path; allowAnonymous is of createVerifier alone';

/** @throws {PomeriumError} `invalid_configuration` */
export function readGateOptions<Request>(
  env: object,
  options: GateOptions<Request>,
  { without = {}, ownOptions = [], ownVariables = [], otherVariables = [], writesClaims = false }: GateSupport,
): GateSettings<Request> {
  const missing: Readonly<Record<string, string>> = { allowAnonymous: INSTEAD_OF_ANONYMOUS, ...without };
  const isMissing = (name: string) => Object.hasOwn(missing, name);
  const set = withoutUnset(options);
  const wrong = Object.keys(set).find(isMissing);
  if (wrong) throw configurationError(`The option ${wrong} cannot be had here: ${missing[wrong]}.`);
  const names = [...VERIFIER_OPTIONS, ...OPTIONS].filter((name) => !isMissing(name));
  requireKnown(set, [...names, ...ownOptions], 'option');
  const honoured = Object.entries(GATE_VARIABLES).filter(([option]) => !isMissing(option));
  const variables = [...VERIFIER_VARIABLES, ...honoured.map(([, name]) => name), ...ownVariables];
  requireKnownVariables(env, variables, otherVariables);
  const given: GateOptions<Request> = { ...readVariables(env as Environment, VARIABLES), ...set };
  const {
    rules,
    listClaims,
    leaveToPomerium,
    corsOrigins = [],
    claimHeaders,
    removeHeaders = [],
    refusalPage,
    onRefused,
    ...flags
  } = given;
  const { optional, allowPreflight, keepAssertion, shared, endAtExpiry, log, logSubject, ...verifierOptions } = flags;
  if (rules !== undefined && readBoolean('optional', optional)) {
    throw configurationError(
      "optional and rules exclude each other; write { prefix: '/…', access: 'public' } in rules.",
    );
  }
  /** What the operator wrote: the option, or the variable. */
  const nameOf = (option: keyof typeof VARIABLES) => (Object.hasOwn(set, option) ? option : VARIABLES[option][0]);
  requireNoOther({ ...given, routes: given.routes ?? (env as GateEnvironment).POMERIUM_ROUTES }, nameOf);
  if (listClaims !== undefined) readNames(nameOf('listClaims'), listClaims, 'roles');
  if (leaveToPomerium !== undefined) readLeft(readNames(nameOf('leaveToPomerium'), leaveToPomerium, 'source_ip'));
  const policyOptions = { listClaims, leaveToPomerium };
  return {
    verifierOptions: { ...verifierOptions, ...policyOptions },
    policyOptions,
    rules: rules === undefined ? undefined : compilePathRules(rules, policyOptions),
    optional: readBoolean('optional', optional) ?? false,
    allowPreflight: readBoolean('allowPreflight', allowPreflight) ?? false,
    corsOrigins: readOrigins(nameOf('corsOrigins'), corsOrigins),
    forwarding: {
      removeHeaders: readHeaderNames(nameOf('removeHeaders'), removeHeaders),
      claimHeaders:
        claimHeaders !== undefined || writesClaims ? readClaimHeaders(claimHeaders, nameOf('claimHeaders')) : undefined,
      keepAssertion: readBoolean('keepAssertion', keepAssertion) ?? true,
    },
    shared: readBoolean('shared', shared) ?? false,
    endAtExpiry: readBoolean('endAtExpiry', endAtExpiry) ?? false,
    refusalPage: readRefusalPage(nameOf('refusalPage'), refusalPage),
    onRefused: readFunction('onRefused', onRefused),
    log: readBoolean('log', log) ?? true,
    logSubject: readBoolean('logSubject', logSubject) ?? false,
  };
}

const INSTEAD_OF_ROUTES = ['rules', 'optional', 'allowPreflight'] as const;

/** Ensures that nothing is set beside routes that they say already. `nameOf`: how the operator wrote it. */
function requireNoOther(
  options: Pick<GateOptions, (typeof INSTEAD_OF_ROUTES)[number]> & { readonly routes?: unknown },
  nameOf: (option: (typeof INSTEAD_OF_ROUTES)[number]) => string,
): void {
  const other = INSTEAD_OF_ROUTES.find((name) => options[name]);
  if (options.routes === undefined || !other) return;
  const name = nameOf(other);
  throw configurationError(
    `routes and ${name} exclude each other: routes say who may pass, nobody and preflights included; leave ${name} out.`,
  );
}

function readNames(option: string, names: unknown, example: string): readonly string[] {
  if (Array.isArray(names) && names.every((name) => typeof name === 'string' && name !== '')) return names;
  const written = option.startsWith('POMERIUM_') ? `${option}=${example}` : `${option}: ['${example}']`;
  throw configurationError(`${option} must be a list of names; it is ${describeValue(names)}. Write ${written}.`);
}

/** One that no request can have would leave every copy of a claim where it is. */
function readHeaderNames(option: string, names: unknown): readonly string[] {
  const read = readNames(option, names, 'x-email');
  const wrong = read.find((name) => !isHeaderName(name) || name.includes('*'));
  if (wrong === undefined) return read;
  throw configurationError(
    `${option} has ${describeValue(wrong)}, which is no header's name: write the whole name of each, as in x-email.`,
  );
}

/** Compared with what browsers send: in lower case, with no slash at the end. */
function readOrigins(option: string, origins: unknown): readonly string[] {
  const example = 'https://app.example.com';
  const names = readNames(option, origins, example);
  const wrong = names.find((name) => name !== '*' && !/^[a-z][a-z\d+.-]*:\/\/[^/?#\sA-Z]+$/.test(name));
  if (wrong === undefined) return names;
  throw configurationError(`${option} has ${describeValue(wrong)}, which no browser sends; write '${example}' or '*'.`);
}

/** `department, x-department=department`, or what the option takes. */
function readClaimList(value: unknown, name: string): ClaimHeaderNames | undefined {
  if (typeof value === 'object') return value as ClaimHeaderNames;
  const named = readList(value, name)?.map((one): [string, string] => {
    const [header = '', claim, ...more] = one.split('=');
    if (more.length > 0) throw claimHeadersError(name);
    return claim === undefined ? [`x-pomerium-claim-${header}`, header] : [header, claim];
  });
  return named && Object.fromEntries(named);
}
