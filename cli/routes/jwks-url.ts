import type { ExplainedRoute } from '../../core/index.ts';
import { isObject } from '../../core/json.ts';

const PATH = '/.well-known/pomerium/jwks.json';

/** Where the keys of these routes are. */
export interface JwksUrl {
  readonly url: string;
  /** Whether it must be said: it is not the one that is asked by default. */
  readonly isNeeded: boolean;
}

/**
 * `hosts`: those that are wanted, as audiences. Pomerium serves its keys on every host that leads to it; a wildcard names none.
 */
export function jwksUrlOf(
  hosts: readonly string[],
  explained: readonly ExplainedRoute[],
  configuration: unknown,
): JwksUrl {
  const [first = ''] = hosts;
  if (!hosts.some(isWildcard)) {
    const authority = authorityFor(first, explained);
    return { url: urlAt(authority), isNeeded: authority !== first };
  }
  const others = explained.map(({ from }) => authorityOf(from)).filter((authority) => authority !== undefined);
  const exact = [...hosts.map((host) => authorityFor(host, explained)), ...others].find((one) => !isWildcard(one));
  const authority = exact ?? authenticateHost(configuration) ?? first.replaceAll('*', 'any');
  return { url: urlAt(authority), isNeeded: true };
}

function urlAt(authority: string): string {
  return new URL(PATH, `https://${authority}`).href;
}

function isWildcard(host: string): boolean {
  return host.includes('*');
}

/** Host and port of an address for HTTP. */
function authorityOf(from: string): string | undefined {
  return /^https?:\/\/([^/?#]+)/i.exec(from)?.[1]?.replace(/:443$/, '');
}

/** With its port, where no route has the host without one. */
function authorityFor(host: string, explained: readonly ExplainedRoute[]): string {
  const own = explained
    .map(({ from }) => authorityOf(from))
    .filter((authority) => authority?.replace(/:\d+$/, '').toLowerCase() === host.toLowerCase());
  return own.length === 0 || own.some((authority) => authority && !/:\d+$/.test(authority)) ? host : (own[0] ?? host);
}

/** Pomerium's hosted sign-in has keys of its own. */
function authenticateHost(configuration: unknown): string | undefined {
  const entries = Object.entries(isObject(configuration) ? configuration : {});
  const url = entries.find(([key]) => key.toLowerCase() === 'authenticate_service_url')?.[1];
  const authority = typeof url === 'string' ? authorityOf(url) : undefined;
  return authority === undefined || /(^|\.)pomerium\.(app|com|io)$/i.test(authority) ? undefined : authority;
}
