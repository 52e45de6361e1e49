import { configurationError, describeValue } from '../errors.ts';
import { wildcardMatches } from './from.ts';
import { type Hosts, keyOf, type VirtualHost } from './hosts.ts';
import type { Route } from './route.ts';

/** Which of the hosts this service is behind (the option `hosts`). */
export interface Wanted {
  isWanted(host: VirtualHost, name: string): boolean;
  /** Whether some host that is wanted may have the route. */
  mayHave(route: Route): boolean;
  /** All hosts that are wanted, as audiences: without ports. */
  readonly names: readonly string[];
}

/**
 * `hosts`: as in `from`, with the port or for all of them (`app.corp.example.com`, `app.corp.example.com:8443`,
 * `*.apps.corp.example.com`), or a host that only a wildcard takes.
 * @throws {PomeriumError} `invalid_configuration` for a host that no route is for
 */
export function readWanted(hosts: unknown, { exact, wildcards }: Hosts, routes: readonly Route[]): Wanted {
  const upstreams = routes.filter(({ end }) => end === 'upstream');
  const all = [...new Set(upstreams.map(({ from }) => from.host))];
  if (hosts === undefined) return { isWanted: () => true, mayHave: () => true, names: all };
  const example = `write hosts: [${describeValue(all[0] ?? 'app.corp.example.com').replaceAll('"', "'")}]`;
  if (!Array.isArray(hosts) || hosts.length === 0 || !hosts.every((one) => typeof one === 'string' && one !== '')) {
    throw configurationError(`hosts must be a list of host names; ${example}.`);
  }
  const names: readonly string[] = hosts;
  const own = new Set(names.map((name) => name.toLowerCase()));
  const keysOf = (key: string) => (key.includes(':') ? [key, key.replace(/:\d+$/, '')] : [key, `${key}:443`]);
  const isExact = (name: string) => [...exact.keys()].some((key) => keysOf(key).includes(name.toLowerCase()));
  /** Whether an exact host keeps all wildcards away; one with a port leaves them all other ports. */
  const isHiding = (name: string) => [name, name.replace(/:\d+$/, '')].some((key) => exact.has(key.toLowerCase()));
  const takes = (route: Route, name: string) =>
    name.includes('*') ? overlap(name, route.from.host) : wildcardMatches(route.from.host, name);
  const isKnown = (name: string) =>
    isExact(name) || wildcards.some((route) => (name.includes('*') ? route.from.host === name : takes(route, name)));
  const unknown = names.find((name) => !isKnown(name));
  if (unknown !== undefined) {
    throw configurationError(
      `hosts has ${describeValue(unknown)}, for which there is no route; there are ${all.join(', ')}.`,
    );
  }
  return {
    isWanted: ({ key, routes: list }, name) =>
      key === undefined
        ? own.has(name.toLowerCase()) || list.some(({ from }) => names.includes(from.host))
        : keysOf(key).some((one) => own.has(one)),
    mayHave: (route) =>
      route.from.isWildcard
        ? names.some((name) => !isHiding(name) && takes(route, name))
        : keysOf(keyOf(route.from)).some((one) => own.has(one)),
    names: [...new Set(names.map((name) => name.replace(/:\d+$/, '')))],
  };
}

/** Whether two wildcards may take the same host; sometimes also where they do not. */
function overlap(a: string, b: string): boolean {
  const endOf = (pattern: string) => pattern.slice(pattern.lastIndexOf('*') + 1);
  return endOf(a).endsWith(endOf(b)) || endOf(b).endsWith(endOf(a));
}
