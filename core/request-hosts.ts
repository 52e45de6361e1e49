import { authorityOf } from './authority.ts';
import { PomeriumError } from './errors.ts';
import { type HeadersLike, type RequestLike, readHosts } from './gate/headers.ts';

/** A host name without two dots at its end, or an address, and perhaps a port; or nothing. */
const AUTHORITY = /^((?!.*\.\.(:|$))([\w.-]+|\[[\da-f:.]+\])(:\d*)?)?$/i;

/** No server is sent more of them. */
const MAX_HOST_NAMES = 8;

/**
 * The hosts that the request names, in its URL and its header, without port and last dot: the code behind may go by either.
 * @throws {PomeriumError} `audience_mismatch` where `Host` is none
 */
export function hostsOf({ url, headers }: RequestLike): string[] {
  const target = `${url}`;
  // A target that begins with two slashes names a host for whoever resolves it against a base.
  const ofUrl = authorityOf(/^[/\\]{2}/.test(target) ? `https:${target}` : target) ?? '';
  const sent = sentHosts(headers);
  if (!sent) {
    throw new PomeriumError('audience_mismatch', 'The Host of the request is no host name.', {
      expected: 'a host name',
    });
  }
  const names = [ofUrl, ...sent].map((authority) => authority.toLowerCase().replace(/\.?(:\d*)?$/, ''));
  return names.filter(Boolean);
}

/** What the headers name as hosts, with ports; undefined where `Host` is none. */
export function sentHosts(headers: HeadersLike): string[] | undefined {
  const sent = (readHosts(headers) ?? '').split(',', MAX_HOST_NAMES + 1).map((one) => one.trim());
  return sent.length <= MAX_HOST_NAMES && sent.every((one) => AUTHORITY.test(one)) ? sent : undefined;
}
