import { configurationError, describeValue, PomeriumError } from '../errors.ts';
import { type RequestLike, readHeader } from '../gate/headers.ts';
import { isCanonical, pathText, readPath } from '../gate/path.ts';
import type { MaybeAnonymous, RouteName } from '../identity.ts';
import { policyDenied } from '../policy/check.ts';
import type { RequestInfo } from '../policy/policy.ts';
import type { Globals } from './configuration.ts';
import { type HostLookup, routesTo, type VirtualHost } from './hosts.ts';
import { spellingsOf, toEnvoyPath } from './paths.ts';
import type { CompiledRoute, Route } from './route.ts';
import type { Wanted } from './wanted.ts';

/** What of a request the routes are asked about. */
export type RoutedRequest = RequestInfo & Pick<Partial<RequestLike>, 'url'>;

export interface Judge {
  /**
   * Ensures that an assertion is for one host of these routes, signed as Pomerium would for one of them. `asked`: the hosts
   * that the request itself names: if a route is for one, the assertion must be for that.
   * @throws {PomeriumError} `audience_mismatch`, `issuer_mismatch`
   */
  requireIssued(
    claims: { readonly iss: string | undefined; readonly aud: readonly string[] },
    asked: readonly string[],
  ): void;
  /**
   * Ensures that each route by which the request may have come lets it through (`anyRoute`: that some route of the host does,
   * whatever the request). Gives the route where there is only one.
   * @throws {PomeriumError} `policy_denied`, `anonymous`, `issuer_mismatch`
   */
  check(identity: MaybeAnonymous, request: RoutedRequest, anyRoute?: boolean): RouteName | undefined;
}

interface Judged {
  readonly lookup: HostLookup;
  readonly wanted: Wanted;
  readonly globals: Pick<Globals, 'normalizesPath' | 'refusesEscapedSlashes'>;
  /** Those that may be needed. */
  readonly compiled: ReadonlyMap<Route, CompiledRoute>;
}

export function createJudge({ lookup, wanted, globals, compiled }: Judged): Judge {
  const hostsFor = (name: string, port: string | undefined) =>
    lookup(name, port).filter((host) => wanted.isWanted(host, name));
  const leadsHere = (host: VirtualHost) => host.routes.some(({ end }) => end === 'upstream');
  /** Pomerium signs the host that it was asked for: no assertion is for anything else. */
  const isFor = (name: string) => /^[\w.-]+$/.test(name) && hostsFor(name, undefined).some(leadsHere);
  const names = new Map([...compiled.values()].map((route) => [route, nameOf(route)]));

  const audienceOf = (aud: readonly string[]) => {
    const [audience, ...others] = aud.filter(isFor);
    if (audience !== undefined && others.length === 0) return audience;
    throw new PomeriumError('audience_mismatch', 'The assertion is for another host than those of the routes.', {
      expected: wanted.names.map(describeValue).join(' or '),
      received: aud.slice(0, 5).map(describeValue).join(', ') || describeValue(undefined),
    });
  };

  const requireSome = (hosts: readonly VirtualHost[], identity: MaybeAnonymous) => {
    const routes = hosts.flatMap((host) => host.routes).flatMap((route) => compiled.get(route) ?? []);
    const isNobody = identity.subject === undefined;
    const mayPass = ({ policy, policyForNobody }: CompiledRoute) => {
      const asked = isNobody ? policyForNobody : policy;
      return asked.needsRequest || asked.decide({ identity }).allowed;
    };
    if (routes.some(mayPass)) return undefined;
    throw new PomeriumError('policy_denied', 'No route of this host lets it through.', {
      expected: 'a route whose policy allows it',
    });
  };

  return {
    requireIssued({ iss, aud }, asked) {
      const audience = audienceOf(aud);
      const other = asked.find((host) => host !== audience.toLowerCase() && lookup(host, undefined).length > 0);
      if (other !== undefined) {
        throw new PomeriumError('audience_mismatch', 'The assertion is for another host than the request.', {
          expected: describeValue(other),
          received: describeValue(audience),
        });
      }
      const signed = hostsFor(audience, undefined).flatMap(({ routes }) =>
        routes.map((route) => issuerOf(route, audience)),
      );
      if (iss === undefined || !signed.includes(iss)) throw otherIssuer(signed, iss);
    },
    check(identity, request, anyRoute) {
      const audience = audienceOf(identity.audience);
      if (anyRoute) return requireSome(hostsFor(audience, undefined), identity);
      const hosts = hostsFor(audience, portOf(request, audience));
      const targets = readTargets(request, globals);
      const possible = hosts.flatMap((host) =>
        targets.flatMap(({ path, spellings }) =>
          spellings ? spellings.flatMap((one) => routesTo(host, one)) : everyRoute(host, path),
        ),
      );
      const path = targets.length === 1 ? targets[0]?.path : null;
      const routes = servingRoutes(new Set(possible), identity, audience, request.method);
      const input = { identity, method: request.method, path, headers: request.headers };
      for (const route of routes) requireAccess(route, compiled.get(route), input);
      const [only, ...others] = routes;
      const route = only && others.length === 0 ? compiled.get(only) : undefined;
      return route && names.get(route);
    },
  };
}

function nameOf({ fromText, name }: Route): RouteName {
  return Object.freeze({ from: fromText, ...(name !== undefined && { name }) });
}

function issuerOf({ issuerFormat }: Route, audience: string): string {
  return issuerFormat === 'host' ? audience : `https://${audience}/`;
}

/** `path`: decoded; null where it has no one reading, undefined where none was given. `spellings`: as Envoy may have had it. */
interface Target {
  readonly path: string | null | undefined;
  readonly spellings: readonly string[] | undefined;
}

function readTargets({ url, path, targets }: RoutedRequest, globals: Judged['globals']): Target[] {
  const urls = targets ?? (typeof url === 'string' ? [url] : undefined);
  if (urls) return urls.map((one) => readUrl(one, globals));
  if (typeof path !== 'string') return [{ path, spellings: undefined }];
  return [isCanonical(path) ? { path, spellings: spellingsOf(path) } : UNREADABLE];
}

const UNREADABLE: Target = { path: null, spellings: undefined };
const NOWHERE: Target = { path: null, spellings: [] };

function readUrl(url: string, { normalizesPath, refusesEscapedSlashes }: Judged['globals']): Target {
  const text = pathText(url);
  const path = readPath(url);
  if (path !== null) return { path, spellings: [toEnvoyPath(text, normalizesPath)] };
  // Envoy answers these itself, so that no route is for them.
  return /%00/.test(text) || (refusesEscapedSlashes && /%(2f|5c)/i.test(text)) ? NOWHERE : UNREADABLE;
}

/**
 * The port that was asked for, which no assertion has: known where the request itself names the host that the assertion is
 * for.
 */
function portOf({ url, headers }: RoutedRequest, audience: string): string | undefined {
  const authorities = [
    typeof url === 'string' && URL.canParse(url) ? new URL(url).host : '',
    (headers && readHeader(headers, 'host')) ?? '',
  ];
  const ports = authorities.flatMap((authority) => {
    const [, host = '', port = '443'] = /^([^:]*)(?::(\d+))?$/.exec(authority) ?? [];
    return host.toLowerCase() === audience.toLowerCase() ? [port] : [];
  });
  return new Set(ports).size === 1 ? ports[0] : undefined;
}

/** Where the path has no one reading: all must let it through, and there must be no path that none is for. */
function everyRoute({ routes }: VirtualHost, path: null | string | undefined): readonly Route[] {
  const isComplete = routes.some(({ match }) => match.by === 'prefix' && match.text === '/');
  if (isComplete && routes.every(({ end }) => end === 'upstream')) return routes;
  if (path === undefined) {
    throw configurationError(
      'The routes differ by path, and none was given; use verifyRequest(request), or verify(assertion, { requestInfo: { method, path, headers } }).',
    );
  }
  throw new PomeriumError(
    'policy_denied',
    'The routes differ by path, and servers could read that path in different ways.',
    { expected: 'a path with one reading: no encoded slash, dot segment, empty segment or double encoding' },
  );
}

/** Those that lead to a service, and that would have signed this issuer. */
function servingRoutes(
  possible: ReadonlySet<Route>,
  { issuer }: MaybeAnonymous,
  audience: string,
  method: string | undefined,
): Route[] {
  const serving = [...possible].filter(
    ({ end, isMcpServer }) => end === 'upstream' && !(isMcpServer && method === 'OPTIONS'),
  );
  const routes = serving.filter((route) => issuerOf(route, audience) === issuer);
  if (routes.length > 0) return routes;
  if (serving.length === 0) {
    throw new PomeriumError('policy_denied', 'No route of this host leads such a request to a service.', {
      expected: 'a path that a route with a to is for, and that Pomerium does not answer itself',
    });
  }
  const signed = serving.map((route) => issuerOf(route, audience));
  throw otherIssuer(signed, issuer);
}

function otherIssuer(expected: readonly string[], received: string | undefined): PomeriumError {
  return new PomeriumError('issuer_mismatch', 'The routes of this host have another issuer (jwt_issuer_format).', {
    expected: [...new Set(expected)].map(describeValue).join(' or '),
    received: describeValue(received),
  });
}

function requireAccess(
  { at, fromText }: Route,
  compiled: CompiledRoute | undefined,
  input: { identity: MaybeAnonymous } & RequestInfo,
): void {
  if (!compiled) throw configurationError(`${at} (${fromText}) is not one of the option hosts.`);
  const isNobody = input.identity.subject === undefined;
  const policy = isNobody ? compiled.policyForNobody : compiled.policy;
  const decision = policy.decide(input);
  if (decision.allowed) return;
  if (isNobody) {
    throw new PomeriumError('anonymous', 'The assertion is for nobody, and its route asks who it is.', {
      expected: 'an assertion for somebody who is signed in',
    });
  }
  const { message, expected, received } = policyDenied(decision, () => policy.explain(input));
  throw new PomeriumError('policy_denied', `${at} (${fromText}): ${message}`, { expected, received });
}
