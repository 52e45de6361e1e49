import { configurationError, describeValue, mistakeAt } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { requireKnown, requireOptions } from '../option-readers.ts';
import { readListClaims } from '../policy/compile.ts';
import { readLeft } from '../policy/left.ts';
import type { PolicyOptions } from '../policy/policy.ts';
import { answerableBy } from './access.ts';
import { type Globals, isGroupsFilter, readConfiguration } from './configuration.ts';
import { type ExplainedRoute, explainRoute } from './explain.ts';
import { takesHost } from './from.ts';
import { createLookup, hasPorts, indexHosts } from './hosts.ts';
import { createJudge, type Judge } from './judge.ts';
import { requireRouteKeys } from './keys.ts';
import { reduce } from './reduce.ts';
import { type CompiledRoute, compileRoute, type Route, readRoute, routeId } from './route.ts';
import { join } from './settings.ts';
import { readWanted } from './wanted.ts';

/** How `compileRoutes` reads a configuration. */
export interface RoutesOptions extends PolicyOptions {
  /**
   * The hosts of the routes that lead to this service, as in `from`. All other routes only say what is not for it.
   * @defaultValue all
   */
  hosts?: readonly string[] | undefined;
}

/** Pomerium's routes, compiled: for whom each is. Frozen; what it asks of a request is its method, path and headers. */
export interface Routes extends Judge {
  /** The hosts that an assertion may be for, as audiences: without ports, wildcards as Pomerium has them. */
  readonly hosts: readonly string[];
  /** Each route in Pomerium's order, and what of it is decided here. */
  explain(): readonly ExplainedRoute[];
  /** What decides, as a configuration for `compileRoutes`, with `hosts`: nothing secret, and no other hosts but those that hide. */
  toJSON(): JsonObject;
}

const OPTIONS: readonly (keyof RoutesOptions)[] = ['listClaims', 'leaveToPomerium', 'hosts'];

/**
 * Compiles Pomerium's own configuration, as parsed YAML or JSON: a whole `config.yaml`, its list of `routes`, an old list of
 * `policy`, or one route. A request is then judged as Pomerium of August 2026 would judge it (docs/routes.md).
 *
 * @throws {PomeriumError} `invalid_configuration`, with its `path` in the document (`routes[2].allowed_users[0]`), for what
 * Pomerium refuses, for what an assertion cannot answer, and for settings that are misspelt or empty
 *
 * @example
 * ```ts
 * const routes = compileRoutes(parse(readFileSync('config.yaml', 'utf8')), { hosts: ['app.corp.example.com'] })
 * const verifier = createVerifier({ routes })
 * ```
 */
export function compileRoutes(configuration: unknown, options: RoutesOptions = {}): Routes {
  requireOptions(options);
  requireKnown(options, OPTIONS, 'option of compileRoutes');
  const lists = readListClaims(options.listClaims);
  const listClaims = lists && lowerNames(lists);
  const left = lowerNames(readLeft(options.leaveToPomerium));
  const { globals, routes: sections, hosts } = readConfiguration(configuration);
  const routes = sections.map((section) => readRoute(section, globals));
  requireDistinct(routes);
  const all = indexHosts(routes, globals.servesAuthenticate ? globals.authenticateHosts : []);
  const wanted = readWanted(options.hosts === undefined ? hosts : options.hosts, all, routes);
  const compile = (route: Route): CompiledRoute => {
    const leftSetting = certificatesOf(route, globals, left);
    const rewrites = route.rewrite !== undefined;
    const filtersGroups = globals.filtersGroups || isGroupsFilter(route.section.values['jwt_groups_filter']);
    const requireAnswer = answerableBy({ claims: globals.claims, listClaims, rewrites, filtersGroups });
    return compileRoute(route, { listClaims, left, requireAnswer }, leftSetting);
  };
  // A route of another host may say what it likes.
  for (const route of routes) if (wanted.mayHave(route)) requireRouteKeys(route.section);
  const needed = routes.filter((route) => route.end === 'upstream' && wanted.mayHave(route));
  const compiled = new Map(needed.map((route) => [route, compile(route)]));
  if (compiled.size === 0) {
    throw configurationError('No route leads to a service by HTTP; a route needs from: https://… and to.');
  }
  const isNear = (host: string) => needed.some(({ from }) => takesHost(from, host));
  // Those that are not for this service, and say of a host that is, or of one that a wildcard takes, what is not.
  const hides = ({ from }: Route) => !from.isWildcard && isNear(from.host);
  const kept = routes.filter((route) => wanted.mayHave(route) || hides(route));
  const authenticateHosts = globals.authenticateHosts.filter(isNear);
  const index = indexHosts(kept, globals.servesAuthenticate ? authenticateHosts : []);
  const judge = createJudge({ lookup: createLookup(index), hasPorts: hasPorts(index), wanted, globals, compiled });
  return Object.freeze<Routes>({
    ...judge,
    hosts: Object.freeze([...wanted.names]),
    explain: () => routes.map((route) => explainRoute(route, compiled.get(route))),
    toJSON: () =>
      reduce(kept, compiled, { ...globals, authenticateHosts }, options.hosts === undefined ? hosts : options.hosts),
  });
}

/** As Pomerium reads the names of claims in its file. */
function lowerNames(names: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...names].map((name) => name.toLowerCase()));
}

/** Two that differ in nothing but who may pass: Pomerium does not start, or the last one's policy decides. */
function requireDistinct(routes: readonly Route[]): void {
  const seen = new Map<string, Route>();
  const hosts = new Map<string, string>();
  for (const route of routes) {
    const id = routeId(route, { withTarget: true });
    const other = seen.get(id);
    if (other) {
      throw mistakeAt(route.at, ` is the same route as ${other.at}: same from, path and to; make one of the two.`);
    }
    seen.set(id, route);
    const { host } = route.from;
    const spelled = hosts.get(host.toLowerCase()) ?? host;
    hosts.set(host.toLowerCase(), spelled);
    if (spelled === host || route.from.isWildcard) continue;
    const path = join(route.at, 'from');
    throw mistakeAt(
      path,
      ` (${describeValue(host)}) differs from ${describeValue(spelled)} in case alone, which Envoy refuses; write both alike.`,
    );
  }
}

/** Where a route asks for a client certificate, which ended at Pomerium: only if that is left to it. */
function certificatesOf(
  { at, section }: Route,
  { certificates }: Globals,
  left: ReadonlySet<string>,
): string | undefined {
  const own = ['tls_downstream_client_ca', 'tls_downstream_client_ca_file'].find((key) => section.values[key]);
  const where = own === undefined ? certificates : join(at, own);
  if (where === undefined || left.has('invalid_client_certificate')) return where;
  throw mistakeAt(
    where,
    `: whether the client's certificate is valid cannot be answered from an assertion. Only Pomerium can decide it: name invalid_client_certificate in leaveToPomerium (--leave).`,
  );
}
