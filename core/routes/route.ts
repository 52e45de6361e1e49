import { configurationError, describeValue, mistakeAt } from '../errors.ts';
import { type Access, compileAccess } from './access.ts';
import { type Globals, type IssuerFormat, readIssuerFormat } from './configuration.ts';
import { type From, isHttp, parseFrom } from './from.ts';
import { type PathMatch, pathOfTarget, type Rewrite, readPathMatch, readRewrite } from './paths.ts';
import { join, readFlag, readSection, readText, readTexts, type Section } from './settings.ts';

/** A route as far as every one is read, whether this service is behind it or not. */
export interface Route {
  /** Where it stands: `routes[0]`. */
  readonly at: string;
  readonly section: Section;
  /** `from` as it is written. */
  readonly fromText: string;
  readonly from: From;
  readonly name: string | undefined;
  readonly match: PathMatch;
  readonly end: RouteEnd;
  readonly rewrite: Rewrite | undefined;
  /** The path of `to`, where it has one. */
  readonly targetPath: string;
  readonly issuerFormat: IssuerFormat;
  /** Whether an assertion goes on to the service. */
  readonly passesAssertion: boolean;
  readonly isMcpServer: boolean;
}

/** Where a request ends that meets it: only an upstream is a service that gets assertions. */
export type RouteEnd = 'upstream' | 'redirect' | 'response' | 'not http' | 'unchecked';

/** A route of the hosts that are wanted. */
export interface CompiledRoute extends Route, Access {
  /** Where all is said that is left to Pomerium. */
  readonly left: readonly string[];
}

/** @throws {PomeriumError} `invalid_configuration`, for what Pomerium refuses, too */
export function readRoute(section: Section, globals: Globals): Route {
  const { at } = section;
  const fromText = readText(section, 'from');
  if (fromText === undefined) {
    throw configurationError(`${at || 'The route'} has no from; write from: 'https://app.corp.example.com'.`, {
      path: at,
    });
  }
  const from = parseFrom(fromText, join(at, 'from'));
  const match = readPathMatch(section);
  return {
    at,
    section,
    fromText,
    from,
    name: readText(section, 'name'),
    match,
    end: isUnchecked(from, globals) ? 'unchecked' : isHttp(from) ? readEnd(section) : 'not http',
    rewrite: readRewrite(section, match),
    targetPath: pathOfTarget(section.values['to']),
    issuerFormat: readIssuerFormat(section) ?? globals.issuerFormat,
    passesAssertion: passesAssertion(section, globals),
    isMcpServer: Boolean(readSection(section.values['mcp'], join(at, 'mcp'))?.values['server']),
  };
}

/** In front of another Pomerium's sign-in no policy is asked (`isProxyFrontingAuthenticate`). */
function isUnchecked({ host }: From, { servesAuthenticate, authenticateHosts }: Globals): boolean {
  return !servesAuthenticate && authenticateHosts.includes(host.toLowerCase());
}

/** `buildRouteForPolicyAndMatch`: a redirect counts before a response, and that before `to`. */
function readEnd({ at, values }: Section): RouteEnd {
  if (values['redirect']) return 'redirect';
  if (values['response']) return 'response';
  const to = [values['to']].flat();
  if (to.length > 0 && to.every(isUrl)) return 'upstream';
  const example = "as in 'http://app.internal:8080'";
  if (to[0] === undefined || to[0] === null) {
    throw configurationError(`${at || 'The route'} needs a to, ${example}, a redirect or a response.`, { path: at });
  }
  const path = join(at, 'to');
  const wrong = to.find((one) => !isUrl(one));
  throw mistakeAt(path, ` (${describeValue(wrong)}) must be a URL, ${example}.`);
}

function isUrl(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z][a-z\d+.-]*:\/\/./i.test(value);
}

/** It is removed before `set_request_headers` writes it anew. */
function passesAssertion(section: Section, globals: Globals): boolean {
  const removed = readTexts(section, 'remove_request_headers');
  const isRemoved = removed?.some(([name]) => name.toLowerCase() === 'x-pomerium-jwt-assertion');
  return (readFlag(section, 'pass_identity_headers') ?? globals.passesIdentity) && !isRemoved;
}

/**
 * What makes two routes one for Pomerium, which then does not start (`generateRouteID` in config/policy.go). Without the target:
 * those of which only the first is ever met.
 */
export function routeId({ fromText, section: { values } }: Route, { withTarget }: { withTarget: boolean }): string {
  const { prefix, path, regex, redirect, response, to } = values;
  return JSON.stringify([fromText, prefix, path, regex, withTarget && (redirect ?? response ?? [to].flat())]);
}

/** Adds who may pass. */
export function compileRoute(
  route: Route,
  compiler: Parameters<typeof compileAccess>[1],
  leftSetting: string | undefined,
): CompiledRoute {
  const access = compileAccess(route.section, compiler);
  const left = [...(leftSetting === undefined ? [] : [leftSetting]), ...(access.policy.left ?? [])];
  return Object.freeze({ ...route, ...access, left });
}
