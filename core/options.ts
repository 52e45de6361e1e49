import { sentence } from '#sentences';
import type { ClaimRules } from './claims.ts';
import { configurationError, shown } from './errors.ts';
import type { Emit } from './events.ts';
import { remoteKeys } from './keys/remote.ts';
import type { RemoteKeysOptions } from './keys/remote-options.ts';
import type { KeySource } from './keys/source.ts';
import type { JwksStore } from './keys/store.ts';
import { isPolicy, type Policy } from './policy/compile.ts';
import { ALGORITHMS, type Algorithm } from './signature/engine.ts';

export interface VerifierOptions {
  /** The route's host name, as Pomerium has it in `aud`: no scheme, no port. One of these must be in the assertion. */
  audience: string | readonly string[];
  /**
   * Who may have issued the assertion, compared exactly. Default: each audience host as `host` and as `https://host/`,
   * Pomerium's two formats. Pomerium of 2020 wrote the authenticate service's host: then name that.
   */
  issuer?: string | readonly string[];
  /** Default: `remoteKeys('https://<host of the first issuer>/.well-known/pomerium/jwks.json')`. */
  keys?: KeySource;
  /** A cache for the default keys, as `remoteKeys` takes it; with `keys` of your own, give it to them. Default: none. */
  store?: JwksStore;
  /** Seconds by which clocks may differ, on `exp`, `iat` and `nbf`. Default: 60. */
  clockTolerance?: number;
  /** The greatest age of an assertion, in seconds since `iat`. Default: none beyond `exp`. */
  maxTokenAge?: number;
  /** What a key may be used with: `ES256`, `RS256`, `EdDSA`. Default: `['ES256']`. */
  algorithms?: readonly Algorithm[];
  /** Whether an assertion for nobody (an empty `sub`) is accepted. Default: false. */
  allowAnonymous?: boolean;
  /** Who may do what, from `compilePolicy`, decided after every other check. A refusal is `policy_denied`, 403. */
  policy?: Policy;
  /** Learns the user for whom a service calls, from `x-pomerium-jwt-assertion-for`. Default: that header is never read. */
  onBehalfOf?: OnBehalfOfOptions;
  /** Told what happened; never given a token. What it throws is ignored. */
  onEvent?: Emit;
  /** Seconds since the epoch, for tests. Default: the system's clock. */
  now?: () => number;
}

/** How the assertion of the original user is verified: by rules of its own, since another route's Pomerium signed it. */
export interface OnBehalfOfOptions {
  /** The host name of the first route. */
  audience: string | readonly string[];
  /** Default: as for the verifier, from this audience. */
  issuer?: string | readonly string[];
  /** Default: as for the verifier, from this issuer. */
  keys?: KeySource;
  /**
   * The policy that the direct caller must meet to act for others. Required: Pomerium hands on whatever a browser sends
   * under that name, so a valid one proves only that the caller once held that user's assertion.
   */
  callers: Policy;
}

export interface VerifierSettings extends ClaimRules {
  readonly keys: KeySource;
  readonly algorithms: ReadonlySet<string>;
  readonly policy: Policy | undefined;
  readonly onBehalfOf: { readonly settings: VerifierSettings; readonly callers: Policy } | undefined;
  readonly onEvent: Emit | undefined;
  readonly now: () => number;
}

const NAMES: Readonly<Record<keyof VerifierOptions, true>> = {
  audience: true,
  issuer: true,
  keys: true,
  store: true,
  clockTolerance: true,
  maxTokenAge: true,
  algorithms: true,
  allowAnonymous: true,
  policy: true,
  onBehalfOf: true,
  onEvent: true,
  now: true,
};

/** Throws `invalid_configuration`, with a sentence that says what to write instead. */
export function readVerifierOptions(options: VerifierOptions): VerifierSettings {
  if (typeof options !== 'object' || options === null) {
    throw configurationError('options', sentence("Write createVerifier({ audience: 'app.corp.example.com' })."));
  }
  requireKnown(options, NAMES, 'option');
  const audiences = readAudiences(options.audience);
  const issuers = readIssuers(options.issuer, audiences);
  return {
    audiences: new Set(audiences),
    issuers: new Set(issuers),
    keys: readKeys(options),
    clockTolerance: readSeconds('clockTolerance', options.clockTolerance) ?? 60,
    maxTokenAge: readSeconds('maxTokenAge', options.maxTokenAge),
    algorithms: new Set(readAlgorithms(options.algorithms)),
    allowAnonymous: readBoolean('allowAnonymous', options.allowAnonymous) ?? false,
    policy: readPolicy('policy', options.policy),
    onBehalfOf: readOnBehalfOf(options),
    onEvent: readFunction('onEvent', options.onEvent),
    now: readFunction('now', options.now) ?? (() => Date.now() / 1000),
  };
}

/** A misspelt option would silently leave its rule out. */
function requireKnown(options: object, names: Readonly<Record<string, true>>, what: string): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (unknown === undefined) return;
  throw configurationError(
    unknown,
    sentence(`There is no ${what} ${shown(unknown)}; there are ${Object.keys(names).join(', ')}.`),
  );
}

function readPolicy(name: string, policy: Policy | undefined): Policy | undefined {
  if (policy === undefined || isPolicy(policy)) return policy;
  throw configurationError(
    name,
    sentence(`${name} must be a compiled policy; write ${name}: compilePolicy({ allow: … }).`),
  );
}

const ON_BEHALF_OF_NAMES: Readonly<Record<keyof OnBehalfOfOptions, true>> = {
  audience: true,
  issuer: true,
  keys: true,
  callers: true,
};

/** Times, algorithms and the clock are the verifier's own. */
function readOnBehalfOf(options: VerifierOptions): VerifierSettings['onBehalfOf'] {
  const { onBehalfOf, store, clockTolerance, algorithms, onEvent, now } = options;
  if (onBehalfOf === undefined) return undefined;
  if (typeof onBehalfOf !== 'object' || onBehalfOf === null) {
    throw configurationError(
      'onBehalfOf',
      sentence('onBehalfOf must be an object; write onBehalfOf: { audience, callers }.'),
    );
  }
  requireKnown(onBehalfOf, ON_BEHALF_OF_NAMES, 'option of onBehalfOf');
  const callers = readPolicy('onBehalfOf.callers', onBehalfOf.callers);
  if (!callers) {
    throw configurationError(
      'onBehalfOf.callers',
      sentence(
        "onBehalfOf.callers is missing: say who may act for others; write callers: compilePolicy({ allow: { or: [{ user: 'the-service-account' }] } }).",
      ),
    );
  }
  const { audience, issuer, keys } = onBehalfOf;
  const settings = readVerifierOptions({
    audience,
    ...(issuer !== undefined && { issuer }),
    ...(keys === undefined ? store && { store } : { keys }),
    ...(clockTolerance !== undefined && { clockTolerance }),
    ...(algorithms !== undefined && { algorithms }),
    ...(onEvent !== undefined && { onEvent }),
    ...(now !== undefined && { now }),
  });
  return { settings, callers };
}

function readAudiences(audience: unknown): string[] {
  const example = sentence("write audience: 'app.corp.example.com', the host name of the route in Pomerium");
  const audiences = readStrings('audience', audience, example);
  for (const host of audiences) {
    if (/[/\s*,]/.test(host))
      throw configurationError(
        'audience is no host name',
        sentence(`The audience ${shown(host)} is not a host name; ${example}.`),
      );
    if (/^[^:]+:\d*$/.test(host)) {
      throw configurationError(
        'audience has a port',
        sentence(`The audience ${shown(host)} has a port, which Pomerium never signs; ${example}.`),
      );
    }
  }
  return audiences;
}

function readIssuers(issuer: unknown, audiences: readonly string[]): string[] {
  if (issuer === undefined) return audiences.flatMap((host) => [host, `https://${host}/`]);
  return readStrings(
    'issuer',
    issuer,
    sentence(
      "write issuer: 'app.corp.example.com', or 'https://app.corp.example.com/' with jwt_issuer_format: uri, or leave it out for both",
    ),
  );
}

function readStrings(name: string, value: unknown, example: string | undefined): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const strings = values.filter((one): one is string => typeof one === 'string' && one !== '' && one === one.trim());
  if (strings.length === 0 || strings.length < values.length) {
    throw configurationError(
      name,
      sentence(`The ${name} must be a string that is not empty, or a list of such; ${example}.`),
    );
  }
  return strings;
}

function defaultJwksUrl(issuer: string): string {
  const host = issuer.includes('://') ? issuer.replace(/^[^:]+:\/\/([^/]*).*$/, '$1') : issuer;
  // An IPv6 address has several colons, a port just one.
  const authority = /^[^[]*:.*:/.test(host) ? `[${host}]` : host;
  const url = `https://${authority}/.well-known/pomerium/jwks.json`;
  if (URL.canParse(url) && !/[/?#@]/.test(host)) return url;
  throw configurationError(
    'issuer',
    sentence(
      `No JWKS URL can be made from the issuer ${shown(issuer)}; write keys: remoteKeys('https://…/.well-known/pomerium/jwks.json').`,
    ),
  );
}

/** The keys that a verifier with these options has by default, fetched as `remote` says. Throws `invalid_configuration`. */
export function defaultKeys(
  { audience, issuer }: Pick<VerifierOptions, 'audience' | 'issuer'>,
  remote: RemoteKeysOptions = {},
): KeySource {
  const [first = ''] = readIssuers(issuer, readAudiences(audience));
  return remoteKeys(defaultJwksUrl(first), remote);
}

function readKeys(options: VerifierOptions): KeySource {
  const { keys, store } = options;
  if (keys === undefined) return defaultKeys(options, store && { store });
  if (typeof keys?.find !== 'function' || typeof keys.ready !== 'function') {
    throw configurationError(
      'keys',
      sentence("keys must be a KeySource; write keys: remoteKeys('https://…') or keys: staticKeys(pem)."),
    );
  }
  if (store === undefined) return keys;
  throw configurationError(
    'store',
    sentence('store is for the default keys, and there are others; write keys: remoteKeys(url, { store }).'),
  );
}

function readSeconds(name: string, value: unknown): number | undefined {
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value) && value >= 0)) return value;
  throw configurationError(name, sentence(`${name} must be a number of seconds, 0 or more; it is ${shown(value)}.`));
}

function readAlgorithms(algorithms: unknown): readonly Algorithm[] {
  if (algorithms === undefined) return ['ES256'];
  const list: readonly unknown[] = Array.isArray(algorithms) ? algorithms : [];
  const known = ALGORITHMS.filter((algorithm) => list.includes(algorithm));
  const strange = list.find((algorithm) => !ALGORITHMS.some((one) => one === algorithm));
  if (known.length === 0 || strange !== undefined) {
    const what = strange === undefined ? 'algorithms must be a list' : `The algorithm ${shown(strange)} cannot be used`;
    throw configurationError(
      what,
      sentence(`${what}; write some of ${ALGORITHMS.join(', ')}: all that Pomerium ever signed with.`),
    );
  }
  return known;
}

function readBoolean(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw configurationError(name, sentence(`${name} must be true or false; it is ${shown(value)}.`));
}

function readFunction<F>(name: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw configurationError(name, sentence(`${name} must be a function.`));
}
