import { BoundedMap } from '../bounded-map.ts';
import { type From, isHttp, wildcardMatches } from './from.ts';
import { isPomeriumPath } from './paths.ts';
import type { Route } from './route.ts';

/** The routes that Envoy tries for one host and port, in order. */
export interface VirtualHost {
  /** `host` or `host:8443`, in lower case; undefined for what wildcards take. */
  readonly key: string | undefined;
  /** Those for HTTP. */
  readonly routes: readonly Route[];
  readonly isAuthenticate: boolean;
  readonly isMcp: boolean;
}

/** Which routes are for which host (`buildMainRouteConfiguration` in config/envoyconfig/route_configurations.go). */
export interface Hosts {
  /** Those of an exact host, by `host` or `host:8443`, in lower case. */
  readonly exact: ReadonlyMap<string, VirtualHost>;
  /** Those of wildcards: one list for all, tried in order. */
  readonly wildcards: readonly Route[];
}

export function indexHosts(routes: readonly Route[], authenticateHosts: readonly string[]): Hosts {
  const exact = new Map<string, Route[]>(authenticateHosts.map((host) => [host, []]));
  for (const route of routes) {
    if (route.from.isWildcard || route.from.scheme === 'ssh') continue;
    const key = keyOf(route.from);
    exact.set(key, [...(exact.get(key) ?? []), route]);
  }
  return {
    exact: new Map([...exact].map(([key, list]) => [key, virtualHost(key, list, authenticateHosts.includes(key))])),
    wildcards: routes.filter(({ from }) => from.isWildcard && isHttp(from)),
  };
}

function virtualHost(key: string | undefined, routes: readonly Route[], isAuthenticate: boolean): VirtualHost {
  return {
    key,
    routes: routes.filter(({ from }) => isHttp(from)),
    isAuthenticate,
    isMcp: routes.some(({ isMcpServer }) => isMcpServer),
  };
}

/** `host`, or `host:8443` with a port of its own. */
export function keyOf({ host, port }: Pick<From, 'host' | 'port'>): string {
  return (port === undefined ? host : `${host}:${port}`).toLowerCase();
}

/** The virtual hosts that a request for a host may have met; all of them where its port is unknown. */
export type HostLookup = (host: string, port: string | undefined) => readonly VirtualHost[];

const MAX_HOSTS = 512;

/** Remembers what it found (bounded): an assertion names its host again and again. */
export function createLookup({ exact, wildcards }: Hosts): HostLookup {
  const found = new BoundedMap<readonly VirtualHost[]>(MAX_HOSTS, 65_536);
  const ports = new Set([...exact.keys()].map((key) => /:(\d+)$/.exec(key)?.[1]));
  for (const { from } of wildcards) ports.add(from.port);
  const known = [undefined, ...[...ports].filter((port) => port !== undefined)];

  /** An exact host hides every wildcard, and one with the port that without. Undefined: any other port than those known. */
  const at = (host: string, port: string | undefined): VirtualHost | undefined => {
    const own = (port !== undefined && exact.get(`${host.toLowerCase()}:${port}`)) || exact.get(host.toLowerCase());
    if (own) return own;
    const routes = wildcards.filter(
      ({ from }) => wildcardMatches(from.host, host) && (from.port === undefined || from.port === port),
    );
    return routes.length > 0 ? virtualHost(undefined, routes, false) : undefined;
  };
  return (host, port) => {
    const key = `${host} ${port ?? ''}`;
    let hosts = found.get(key);
    if (!hosts) {
      const all = (port === undefined ? known : [port === '443' ? undefined : port]).map((one) => at(host, one));
      hosts = distinct(all.filter((one) => one !== undefined));
      found.set(key, hosts);
    }
    return hosts;
  };
}

/** Those of the same routes are one. */
function distinct(hosts: readonly VirtualHost[]): VirtualHost[] {
  const isSame = (a: VirtualHost, b: VirtualHost) =>
    a.key === b.key && a.routes.length === b.routes.length && a.routes.every((route, i) => route === b.routes[i]);
  return hosts.filter((host, i) => hosts.findIndex((other) => isSame(host, other)) === i);
}

/** The route that Pomerium would choose for a path, if any: the first that fits. */
export function firstRoute(host: VirtualHost, path: string): Route | undefined {
  return isPomeriumPath(path, host) ? undefined : host.routes.find(({ match }) => match.matches(path));
}

/**
 * The routes by which a request may have come that asks the service for this path: the one that Pomerium would choose for it,
 * and those that rewrite another path to it, since the service cannot tell.
 */
export function routesTo(host: VirtualHost, path: string): Route[] {
  const direct = firstRoute(host, path);
  const others = host.routes.filter((route) => {
    if (!route.rewrite || route === direct) return false;
    const before = route.rewrite.before(path);
    return before !== 'impossible' && (before === undefined || firstRoute(host, before) === route);
  });
  return direct ? [direct, ...others] : others;
}
