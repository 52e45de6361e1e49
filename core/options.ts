import { type ClaimRules, defaultIssuers } from './claims.ts';
import { configurationError, describeValue } from './errors.ts';
import type { EventListener } from './events.ts';
import { type IssuerKeys, keysByIssuer, type SeveralKeys } from './keys/by-issuer.ts';
import type { PlatformKeysOptions } from './keys/remote/options.ts';
import { sharedRemoteKeys } from './keys/remote/shared.ts';
import type { KeySource } from './keys/source.ts';
import type { JwksStore } from './keys/stores/store.ts';
import { readBoolean, readFunction, readSeconds, requireKnown, requireOptions } from './option-readers.ts';
import { isPolicy, type Policy } from './policy/policy.ts';
import type { Routes } from './routes/compile.ts';
import { ALGORITHMS, type Algorithm } from './signature/algorithms.ts';
import { parseUrl, requireStandardUrl } from './url.ts';

/** How assertions for one or several audiences are verified. */
export interface VerifierOptions extends CommonOptions {
  /**
   * The route's host name, as Pomerium writes it to `aud`: no scheme, no port. One of these must be in the assertion; where
   * the request was sent to one of them, that one.
   */
  audience: string | readonly string[];
  /**
   * Who may have issued the assertion, compared exactly. Pomerium of 2020 wrote the authenticate service's host: then name
   * that.
   * @defaultValue the host of the audience that the assertion is for, as `host` or as `https://host/`, Pomerium's two formats
   */
  issuer?: string | readonly string[];
  /**
   * Several Pomeriums, instead of `issuer` and `keys`: the host of each issuer, with its keys. An assertion is checked with the
   * keys of its own issuer alone, and an audience that is one of these hosts has no other issuer.
   * @defaultValue one issuer, `issuer`
   */
  issuers?: Readonly<Record<string, KeySource>>;
  /**
   * Who may do what, from `compilePolicy`, decided after every other check. A refusal is `policy_denied`, 403.
   * @defaultValue none
   */
  policy?: Policy;
}

/** How assertions for Pomerium's own routes are verified. */
export interface RoutesVerifierOptions extends CommonOptions {
  /**
   * Pomerium's own routes, from `compileRoutes`, instead of `audience`, `issuer` and `policy`. An assertion for nobody passes
   * where its route lets nobody in particular through.
   */
  routes: Routes;
  audience?: never;
  issuer?: never;
  issuers?: never;
  policy?: never;
}

interface CommonOptions {
  /**
   * Where the keys come from: `remoteKeys` or `staticKeys`.
   * @defaultValue `remoteKeys('https://<host of the first issuer>/.well-known/pomerium/jwks.json')`; with `routes`, at their first
   * host, and required where one is a wildcard
   */
  keys?: KeySource;
  /**
   * A cache for the default keys, as `remoteKeys` takes it. With `keys` of your own, pass it to those.
   * @defaultValue none
   */
  store?: JwksStore;
  /**
   * Seconds by which clocks may differ, on `exp`, `iat` and `nbf`.
   * @defaultValue `60`
   */
  clockTolerance?: number;
  /**
   * The greatest age of an assertion, in seconds since `iat`.
   * @defaultValue none beyond `exp`
   */
  maxTokenAge?: number;
  /**
   * The algorithms that are accepted: `ES256`, `RS256`, `EdDSA`.
   * @defaultValue `['ES256']`
   */
  algorithms?: readonly Algorithm[];
  /**
   * Whether an assertion for nobody (an empty `sub`) is accepted.
   * @defaultValue `false`; with `routes`, as these say
   */
  allowAnonymous?: boolean;
  /**
   * Verifies the user for whom a service calls, from `x-pomerium-jwt-assertion-for`.
   * @defaultValue that header is never read
   */
  onBehalfOf?: OnBehalfOfOptions;
  /**
   * Receives what happens, for logs and metrics; never a token. It may be asynchronous. What it throws or rejects with is
   * ignored.
   */
  onEvent?: EventListener;
  /**
   * Seconds since the epoch, for tests.
   * @defaultValue the system's clock
   */
  now?: () => number;
}

/** How the assertion of the original user is verified: by rules of its own, since another route's Pomerium signed it. */
export interface OnBehalfOfOptions {
  /** The host name of the first route. */
  audience: string | readonly string[];
  /**
   * Who may have issued that assertion.
   * @defaultValue as for the verifier, from this audience
   */
  issuer?: string | readonly string[];
  /**
   * Where the keys for it come from.
   * @defaultValue as for the verifier, from this issuer
   */
  keys?: KeySource;
  /**
   * The policy that the direct caller must meet to act for others. Required: Pomerium passes on whatever a browser sends
   * under that name, so a valid one proves only that the caller once had that user's assertion.
   */
  callers: Policy;
}

/** Either of them, to be looked into. */
export type EitherOptions =
  | (VerifierOptions & { routes?: undefined })
  | (RoutesVerifierOptions & { audience?: undefined; policy?: undefined });

export interface VerifierSettings extends ClaimRules {
  readonly routes: Routes | undefined;
  readonly keys: KeySource;
  /** The same, with `issuers`. */
  readonly severalKeys: SeveralKeys | undefined;
  readonly algorithms: ReadonlySet<string>;
  readonly policy: Policy | undefined;
  readonly onBehalfOf: { readonly settings: SignedInSettings; readonly callers: Policy } | undefined;
  readonly onEvent: EventListener | undefined;
  readonly now: () => number;
}

/** Settings with which nobody is anonymous. */
export type SignedInSettings = VerifierSettings & { readonly allowAnonymous: false };

/** The names of all options. */
export const VERIFIER_OPTIONS: readonly (keyof VerifierOptions | 'routes')[] = [
  'audience',
  'issuer',
  'keys',
  'issuers',
  'store',
  'clockTolerance',
  'maxTokenAge',
  'algorithms',
  'allowAnonymous',
  'policy',
  'routes',
  'onBehalfOf',
  'onEvent',
  'now',
];

/** Options as they are read: one that is undefined is not set. */
type Unset<Options> = { [Name in keyof Options]: Options[Name] | undefined };

/** Whatever is written, which may not fit together. */
type AnyOptions = Partial<Unset<VerifierOptions & Pick<RoutesVerifierOptions, 'routes'>>>;

/** @throws {PomeriumError} `invalid_configuration`, with a sentence that says what to write instead */
export function readVerifierOptions(options: AnyOptions): VerifierSettings {
  requireStandardUrl();
  requireOptions(options);
  requireKnown(options, VERIFIER_OPTIONS, 'option');
  const routes = readRoutes(options);
  const audiences = routes ? [] : readAudiences(options.audience);
  const several = readSeveral(options);
  const severalKeys = several && keysByIssuer(several);
  return {
    routes,
    audiences: new Set(audiences),
    issuers: issuersOf(options.issuer, several, audiences),
    hasSeveralPomeriums: several !== undefined,
    keys: severalKeys ?? readKeys(options),
    severalKeys,
    clockTolerance: readSeconds('clockTolerance', options.clockTolerance) ?? 60,
    maxTokenAge: readSeconds('maxTokenAge', options.maxTokenAge),
    algorithms: new Set(readAlgorithms(options.algorithms)),
    allowAnonymous: readBoolean('allowAnonymous', options.allowAnonymous) ?? routes !== undefined,
    policy: readPolicy('policy', options.policy),
    onBehalfOf: readOnBehalfOf(options),
    onEvent: readFunction('onEvent', options.onEvent),
    now: readFunction('now', options.now) ?? (() => Date.now() / 1000),
  };
}

function readRoutes({ routes, ...others }: AnyOptions): Routes | undefined {
  if (routes === undefined) return undefined;
  // Not by isRoutes, which would bring along all that compiles them.
  const { requireIssued, check } = Object(routes) as Partial<Routes>;
  if (typeof requireIssued !== 'function' || typeof check !== 'function') {
    throw configurationError('routes must be compiled routes; write routes: compileRoutes(configuration).');
  }
  requireNoOther(others);
  return routes;
}

const INSTEAD_OF_ROUTES = ['audience', 'issuer', 'issuers', 'policy'] as const;

/**
 * Ensures that nothing is set beside routes that they say already. `nameOf`: how the operator wrote it.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function requireNoOther(
  options: { readonly [Name in (typeof INSTEAD_OF_ROUTES)[number]]?: unknown },
  nameOf: (option: (typeof INSTEAD_OF_ROUTES)[number]) => string = (option) => option,
): void {
  const other = INSTEAD_OF_ROUTES.find((name) => options[name] !== undefined);
  if (other === undefined) return;
  const name = nameOf(other);
  throw configurationError(
    `routes and ${name} exclude each other: routes say for which hosts an assertion may be, and who may pass; leave ${name} out.`,
  );
}

/** A policy that is compiled; undefined where it is not set. */
export function readPolicy(name: string, policy: Policy | undefined): Policy | undefined {
  if (policy === undefined || isPolicy(policy)) return policy;
  throw configurationError(`${name} must be a compiled policy; write ${name}: compilePolicy({ allow: … }).`);
}

const ON_BEHALF_OF_NAMES: readonly (keyof OnBehalfOfOptions)[] = ['audience', 'issuer', 'keys', 'callers'];

/** Times, algorithms and the clock are the verifier's own. */
function readOnBehalfOf(options: AnyOptions): VerifierSettings['onBehalfOf'] {
  const { onBehalfOf, store, clockTolerance, algorithms, onEvent, now } = options;
  if (onBehalfOf === undefined) return undefined;
  if (typeof onBehalfOf !== 'object' || onBehalfOf === null) {
    throw configurationError('onBehalfOf must be an object; write onBehalfOf: { audience, callers }.');
  }
  requireKnown(onBehalfOf, ON_BEHALF_OF_NAMES, 'option of onBehalfOf');
  const callers = readPolicy('onBehalfOf.callers', onBehalfOf.callers);
  if (!callers) {
    throw configurationError(
      'onBehalfOf.callers is missing; write callers: compilePolicy({ allow: … }) for those who may act for others.',
    );
  }
  const { audience, issuer, keys } = onBehalfOf;
  const settings = readVerifierOptions({
    audience,
    issuer,
    keys,
    store: keys ? undefined : store,
    clockTolerance,
    algorithms,
    onEvent,
    now,
  });
  return { settings: { ...settings, allowAnonymous: false }, callers };
}

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

/** Without any, each assertion has those of its own audience. */
function issuersOf(
  issuer: unknown,
  several: readonly IssuerKeys[] | undefined,
  audiences: readonly string[],
): ReadonlySet<string> | undefined {
  if (several) return new Set(several.flatMap(({ issuers }) => [...issuers]));
  if (issuer !== undefined) return new Set(readIssuers(issuer));
  // Made once for all assertions; of several audiences they are those of the one that an assertion is for.
  return audiences.length === 1 ? defaultIssuers(audiences) : undefined;
}

/** With `issuers`: whose keys are for what. */
function readSeveral({ issuers, ...others }: AnyOptions): IssuerKeys[] | undefined {
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

function readIssuers(issuer: unknown): string[] {
  return readStrings(
    'issuer',
    issuer,
    "write issuer: 'app.corp.example.com', or 'https://app.corp.example.com/' (jwt_issuer_format: uri), or leave it out for both",
  );
}

function readStrings(name: string, value: unknown, example: string): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const strings = values.filter((one): one is string => typeof one === 'string' && one !== '' && one === one.trim());
  if (strings.length === 0 || strings.length < values.length) {
    throw configurationError(`The ${name} must be a string that is not empty, or a list of such; ${example}.`);
  }
  return strings;
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

function readKeys(options: AnyOptions): KeySource {
  const { keys, store } = options;
  if (keys === undefined) return defaultKeys(options, store && { store });
  if (!isKeySource(keys)) {
    throw configurationError("keys must be a KeySource; write keys: remoteKeys('https://…') or staticKeys(pem).");
  }
  if (store === undefined) return keys;
  throw configurationError('store is for the default keys; write keys: remoteKeys(url, { store }).');
}

function readAlgorithms(algorithms: unknown): readonly Algorithm[] {
  if (algorithms === undefined) return ['ES256'];
  const list: readonly unknown[] = Array.isArray(algorithms) ? algorithms : [];
  const known = ALGORITHMS.filter((algorithm) => list.includes(algorithm));
  const unknown = list.find((algorithm) => !ALGORITHMS.some((one) => one === algorithm));
  if (known.length === 0 || unknown !== undefined) {
    const what =
      unknown === undefined ? 'algorithms must be a list' : `The algorithm ${describeValue(unknown)} cannot be used`;
    throw configurationError(`${what}; write some of ${ALGORITHMS.join(', ')}.`);
  }
  return known;
}
