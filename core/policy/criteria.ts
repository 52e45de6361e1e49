import { sentence } from '#sentences';
import { configurationError, shown } from '../errors.ts';
import { type HeadersLike, isCorsPreflight } from '../http.ts';
import type { MaybeAnonymous } from '../identity.ts';
import { compileListMatcher, compileStringMatcher } from './matchers.ts';

/** What a policy is asked about. Only policies with `needsRequest` look at more than the identity. */
export interface PolicyInput {
  readonly identity: MaybeAnonymous;
  readonly method?: string | undefined;
  /** The path that this service is asked for, without the query and with its percent-encoding taken off. */
  readonly path?: string | undefined;
  readonly headers?: HeadersLike | undefined;
}

export type Predicate = (input: PolicyInput) => boolean;

export interface CompiledCriterion {
  readonly holds: Predicate;
  readonly needsRequest: boolean;
}

export interface CriterionContext {
  /** What follows the first slash of the name. */
  readonly subPath: string;
  readonly data: unknown;
  readonly path: string;
  readonly listClaims: ReadonlySet<string>;
}

/** Compiles one criterion (`pkg/policy/criteria`). Throws `invalid_configuration` for what an assertion cannot answer. */
export function compileCriterion(name: string, context: CriterionContext): CompiledCriterion {
  const compile = CRITERIA.get(name);
  if (compile) return { holds: compile(context), needsRequest: REQUEST_CRITERIA.has(name) };
  const why = UNANSWERABLE.get(name);
  throw configurationError(
    context.path,
    sentence(
      why
        ? `${context.path}: the criterion ${name} cannot be answered from an assertion: ${why}. Leave it to Pomerium.`
        : `${context.path}: there is no criterion ${shown(name)}; write one of ${[...CRITERIA.keys()].join(', ')}.`,
    ),
  );
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

const UNANSWERABLE: ReadonlyMap<string, string | undefined> = new Map([
  ['source_ip', sentence("this service sees Pomerium's address, and a forwarded one can be forged")],
  ['client_certificate', sentence('the certificate ended at Pomerium')],
  ['invalid_client_certificate', sentence('the certificate ended at Pomerium')],
  ['device', sentence('it says nothing of devices')],
  ['ssh_publickey', sentence('it is not about SSH')],
  ['ssh_username', sentence('it is not about SSH')],
  ['mcp_tool', sentence('it says nothing of tools')],
  ['record', sentence("it holds none of Pomerium's records")],
  ['date', sentence('it is not given the time as Pomerium has it')],
  ['day_of_week', sentence('it is not given the time as Pomerium has it')],
  ['time_of_day', sentence('it is not given the time as Pomerium has it')],
]);

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
    const email = identity.email ?? '';
    const first = email.indexOf('@');
    if (first < 0) return false;
    const second = email.indexOf('@', first + 1);
    return matches(second < 0 ? email.slice(first + 1) : email.slice(first + 1, second));
  };
}

/** Without any group Pomerium has no directory record, and the criterion is false whatever the matcher. */
function compileGroups({ data, path }: CriterionContext): Predicate {
  if (typeof data === 'object' && data !== null && Object.hasOwn(data, 'is')) {
    throw configurationError(
      path,
      sentence(
        `${path}.is cannot be answered from an assertion, which lists the ids of groups and then their names; write has.`,
      ),
    );
  }
  const matches = compileListMatcher(data, path);
  return ({ identity }) => identity.groups.length > 0 && matches(identity.groups, false);
}

/**
 * Claims that Pomerium writes by itself (`getJWTPayload`): not those of the identity provider that PPL means. `groups`
 * is none of them: without a directory Pomerium takes it from the identity provider.
 */
const OWN_CLAIMS: ReadonlySet<string> = new Set(['aud', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub', 'user']);

function compileClaim({ subPath, data, path, listClaims }: CriterionContext): Predicate {
  if (subPath === '') throw configurationError(path, sentence(`${path} names no claim; write claim/department, say.`));
  if (OWN_CLAIMS.has(subPath)) {
    throw configurationError(
      path,
      sentence(
        `${path}: ${subPath} in an assertion is Pomerium's own, not the identity provider's claim; write user if you mean the user's id.`,
      ),
    );
  }
  const matches = compileListMatcher(data, path);
  const isJoined = listClaims.has(subPath);
  return ({ identity: { claims } }) => matches(Object.hasOwn(claims, subPath) ? claims[subPath] : undefined, isJoined);
}

function compileHttpMethod({ data, path }: CriterionContext): Predicate {
  const matches = compileStringMatcher(data, path);
  return (input) => matches(required(input.method, 'method'));
}

function compileHttpPath({ data, path }: CriterionContext): Predicate {
  const matches = compileStringMatcher(data, path);
  return (input) => matches(required(input.path, 'path'));
}

function compileCorsPreflight(): Predicate {
  return (input) => isCorsPreflight(required(input.method, 'method'), required(input.headers, 'headers'));
}

/** Never a silent answer about a request that is not there. */
function required<T>(value: T | undefined, name: string): T {
  if (value !== undefined) return value;
  throw configurationError(
    name,
    sentence(
      `The policy asks about the ${name} of the request, and none was given; use verifyRequest(request), or verify(assertion, { request: { method, path, headers } }).`,
    ),
  );
}
