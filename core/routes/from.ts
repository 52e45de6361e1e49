import { describeValue, mistakeAt } from '../errors.ts';

/** What `from` of a route says. */
export interface From {
  readonly scheme: string;
  /** As it is written, without the port. */
  readonly host: string;
  /** Undefined: whatever port (`match_any_incoming_port`). */
  readonly port: string | undefined;
  readonly isWildcard: boolean;
}

const URL_PARTS = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)([^?#]*)/i;
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/;

/**
 * Reads `from` (`Policy.Validate` in config/policy.go, `GetDomainsForURL` in internal/urlutil/url.go): query and fragment do
 * not count, a path is refused.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function parseFrom(from: string, path: string): From {
  const [, scheme = '', authority = '', urlPath = ''] = URL_PARTS.exec(from) ?? [];
  const protocol = scheme.toLowerCase();
  const isTunnel = protocol.startsWith('tcp+') || protocol.startsWith('udp+');
  // tcp+https://proxy.example.com/db.example.com:5432 is for the host in its path.
  const named = isTunnel && urlPath.length > 1 ? urlPath.slice(1) : authority;
  const [, host = '', port] = HOST_AND_PORT.exec(named) ?? [];
  const example = 'https://app.corp.example.com';
  const fail = (what: string, meant = example, more = '') => {
    const instead = describeValue(meant.length > 64 ? example : meant).replaceAll('"', "'");
    return mistakeAt(path, ` (${describeValue(from)}) ${what}; write from: ${instead}${more}.`);
  };
  if (scheme === '') throw fail('has no scheme', /^[\w.*-]+(:\d+)?$/.test(from) ? `https://${from}` : undefined);
  if (host === '' || /[\s@,%\\]/.test(host)) throw fail('has no host name');
  if (isHttp({ scheme: protocol }) && urlPath !== '' && urlPath !== '/') {
    const prefix = ` and prefix: ${describeValue(urlPath).replaceAll('"', "'")}`;
    throw fail('has a path', `${scheme}://${named}`, prefix);
  }
  const isDefaultPort = !port || port === (protocol === 'http' ? '80' : '443');
  return {
    scheme: protocol,
    host,
    port: isDefaultPort && !isTunnel ? undefined : port,
    isWildcard: host.includes('*'),
  };
}

/** Whether it is for HTTP requests: not for tunnels and SSH. */
export function isHttp({ scheme }: Pick<From, 'scheme'>): boolean {
  return scheme === 'https' || scheme === 'http';
}

/**
 * Whether a wildcard takes this host: `*` is any text, several labels or none (`WildcardToRegex` in config/from.go), with
 * case. Linear: each part is looked for once.
 */
export function wildcardMatches(pattern: string, host: string): boolean {
  return compileWildcard(pattern)(host);
}

/** Whether a host of the configuration is this one, or may be one that this takes. */
export function takesHost({ host, isWildcard }: From, other: string): boolean {
  return isWildcard
    ? wildcardMatches(host.toLowerCase(), other.toLowerCase())
    : host.toLowerCase() === other.toLowerCase();
}

/** The same for one wildcard and many hosts. */
export function compileWildcard(pattern: string): (host: string) => boolean {
  const [start = '', ...parts] = pattern.split('*');
  const end = parts.pop() ?? '';
  return (host) => {
    if (!host.startsWith(start) || !host.endsWith(end) || host.length < start.length + end.length) return false;
    const limit = host.length - end.length;
    let from = start.length;
    for (const part of parts) {
      const found = host.indexOf(part, from);
      if (found < 0 || found + part.length > limit) return false;
      from = found + part.length;
    }
    return true;
  };
}
