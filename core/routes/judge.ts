import { configurationError, describeValue, PomeriumError } from '../errors.ts';
import type { MaybeAnonymous, RouteName } from '../identity.ts';
import { ONE_READING, policyDenied } from '../policy/check.ts';
import type { Policy, PolicyExplanation, RequestInfo } from '../policy/policy.ts';
import { type Audience, createAudiences, issuerOf } from './audiences.ts';
import { type HostLookup, routesTo, type VirtualHost } from './hosts.ts';
import type { CompiledRoute, Route, RouteEnd } from './route.ts';
import { onePathOf, type PathGlobals, portOf, type RoutedRequest, readTargets, type Target } from './targets.ts';
import type { Wanted } from './wanted.ts';

export interface Judge {
  /**
   * Ensures that an assertion is for one host of these routes, signed as Pomerium would for one of them. `requestHosts`: those
   * that the request itself names: if a route is for one, the assertion must be for that.
   * @throws {PomeriumError} `audience_mismatch`, `issuer_mismatch`
   */
  requireIssued(
    claims: { readonly iss: string | undefined; readonly aud: readonly string[] },
    requestHosts: readonly string[],
  ): void;
  /**
   * Ensures that each route by which the request may have come lets it through (`anyRoute`: that some route of the host does,
   * whatever the request). Gives the route where there is only one.
   * @throws {PomeriumError} `policy_denied`, `anonymous`, `issuer_mismatch`
   */
  check(identity: MaybeAnonymous, request: RoutedRequest, anyRoute?: boolean): RouteName | undefined;
  /**
   * The routes by which the request may have come, and what the policy of each says: for people, and slower than `check`, which
   * alone decides.
   * @throws {PomeriumError} `audience_mismatch`, `policy_denied` for a path with no one reading
   */
  trace(identity: MaybeAnonymous, request: RoutedRequest): readonly TracedRoute[];
}

export interface TracedRoute {
  /** Where it stands: `routes[0]`. */
  readonly at: string;
  readonly end: RouteEnd;
  /** Undefined where it leads to no service that is wanted. */
  readonly explanation: PolicyExplanation | undefined;
}

interface Judged {
  readonly lookup: HostLookup;
  /** Whether routes differ by port. */
  readonly hasPorts: boolean;
  readonly wanted: Wanted;
  readonly globals: PathGlobals;
  /** Those that may be needed. */
  readonly compiled: ReadonlyMap<Route, CompiledRoute>;
}

export function createJudge({ lookup, hasPorts, wanted, globals, compiled }: Judged): Judge {
  const { hostsFor, audienceOf } = createAudiences(lookup, wanted);
  const names = new Map([...compiled.keys()].map((route) => [route, nameOf(route)]));

  const requireSome = ({ hosts }: Audience, identity: MaybeAnonymous) => {
    const routes = hosts.flatMap((host) => host.routes).flatMap((route) => compiled.get(route) ?? []);
    const mayPass = (route: CompiledRoute) => {
      const policy = policyFor(route, identity);
      return policy.needsRequest || policy.decide({ identity: asAsked(identity) }).allowed;
    };
    if (routes.some(mayPass)) return undefined;
    if (identity.subject === undefined) throw isForNobody('every route of this host asks who it is');
    throw new PomeriumError('policy_denied', 'No route of this host lets it through.', {
      expected: 'a route whose policy allows it',
    });
  };

  const meet = (identity: MaybeAnonymous, request: RoutedRequest, audience: Audience): Meeting => {
    const port = hasPorts ? portOf(request, audience.name) : undefined;
    const hosts = port === undefined ? audience.hosts : hostsFor(audience.name, port);
    const { method, headers } = request;
    const targets = readTargets(request, globals);
    const routesFor = (list: readonly Target[]) => list.map((target) => routesOf(hosts, target));
    return {
      sent: routesFor(targets.sent),
      aliases: routesFor(targets.aliases),
      images: routesFor(targets.images),
      input: { identity: asAsked(identity), method, path: onePathOf(targets), headers },
    };
  };

  return {
    requireIssued({ iss, aud }, requestHosts) {
      const { name, issuers } = audienceOf(aud);
      const own = name.toLowerCase();
      const other = requestHosts.find((host) => host !== own && lookup(host, undefined).length > 0);
      if (other !== undefined) {
        throw new PomeriumError('audience_mismatch', 'The assertion is for another host than the request.', {
          expected: describeValue(other),
          received: describeValue(name),
        });
      }
      if (iss === undefined || !issuers.has(iss)) throw otherIssuer([...issuers], iss);
    },
    check(identity, request, anyRoute) {
      const audience = audienceOf(identity.audience);
      if (anyRoute) return requireSome(audience, identity);
      const { sent, aliases, images, input } = meet(identity, request, audience);
      const serving = (possible: readonly Route[]) => servingRoutes(possible, request.method);
      // What was sent has a route, or Pomerium would have answered it: the others were not sent. If none has one, the first is refused.
      const possible = sent.some(isNotEmpty) ? sent.filter(isNotEmpty) : sent;
      // An alias without a route is ignored. An image without one is refused: the service would fetch it from itself.
      const inner = [...aliases.filter(isNotEmpty), ...images];
      // Each target by itself, since whoever asks chooses which of them it is.
      const routes = unionOf([
        ...possible.map((list) => signedRoutes(serving(list), audience.name, identity.issuer)),
        ...inner.map(serving),
      ]);
      for (const route of routes) requireAccess(route, compiled.get(route), input);
      const only = routes.length === 1 ? routes[0] : undefined;
      return only && names.get(only);
    },
    trace(identity, request) {
      const { sent, aliases, images, input } = meet(identity, request, audienceOf(identity.audience));
      return unionOf([...sent, ...aliases, ...images]).map((route) => {
        const own = compiled.get(route);
        return { at: route.at, end: route.end, explanation: own && policyFor(own, identity).explain(input) };
      });
    },
  };
}

/** By which routes a request may have come, for each target. An empty list: no route is for that target. */
interface Meeting {
  readonly sent: readonly (readonly Route[])[];
  readonly aliases: readonly (readonly Route[])[];
  readonly images: readonly (readonly Route[])[];
  readonly input: { readonly identity: MaybeAnonymous } & RequestInfo;
}

function isNotEmpty({ length }: readonly Route[]): boolean {
  return length > 0;
}

/** The routes of these hosts by which a request for the target may have come. */
function routesOf(hosts: readonly VirtualHost[], target: Target): readonly Route[] {
  if (target.kind === 'answered') return [];
  if (target.kind !== 'path') return unionOf(hosts.map((host) => everyRoute(host, target)));
  return unionOf(hosts.flatMap((host) => target.spellings.map((one) => routesTo(host, one))));
}

/** Where nobody knows for which path it is: all must let it through, and there must be no path that none is for. */
function everyRoute({ routes, isAuthenticate }: VirtualHost, { kind }: Target): readonly Route[] {
  const isComplete = routes.some(({ match }) => match.by === 'prefix' && match.text === '/');
  // None of them may drop out later, so that the others alone decide about a path that they are not for.
  const isAlike = routes.every(
    ({ end, isMcpServer, issuerFormat }) =>
      end === 'upstream' && !isMcpServer && issuerFormat === routes[0]?.issuerFormat,
  );
  // On its own host the sign-in answers for `/`, which any of them may be.
  if (isComplete && isAlike && !isAuthenticate) return routes;
  if (kind === 'missing') {
    throw configurationError(
      'The routes differ by path, and none was given; use verifyRequest(request), or verify(assertion, { requestInfo: { method, path, headers } }).',
    );
  }
  throw new PomeriumError(
    'policy_denied',
    'The routes differ by path, and servers could read that path in different ways.',
    { expected: ONE_READING },
  );
}

/** Each of them once. */
function unionOf(lists: readonly (readonly Route[])[]): readonly Route[] {
  return lists.length === 1 ? (lists[0] ?? []) : [...new Set(lists.flat())];
}

/** Where nobody is signed in, Pomerium has no session to look anything up in, whatever the assertion says. */
function asAsked(identity: MaybeAnonymous): MaybeAnonymous {
  if (identity.subject !== undefined) return identity;
  return { ...identity, user: undefined, email: undefined, groups: [], claims: {} };
}

function policyFor({ policy, policyForNobody }: CompiledRoute, { subject }: MaybeAnonymous): Policy {
  return subject === undefined ? policyForNobody : policy;
}

function nameOf({ fromText, name }: Route): RouteName {
  return Object.freeze({ from: fromText, ...(name !== undefined && { name }) });
}

/** Those that lead to a service. */
function servingRoutes(possible: readonly Route[], method: string | undefined): readonly Route[] {
  const serving = possible.filter(
    ({ end, isMcpServer }) => end === 'upstream' && !(isMcpServer && method === 'OPTIONS'),
  );
  if (serving.length > 0) return serving;
  throw new PomeriumError(
    'policy_denied',
    'No route of this host leads such a request to a service: Pomerium answers it itself.',
    { expected: 'a path that a route with a to is for, and that Pomerium does not answer itself' },
  );
}

/** Those of them that would have signed this issuer. */
function signedRoutes(serving: readonly Route[], audience: string, issuer: string): readonly Route[] {
  const routes = serving.filter((route) => issuerOf(route, audience) === issuer);
  if (routes.length > 0) return routes;
  throw otherIssuer(
    serving.map((route) => issuerOf(route, audience)),
    issuer,
  );
}

function otherIssuer(expected: readonly string[], received: string | undefined): PomeriumError {
  return new PomeriumError('issuer_mismatch', 'The routes of this host have another issuer (jwt_issuer_format).', {
    expected: [...new Set(expected)].map(describeValue).join(' or '),
    received: describeValue(received),
  });
}

function isForNobody(why: string): PomeriumError {
  return new PomeriumError('anonymous', `The assertion is for nobody, and ${why}.`, {
    expected: 'an assertion for somebody who is signed in',
  });
}

function requireAccess(
  { at, fromText }: Route,
  compiled: CompiledRoute | undefined,
  input: { identity: MaybeAnonymous } & RequestInfo,
): void {
  if (!compiled) throw configurationError(`${at} (${fromText}) is not one of the option hosts.`);
  const policy = policyFor(compiled, input.identity);
  const decision = policy.decide(input);
  if (decision.allowed) return;
  if (input.identity.subject === undefined) throw isForNobody('its route asks who it is');
  const { message, expected, received } = policyDenied(decision, () => policy.explain(input));
  throw new PomeriumError('policy_denied', `${at} (${fromText}): ${message}`, { expected, received });
}
