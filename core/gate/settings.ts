import { type EnvironmentOptions, VERIFIER_VARIABLES } from '../environment.ts';
import { configurationError, describeValue } from '../errors.ts';
import { readBoolean, readFunction, requireKnown, withoutUnset } from '../option-readers.ts';
import { VERIFIER_OPTIONS } from '../options.ts';
import { readLeft } from '../policy/left.ts';
import type { PolicyOptions } from '../policy/policy.ts';
import { type Environment, readVariables, requireKnownVariables } from '../variables.ts';
import { readClaimHeaders } from './claim-headers.ts';
import type { ForwardSettings } from './forward.ts';
import { isHeaderName } from './headers.ts';
import type { GateOptions, OnRefused } from './options.ts';
import { type RefusalPageOptions, readRefusalPage } from './refusal-page-options.ts';
import { compilePathRules, type PathRules } from './rules.ts';
import { GATE_VARIABLES, type GateEnvironment, VARIABLES } from './variables.ts';

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

/** @throws {PomeriumError} `invalid_configuration` */
export function readGateOptions<Request>(
  env: object,
  options: GateOptions<Request>,
  support: GateSupport,
): GateSettings<Request> {
  const set = withoutUnset(options);
  requireSupported(env, set, support);
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
        claimHeaders !== undefined || support.writesClaims
          ? readClaimHeaders(claimHeaders, nameOf('claimHeaders'))
          : undefined,
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

const OPTIONS: readonly string[] = [...Object.keys(VARIABLES), 'onRefused'];

/** The verifier's, which a gate has under another name. */
const INSTEAD_OF_ANONYMOUS =
  'write optional: true for requests for nobody, or rules with a public path; allowAnonymous is of createVerifier alone';

/** Ensures that the platform can have all that is set. */
function requireSupported(
  env: object,
  set: object,
  { without = {}, ownOptions = [], ownVariables = [], otherVariables = [] }: GateSupport,
): void {
  const missing: Readonly<Record<string, string>> = { allowAnonymous: INSTEAD_OF_ANONYMOUS, ...without };
  const isMissing = (name: string) => Object.hasOwn(missing, name);
  const wrong = Object.keys(set).find(isMissing);
  if (wrong) throw configurationError(`The option ${wrong} cannot be had here: ${missing[wrong]}.`);
  const names = [...VERIFIER_OPTIONS, ...OPTIONS].filter((name) => !isMissing(name));
  requireKnown(set, [...names, ...ownOptions], 'option');
  const honoured = Object.entries(GATE_VARIABLES).filter(([option]) => !isMissing(option));
  const variables = [...VERIFIER_VARIABLES, ...honoured.map(([, name]) => name), ...ownVariables];
  requireKnownVariables(env, variables, otherVariables);
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
