import { authorityOf } from '../authority.ts';
import { BoundedMap } from '../bounded-map.ts';
import { configurationError, describeValue, PomeriumError } from '../errors.ts';
import { type RequestLike, readHosts } from '../gate/headers.ts';
import { decodePath, isCanonical, pathText } from '../gate/path.ts';
import type { MaybeAnonymous, RouteName } from '../identity.ts';
import { ONE_READING, policyDenied } from '../policy/check.ts';
import type { Policy, PolicyExplanation, RequestInfo } from '../policy/policy.ts';
import type { Globals } from './configuration.ts';
import { type HostLookup, routesTo, type VirtualHost } from './hosts.ts';
import { mayBePomeriumPath, spellingsOf, toEnvoyPath } from './paths.ts';
import type { CompiledRoute, Route, RouteEnd } from './route.ts';
import type { Wanted } from './wanted.ts';

/** What of a request the routes are asked about. */
export interface RoutedRequest extends RequestInfo, Pick<Partial<RequestLike>, 'url'> {
  /** Targets of this service, of which an image optimiser may serve a copy: a route must lead to each. */
  readonly images?: readonly string[];
}

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
  readonly globals: Pick<Globals, 'normalizesPath' | 'refusesEscapedSlashes'>;
  /** Those that may be needed. */
  readonly compiled: ReadonlyMap<Route, CompiledRoute>;
}

/** A host that an assertion may be for, and by what it is judged where the port is unknown. */
interface Audience {
  readonly name: string;
  readonly hosts: readonly VirtualHost[];
  /** What Pomerium signs as `iss` for it. */
  readonly issuers: ReadonlySet<string>;
}

const MAX_AUDIENCES = 512;

export function createJudge({ lookup, hasPorts, wanted, globals, compiled }: Judged): Judge {
  const hostsFor = (name: string, port: string | undefined) =>
    lookup(name, port).filter((host) => wanted.isWanted(host, name));
  const names = new Map([...compiled.keys()].map((route) => [route, nameOf(route)]));

  const makeAudience = (name: string): Audience | null => {
    // Pomerium signs the host that it was asked for: no assertion is for anything else.
    const hosts = /^[\w.-]+$/.test(name) ? hostsFor(name, undefined) : [];
    const routes = hosts.flatMap((host) => host.routes);
    if (!routes.some(({ end }) => end === 'upstream')) return null;
    return { name, hosts, issuers: new Set(routes.map((route) => issuerOf(route, name))) };
  };
  const audiences = new BoundedMap<Audience | null>(MAX_AUDIENCES, 65_536);
  const audienceAt = (name: string): Audience | null => {
    let audience = audiences.get(name);
    if (audience === undefined) {
      audience = makeAudience(name);
      audiences.set(name, audience);
    }
    return audience;
  };

  const audienceOf = (aud: readonly string[]): Audience => {
    let found: Audience | undefined;
    let count = 0;
    for (const name of aud) {
      const audience = audienceAt(name);
      if (!audience) continue;
      found = audience;
      count += 1;
    }
    if (found && count === 1) return found;
    throw new PomeriumError('audience_mismatch', 'The assertion is for another host than those of the routes.', {
      expected: wanted.names.map(describeValue).join(' or '),
      received: aud.slice(0, 5).map(describeValue).join(', ') || describeValue(undefined),
    });
  };

  const requireSome = ({ hosts }: Audience, identity: MaybeAnonymous) => {
    const routes = hosts.flatMap((host) => host.routes).flatMap((route) => compiled.get(route) ?? []);
    const mayPass = (route: CompiledRoute) => {
      const asked = policyFor(route, identity);
      return asked.needsRequest || asked.decide({ identity: asAsked(identity) }).allowed;
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
    const aliases = readAliases(request.aliases, globals);
    const images = readAliases(request.images, globals);
    const path = onePathOf([...targets, ...aliases, ...images]);
    return {
      targets: targets.map((target) => routesOf(hosts, target)),
      aliases: aliases.map((alias) => routesOf(hosts, alias)),
      images: images.map((image) => routesOf(hosts, image)),
      input: { identity: asAsked(identity), method, path, headers },
    };
  };

  return {
    requireIssued({ iss, aud }, asked) {
      const { name, issuers } = audienceOf(aud);
      const own = name.toLowerCase();
      const other = asked.find((host) => host !== own && lookup(host, undefined).length > 0);
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
      const { targets, aliases, images, input } = meet(identity, request, audience);
      // Each by itself, since whoever asks chooses which of them it is. What no route is for was not sent.
      const lists = onlyRouted(targets).map((some) => signedRoutes(some, identity, audience.name, request.method));
      for (const alias of aliases) if (alias.length > 0) lists.push(servingRoutes(alias, request.method));
      for (const image of images) lists.push(servingRoutes(image, request.method));
      const routes = unionOf(lists);
      for (const route of routes) requireAccess(route, compiled.get(route), input);
      const only = routes.length === 1 ? routes[0] : undefined;
      return only && names.get(only);
    },
    trace(identity, request) {
      const { targets, aliases, images, input } = meet(identity, request, audienceOf(identity.audience));
      return unionOf([...targets, ...aliases, ...images]).map((route) => {
        const own = compiled.get(route);
        return { at: route.at, end: route.end, explanation: own && policyFor(own, identity).explain(input) };
      });
    },
  };
}

/** By which routes a request may have come, for each of its targets, aliases and images. */
interface Meeting {
  readonly targets: readonly (readonly Route[])[];
  readonly aliases: readonly (readonly Route[])[];
  readonly images: readonly (readonly Route[])[];
  readonly input: { readonly identity: MaybeAnonymous } & RequestInfo;
}

/** What a policy may ask about: null where there are several paths. */
function onePathOf([first, ...others]: readonly Target[]): string | null | undefined {
  return others.every(({ path }) => path === first?.path) ? first?.path : null;
}

function onlyRouted(targets: readonly (readonly Route[])[]): readonly (readonly Route[])[] {
  const routed = targets.filter(({ length }) => length > 0);
  return routed.length > 0 ? routed : targets;
}

const NONE: readonly string[] = [];

function routesOf(hosts: readonly VirtualHost[], { path, spellings }: Target): readonly Route[] {
  return unionOf(
    hosts.flatMap((host) => (spellings ? spellings.map((one) => routesTo(host, one)) : [everyRoute(host, path)])),
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

function issuerOf({ issuerFormat }: Route, audience: string): string {
  return issuerFormat === 'host' ? audience : `https://${audience}/`;
}

/** `path`: decoded; null where it has no one reading, undefined where none was given. `spellings`: as Envoy may have had it. */
interface Target {
  readonly path: string | null | undefined;
  readonly spellings: readonly string[] | undefined;
}

function readTargets({ url, path, targets }: RoutedRequest, globals: Judged['globals']): Target[] {
  const urls = targets ?? (typeof url === 'string' ? [url] : NONE);
  // An empty list is none: a request without any target would need no route.
  if (urls.length > 0) return urls.map((one) => readUrl(one, globals));
  if (typeof path !== 'string') return [{ path, spellings: undefined }];
  if (!isCanonical(path)) return [UNREADABLE];
  // Any letter of it may have been escaped without normalize_path, and any slash where Envoy keeps these: other routes are for it then.
  const isSure = globals.normalizesPath && (globals.refusesEscapedSlashes || path.lastIndexOf('/') === 0);
  return [{ path, spellings: isSure ? spellingsOf(path) : undefined }];
}

const UNREADABLE: Target = { path: null, spellings: undefined };
const NOWHERE: Target = { path: null, spellings: [] };

function readUrl(url: string, { normalizesPath, refusesEscapedSlashes }: Judged['globals']): Target {
  const text = pathText(url);
  const path = decodePath(text);
  if (path !== null) return { path, spellings: [toEnvoyPath(text, normalizesPath)] };
  // Envoy or Pomerium answers these itself, so that no route is for them.
  const isRefused = /%00/.test(text) || (refusesEscapedSlashes && /%(2f|5c)/i.test(text));
  return isRefused || mayBePomeriumPath(text) ? NOWHERE : UNREADABLE;
}

/** Nobody sent these through Envoy, which refuses nothing then: the service itself may serve any path for them. */
function readAliases(urls: readonly string[] | undefined, globals: Judged['globals']): Target[] {
  return (urls ?? NONE).map((url) => {
    const target = readUrl(url, globals);
    return target === NOWHERE ? UNREADABLE : target;
  });
}

/**
 * The port that was asked for, which no assertion has: known where the request itself names the host that the assertion is
 * for.
 */
function portOf({ url, headers }: RoutedRequest, audience: string): string | undefined {
  const ofUrl = portAt(typeof url === 'string' ? authorityOf(url) : undefined, audience);
  const ofHeader = portAt(headers && readHosts(headers), audience);
  if (ofUrl !== undefined && ofHeader !== undefined && ofUrl !== ofHeader) return undefined;
  return ofUrl ?? ofHeader;
}

function portAt(authority: string | undefined, audience: string): string | undefined {
  const [, host, port = '443'] = /^([^:]*)(?::(\d+))?$/.exec(authority ?? '') ?? [];
  return host?.toLowerCase() === audience.toLowerCase() ? port : undefined;
}

/** Where the path has no one reading: all must let it through, and there must be no path that none is for. */
function everyRoute({ routes, isAuthenticate }: VirtualHost, path: null | string | undefined): readonly Route[] {
  const isComplete = routes.some(({ match }) => match.by === 'prefix' && match.text === '/');
  // None of them may drop out later, so that the others alone decide about a path that they are not for.
  const isAlike = routes.every(
    ({ end, isMcpServer, issuerFormat }) =>
      end === 'upstream' && !isMcpServer && issuerFormat === routes[0]?.issuerFormat,
  );
  // On its own host the sign-in answers for `/`, which any of them may be.
  if (isComplete && isAlike && !isAuthenticate) return routes;
  if (path === undefined) {
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
function signedRoutes(
  possible: readonly Route[],
  { issuer }: MaybeAnonymous,
  audience: string,
  method: string | undefined,
): readonly Route[] {
  const serving = servingRoutes(possible, method);
  const routes = serving.filter((route) => issuerOf(route, audience) === issuer);
  if (routes.length > 0) return routes;
  const signed = serving.map((route) => issuerOf(route, audience));
  throw otherIssuer(signed, issuer);
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
