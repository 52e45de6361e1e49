import { BoundedMap, getOrMake } from '../bounded-map.ts';
import { compileWildcard, type From, isHttp } from './from.ts';
import { indexPaths } from './path-index.ts';
import { isPomeriumPath } from './paths.ts';
import type { Route } from './route.ts';

/** The routes that Envoy tries for one host and port, in order. */
export interface VirtualHost {
  /** `host` or `host:8443`, in lower case; undefined for what wildcards take. */
  readonly key: string | undefined;
  /** Those for HTTP. */
  readonly routes: readonly Route[];
  /** The first of them that is for a path. */
  find(path: string): Route | undefined;
  /** Those that rewrite the path. */
  readonly rewriting: readonly Route[];
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
  const own = withoutHidden(routes.filter(({ from }) => isHttp(from)));
  return {
    key,
    routes: own,
    find: indexPaths(own),
    rewriting: own.filter(({ rewrite }) => rewrite),
    isAuthenticate,
    isMcp: routes.some(({ isMcpServer }) => isMcpServer),
  };
}

/** Of those that are for the same paths only the first is ever met: no request comes by another. */
function withoutHidden(routes: readonly Route[]): Route[] {
  const seen = new Set<string>();
  return routes.filter(({ from, match }) => {
    const key = `${from.host} ${match.by} ${match.text}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** `host`, or `host:8443` with a port of its own. */
export function keyOf({ host, port }: Pick<From, 'host' | 'port'>): string {
  return (port === undefined ? host : `${host}:${port}`).toLowerCase();
}

function portsOf({ exact, wildcards }: Hosts): string[] {
  const ports = [...exact.keys()].map((key) => /:(\d+)$/.exec(key)?.[1]);
  for (const { from } of wildcards) ports.push(from.port);
  return [...new Set(ports)].filter((port) => port !== undefined);
}

/** Whether it makes a difference which port was asked for. */
export function hasPorts(hosts: Hosts): boolean {
  return portsOf(hosts).length > 0;
}

/** The virtual hosts that a request for a host may have met; all of them where its port is unknown. */
export type HostLookup = (host: string, port: string | undefined) => readonly VirtualHost[];

const MAX_HOSTS = 512;

/** Remembers what it found (bounded): an assertion names its host again and again. */
export function createLookup(hosts: Hosts): HostLookup {
  const { exact, wildcards } = hosts;
  const found = new BoundedMap<readonly VirtualHost[]>(MAX_HOSTS, 65_536);
  const known = [undefined, ...portsOf(hosts)];
  const behindWildcards = lookupWildcards(wildcards);

  /** An exact host hides every wildcard, and one with the port that without. Undefined: any other port than those known. */
  const at = (host: string, port: string | undefined): VirtualHost | undefined =>
    exact.get(keyOf({ host, port })) ?? exact.get(host.toLowerCase()) ?? behindWildcards(host, port);
  return (host, port) =>
    getOrMake(found, `${host} ${port}`, () => {
      const all = (port === undefined ? known : [port === '443' ? undefined : port]).map((one) => at(host, one));
      return [...new Set(all.filter((one) => one !== undefined))];
    });
}

/** What wildcards take. Hosts that the same ones take are one virtual host. */
function lookupWildcards(
  routes: readonly Route[],
): (host: string, port: string | undefined) => VirtualHost | undefined {
  const froms = new Map(routes.map((route) => [textOf(route), route.from]));
  const patterns = Array.from(froms, ([text, { host, port }], index) => {
    return { text, index, port, matches: compileWildcard(host) };
  });
  const made = new BoundedMap<VirtualHost>(MAX_HOSTS, 65_536);
  return (host, port) => {
    const taking = patterns.filter((one) => (one.port === undefined || one.port === port) && one.matches(host));
    if (taking.length === 0) return undefined;
    return getOrMake(made, taking.map(({ index }) => index).join(), () => {
      const taken = new Set(taking.map(({ text }) => text));
      const own = routes.filter((route) => taken.has(textOf(route)));
      return virtualHost(undefined, own, false);
    });
  };
}

/** Of a wildcard, whose case counts. */
function textOf({ from: { host, port } }: Route): string {
  return `${host}:${port}`;
}

/** The route that Pomerium would choose for a path, if any: the first that fits. */
function firstRoute(host: VirtualHost, path: string): Route | undefined {
  return isPomeriumPath(path, host) ? undefined : host.find(path);
}

/**
 * The routes by which a request may have come that asks the service for this path: the one that Pomerium would choose for it,
 * and those that rewrite another path to it, since the service cannot tell.
 */
export function routesTo(host: VirtualHost, path: string): readonly Route[] {
  const direct = firstRoute(host, path);
  const routes = direct ? [direct] : [];
  for (const route of host.rewriting) {
    if (route === direct) continue;
    const before = route.rewrite?.before(path);
    if (before === 'impossible') continue;
    if (before === undefined || firstRoute(host, before) === route) routes.push(route);
  }
  return routes;
}
