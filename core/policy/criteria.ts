import { configurationError, describeValue, mistakeAt } from '../errors.ts';
import { isCorsPreflight } from '../gate/headers.ts';
import { isObject } from '../json.ts';
import { compileListMatcher, compileStringMatcher } from './matchers.ts';
import type { PolicyInput } from './policy.ts';

export type Predicate = (input: PolicyInput) => boolean;

export interface CompiledCriterion {
  readonly holds: Predicate;
  readonly needsRequest: boolean;
  readonly needsPath: boolean;
}

export interface CriterionContext {
  /** What follows the first slash of the name. */
  readonly subPath: string;
  readonly data: unknown;
  readonly path: string;
  /** Undefined: which claims are lists is unknown. */
  readonly listClaims: ReadonlySet<string> | undefined;
  /** Whether a wrong "no" of the criterion could let somebody in: in a deny, under `not` and `nor`, with `exclude`. */
  readonly mayOpen: boolean;
}

/** Compiles one criterion (`pkg/policy/criteria`). Throws `invalid_configuration` for what an assertion cannot answer. */
export function compileCriterion(name: string, context: CriterionContext): CompiledCriterion {
  const compile = CRITERIA.get(name);
  if (compile) {
    return {
      holds: compile(context),
      needsRequest: REQUEST_CRITERIA.has(name),
      needsPath: name === 'http_path',
    };
  }
  const why = UNANSWERABLE.get(name);
  const { path, subPath } = context;
  throw mistakeAt(
    path,
    why
      ? `: the criterion ${name} cannot be answered from an assertion: ${why}. Only Pomerium can decide it: name it in leaveToPomerium (--leave).`
      : `: there is no criterion ${describeValue(name)}; ${adviceFor(name, subPath)}.`,
  );
}

/** What people write who know other languages of policies. */
function adviceFor(name: string, subPath: string): string {
  if (/^(and|or|not|nor)$/.test(name)) return 'operators do not nest: write another rule into the list of rules';
  const claim = /^claims?[.:](.+)/.exec(name)?.[1] ?? (name === 'claims' && subPath);
  if (claim) return `write claim/${claim}`;
  const meant = [`${name}s`, name.replace(/s$/, '')].find((one) => CRITERIA.has(one));
  return meant
    ? `write ${meant}`
    : `write claim/${name} if it is a claim, or one of ${[...CRITERIA.keys()].join(', ')}`;
}

const CRITERIA: ReadonlyMap<string, (context: CriterionContext) => Predicate> = new Map([
  ['accept', () => () => true],
  ['reject', () => () => false],
  [
    'authenticated_user',
    () =>
      ({ identity }: PolicyInput) =>
        identity.user !== undefined,
  ],
  ['user', compileUser],
  ['email', compileEmail],
  ['domain', compileDomain],
  ['groups', compileGroups],
  ['claim', compileClaim],
  ['http_method', compileHttpMethod],
  ['http_path', compileHttpPath],
  ['cors_preflight', compileCorsPreflight],
]);

const REQUEST_CRITERIA: ReadonlySet<string> = new Set(['http_method', 'http_path', 'cors_preflight']);

const UNANSWERABLE: ReadonlyMap<string, string> = new Map([
  ['source_ip', "this service sees Pomerium's address, and a forwarded one can be forged"],
  ['client_certificate', 'the certificate ended at Pomerium'],
  ['invalid_client_certificate', 'the certificate ended at Pomerium'],
  ['device', 'it says nothing of devices'],
  ['ssh_ca', 'it is not about SSH'],
  ['ssh_publickey', 'it is not about SSH'],
  ['ssh_username', 'it is not about SSH'],
  ['ssh_username_matches_claim', 'it is not about SSH'],
  ['ssh_username_matches_email', 'it is not about SSH'],
  ['mcp_tool', 'it says nothing of tools'],
  ['pomerium_routes', 'no such request reaches a service'],
  ['record', "it holds none of Pomerium's records"],
  ['date', 'only Pomerium has its time'],
  ['day_of_week', 'only Pomerium has its time'],
  ['time_of_day', 'only Pomerium has its time'],
]);

/** The names of all criteria, those that an assertion cannot answer included. */
export const CRITERION_NAMES: readonly string[] = [...CRITERIA.keys(), ...UNANSWERABLE.keys()];

/** An absent user makes it false, whatever the matcher. */
function compileUser({ data, path }: CriterionContext): Predicate {
  const matches = compileStringMatcher(data, path);
  return ({ identity }) => identity.user !== undefined && matches(identity.user);
}

/** An absent e-mail is the empty string (`get_user_email`). */
function compileEmail({ data, path }: CriterionContext): Predicate {
  const matches = compileStringMatcher(data, path);
  return ({ identity }) => matches(identity.email ?? '');
}

/** What stands between the first and the second `@`; where there is none it is false, whatever the matcher. */
function compileDomain({ data, path }: CriterionContext): Predicate {
  const matches = compileStringMatcher(data, path);
  return ({ identity }) => {
    const domain = identity.email?.split('@', 2)[1];
    return domain !== undefined && matches(domain);
  };
}

/** Without any group Pomerium has no directory record, and the criterion is false whatever the matcher. */
function compileGroups({ data, path }: CriterionContext): Predicate {
  if (isObject(data) && Object.hasOwn(data, 'is')) {
    throw mistakeAt(
      `${path}.is`,
      ' cannot be answered from an assertion, which lists the ids of groups and then their names; write has.',
    );
  }
  const matches = compileListMatcher(data, path);
  return ({ identity }) => identity.groups.length > 0 && matches(identity.groups, false);
}

/**
 * Claims that Pomerium writes by itself (`getJWTPayload`): not those of the identity provider that PPL means. `groups`
 * is none of them: without a directory Pomerium takes it from the identity provider.
 */
export const OWN_CLAIMS: ReadonlySet<string> = new Set(['aud', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub', 'user']);

function compileClaim({ subPath, data, path, listClaims, mayOpen }: CriterionContext): Predicate {
  if (subPath === '') throw mistakeAt(path, ' names no claim; write claim/department, say.');
  if (OWN_CLAIMS.has(subPath)) {
    const isUser = subPath === 'sub' || subPath === 'user';
    const advice = isUser ? "write user for the user's id" : 'no assertion has that one';
    throw mistakeAt(
      path,
      `: ${subPath} in an assertion is Pomerium's own, not the identity provider's claim; ${advice}.`,
    );
  }
  const value = valuesOf(data).find((one) => typeof one === 'boolean' || typeof one === 'number');
  if (value !== undefined) {
    throw mistakeAt(
      path,
      `: an assertion has every claim as text, so that ${value} and "${value}" are the same there, and are not in Pomerium. Only Pomerium can decide it: name it in leaveToPomerium (--leave claim/${subPath}).`,
    );
  }
  const matches = compileListMatcher(data, path);
  // Pomerium writes the groups as a list. Of any other claim it is unknown whether "a,b" is one value or two.
  if (!listClaims && subPath !== 'groups' && (mayOpen || isOpenedByGuess(data))) {
    throw mistakeAt(
      path,
      `: an assertion does not say whether ${describeValue(subPath)} is one value or several, and here a wrong guess would let people in; write listClaims (--list-claims) with the claims that may have several, or [] for none.`,
    );
  }
  const isJoined = listClaims?.has(subPath) ?? false;
  return ({ identity: { claims } }) => matches(Object.hasOwn(claims, subPath) ? claims[subPath] : undefined, isJoined);
}

/** Whether taking several values for one could make a matcher hold that does not. */
function isOpenedByGuess(data: unknown): boolean {
  return valuesOf(data).some((value) => String(value).includes(','));
}

/** What the matchers of a criterion compare with. */
function valuesOf(data: unknown): readonly unknown[] {
  return isObject(data) ? Object.values(data) : [data];
}

function compileHttpMethod({ data, path }: CriterionContext): Predicate {
  const matches = compileStringMatcher(data, path);
  return (input) => matches(required(input.method, 'method'));
}

/** What the path may be was judged before any criterion is asked. */
function compileHttpPath({ data, path }: CriterionContext): Predicate {
  const matches = compileStringMatcher(data, path);
  return (input) => matches(required(input.path ?? undefined, 'path'));
}

function compileCorsPreflight(): Predicate {
  return (input) => isCorsPreflight(required(input.method, 'method'), required(input.headers, 'headers'));
}

/** Never a silent answer about a request that is not there. */
function required<T>(value: T | undefined, name: string): T {
  if (value !== undefined) return value;
  throw configurationError(
    `The policy asks about the ${name} of the request, and none was given; use verifyRequest(request), or verify(assertion, { requestInfo: { method, path, headers } }).`,
  );
}
