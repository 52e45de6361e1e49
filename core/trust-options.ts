import type { ClaimRules } from './claims.ts';
import { configurationError, describeValue } from './errors.ts';
import type { IssuerKeys } from './keys/by-issuer.ts';
import type { PlatformKeysOptions } from './keys/remote/options.ts';
import { sharedRemoteKeys } from './keys/remote/shared.ts';
import type { KeySource } from './keys/source.ts';
import type { AnyOptions } from './options.ts';
import type { Routes } from './routes/compile.ts';
import { parseUrl } from './url.ts';

/*
 * Whose assertions count: audience, issuer and keys. Each has its default from the one before.
 */

/** @throws {PomeriumError} `invalid_configuration` for what no assertion has as `aud` */
export function readAudiences(audience: unknown): string[] {
  const example = "write audience: 'app.corp.example.com', the host name of the route in Pomerium";
  const audiences = readStrings('audience', audience, example);
  // Pomerium never signs a port, nor the brackets of an IPv6 address (`getJWTPayloadAud`), which has several colons.
  const wrong = audiences.find((host) => /[/\s*,[\]]|^[^:]+:\d*$/.test(host));
  if (wrong === undefined) return audiences;
  const forWildcard = wrong.includes('*') ? ' For a wildcard write routes.' : '';
  throw configurationError(
    `The audience ${describeValue(wrong)} is not a host name without scheme, port and path; ${example}.${forWildcard}`,
  );
}

/** A host as Pomerium writes it to `iss`, in both of its formats (`jwt_issuer_format`). */
export function defaultIssuers(hosts: readonly string[]): ReadonlySet<string> {
  return new Set(hosts.flatMap((host) => [host, `https://${host}/`]));
}

/** @throws {PomeriumError} `invalid_configuration` */
export function readIssuers(issuer: unknown): string[] {
  return readStrings(
    'issuer',
    issuer,
    "write issuer: 'app.corp.example.com', or 'https://app.corp.example.com/' (jwt_issuer_format: uri), or leave it out for both",
  );
}

/** `several`: those of the option `issuers`. */
export function readIssuersFor(
  issuer: unknown,
  several: readonly IssuerKeys[] | undefined,
  audiences: readonly string[],
): ClaimRules['issuersFor'] {
  if (several) return ownOrAll(new Set(several.flatMap(({ issuers }) => [...issuers])));
  const issuers = issuer === undefined ? undefined : new Set(readIssuers(issuer));
  if (issuers) return () => issuers;
  // Made once for all assertions; of several audiences they are those of the one that an assertion is for.
  const own = defaultIssuers(audiences);
  return audiences.length === 1 ? () => own : defaultIssuers;
}

/** An audience that is one of several Pomeriums has no other issuer. */
function ownOrAll(all: ReadonlySet<string>): ClaimRules['issuersFor'] {
  return (audiences) => {
    const own = defaultIssuers(audiences);
    const named = [...own].filter((one) => all.has(one));
    return named.length > 0 ? new Set(named) : all;
  };
}

/** One or a list of them, each with nothing to trim. `example`: what to write. */
function readStrings(name: string, value: unknown, example: string): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const strings = values.filter((one): one is string => typeof one === 'string' && one !== '' && one === one.trim());
  if (strings.length === 0 || strings.length < values.length) {
    throw configurationError(`The ${name} must be a string that is not empty, or a list of such; ${example}.`);
  }
  return strings;
}

/** With `issuers`: whose keys are for what. */
export function readSeveral({ issuers, ...others }: AnyOptions): IssuerKeys[] | undefined {
  if (issuers === undefined) return undefined;
  const other = (['issuer', 'keys', 'store'] as const).find((name) => others[name] !== undefined);
  if (other) throw configurationError(`issuers says whose keys are for what; leave ${other} out.`);
  const entries = Object.entries(Object(issuers));
  const isHost = (name: string) => name !== '' && !/[/\s*,:]/.test(name);
  if (
    Array.isArray(issuers) ||
    entries.length === 0 ||
    entries.some(([host, keys]) => !isHost(host) || !isKeySource(keys))
  ) {
    throw configurationError(
      "issuers must have the keys of each issuer's host, without https://; write issuers: { 'app.corp.example.com': remoteKeys('https://…') }.",
    );
  }
  return Object.entries(issuers).map(([host, keys]) => ({ issuers: defaultIssuers([host]), keys }));
}

function isKeySource(keys: unknown): keys is KeySource {
  const { find, ready } = (keys ?? {}) as Partial<KeySource>;
  return typeof find === 'function' && typeof ready === 'function';
}

function defaultJwksUrl(issuer: string): string {
  const host = /^[^:]+:\/\/([^/]*)/.exec(issuer)?.[1] ?? issuer;
  // An IPv6 address has several colons, a port just one.
  const authority = /^[^[]*:.*:/.test(host) ? `[${host}]` : host;
  const url = `https://${authority}/.well-known/pomerium/jwks.json`;
  // URL drops line ends, and takes a backslash for a slash.
  if (/^[^\s/\\?#@]+$/.test(host) && parseUrl(url)) return url;
  throw configurationError(
    `No JWKS URL can be made from the issuer ${describeValue(issuer)}; write keys: remoteKeys(url).`,
  );
}

/**
 * The keys that a verifier with these options has by default, fetched as `remote` says.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function defaultKeys(
  { audience, issuer, routes, now }: Pick<AnyOptions, 'audience' | 'issuer' | 'routes' | 'now'>,
  remote: PlatformKeysOptions = {},
): KeySource {
  const [first = ''] = routes
    ? exactHosts(routes)
    : issuer === undefined
      ? readAudiences(audience)
      : readIssuers(issuer);
  return sharedRemoteKeys(defaultJwksUrl(first), remote, now);
}

/** No host from a token or a request may ever name a URL, so that a wildcard names none. */
function exactHosts({ hosts }: Routes): readonly string[] {
  const wildcard = hosts.find((host) => host.includes('*'));
  if (wildcard === undefined) return hosts;
  throw configurationError(
    `The routes have the host ${describeValue(wildcard)}, from which no JWKS URL can be made; write keys: remoteKeys('https://…/.well-known/pomerium/jwks.json'), or set POMERIUM_JWKS_URL.`,
  );
}

export function readKeys(options: AnyOptions): KeySource {
  const { keys, store } = options;
  if (keys === undefined) return defaultKeys(options, store && { store });
  if (!isKeySource(keys)) {
    throw configurationError("keys must be a KeySource; write keys: remoteKeys('https://…') or staticKeys(pem).");
  }
  if (store === undefined) return keys;
  throw configurationError('store is for the default keys; write keys: remoteKeys(url, { store }).');
}
