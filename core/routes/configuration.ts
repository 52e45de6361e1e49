import { configurationError, describeType, describeValue, mistakeAt } from '../errors.ts';
import { isPlainObject } from '../json.ts';
import { requireGlobalKeys } from './keys.ts';
import { join, lowerKeys, readFlag, readSection, readText, readTexts, type Section } from './settings.ts';

export type IssuerFormat = 'host' | 'uri';

/** What a configuration says of all its routes. */
export interface Globals {
  readonly issuerFormat: IssuerFormat;
  readonly passesIdentity: boolean;
  /** The claims that Pomerium adds to the assertion (`jwt_claims_headers`); undefined: unknown, without the whole file. */
  readonly claims: ReadonlySet<string> | undefined;
  /** The hosts of Pomerium's own sign-in, and whether this Pomerium serves it. */
  readonly authenticateHosts: readonly string[];
  readonly servesAuthenticate: boolean;
  /** Whether Envoy refuses paths with an escaped slash or backslash (`path_with_escaped_slashes_action`), as it does by default. */
  readonly refusesEscapedSlashes: boolean;
  /** Whether Envoy undoes escapes that need not be. */
  readonly normalizesPath: boolean;
  /** Whether an assertion may lack groups that its user has (Enterprise's `jwt_groups_filter`). */
  readonly filtersGroups: boolean;
  /** Whether Pomerium refuses client certificates that are not valid on every route: where it says so, else undefined. */
  readonly certificates: string | undefined;
}

export interface Configuration {
  readonly globals: Globals;
  /** No setting of Pomerium's: the option `hosts`, as `toJSON` of compiled routes writes it. */
  readonly hosts: readonly string[] | undefined;
  /** In Pomerium's order: `policy` before `routes` (`GetAllPolicies` in config/options.go). */
  readonly routes: readonly Section[];
}

const EXAMPLE = "write { routes: [{ from: 'https://app.corp.example.com', … }] }";

/**
 * The routes and what is said of all, from a whole configuration, a list of routes or one route.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function readConfiguration(configuration: unknown): Configuration {
  const isBare = Array.isArray(configuration) || (isPlainObject(configuration) && hasKey(configuration, 'from'));
  const root = isBare ? { routes: configuration } : configuration;
  if (!isPlainObject(root)) {
    const hint = typeof configuration === 'string' ? 'parse the YAML or JSON first' : EXAMPLE;
    throw configurationError(`The routes must be a Pomerium configuration; they are ${describeType(root)}: ${hint}.`);
  }
  const section = { at: '', values: lowerKeys(root, '') as Section['values'] };
  const { values } = section;
  if (values['routes'] === undefined && values['policy'] === undefined) throw notConfiguration(values);
  requireGlobalKeys(section);
  const at = (list: string) => (isBare ? '' : list);
  return {
    globals: readGlobals(section, isBare),
    hosts: values['hosts'] as readonly string[] | undefined,
    routes: [...readList(values['policy'], at('policy')), ...readList(values['routes'], at('routes'))],
  };
}

function hasKey(object: object, wanted: string): boolean {
  return Object.keys(object).some((key) => key.toLowerCase() === wanted);
}

/** What people have instead, and what to do with it. */
function notConfiguration(values: Section['values']): Error {
  const [first] = Object.keys(values);
  const isPolicy = 'allow' in values || 'deny' in values;
  const isManifest = 'apiversion' in values && 'kind' in values;
  if (isPolicy)
    return configurationError('This is a policy, not a route; use compilePolicy, or write { routes: [ … ] }.');
  if (isManifest) {
    return configurationError(
      'This is a Kubernetes manifest; pomerium-edge routes FILE --for env translates an Ingress.',
    );
  }
  if (isPlainObject(values['config'])) {
    return configurationError('These are values of a Helm chart; pass what stands below config.');
  }
  const start = first === undefined ? '' : `, and it begins with ${describeValue(first)}`;
  return configurationError(`There are no routes in it${start}; ${EXAMPLE}.`);
}

function readGlobals(section: Section, isBare: boolean): Globals {
  const services = readText(section, 'services') ?? 'all';
  const urls = ['authenticate_service_url', 'authenticate_internal_service_url'].map((key) => readText(section, key));
  const mtls = readSection(section.values['downstream_mtls'], 'downstream_mtls');
  const enforcement = mtls && readText(mtls, 'enforcement');
  const checksCertificates = mtls && enforcement !== 'policy' && (mtls.values['ca'] || mtls.values['ca_file']);
  return {
    issuerFormat: readIssuerFormat(section) ?? 'host',
    passesIdentity: readFlag(section, 'pass_identity_headers') ?? false,
    claims: readClaims(section) ?? (isBare ? undefined : new Set()),
    authenticateHosts: urls.flatMap((url) => (url === undefined ? [] : [hostOf(url)])),
    servesAuthenticate: services.split(',').some((service) => /^(all|authenticate)$/i.test(service.trim())),
    refusesEscapedSlashes: !/keep_unchanged|unescape_and_forward/i.test(
      readText(section, 'path_with_escaped_slashes_action') ?? '',
    ),
    normalizesPath: readFlag(section, 'normalize_path') ?? true,
    filtersGroups: isGroupsFilter(section.values['jwt_groups_filter']),
    certificates: checksCertificates ? 'downstream_mtls' : undefined,
  };
}

export function isGroupsFilter(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function hostOf(url: string): string {
  return url
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/[:/?#].*/s, '')
    .toLowerCase();
}

/** A list of claims, or header names with claims (`JWTClaimHeaders` in config/custom.go). */
function readClaims(section: Section): ReadonlySet<string> | undefined {
  const value = section.values['jwt_claims_headers'];
  if (isPlainObject(value)) {
    const headers = { at: 'jwt_claims_headers', values: value };
    return new Set(Object.keys(value).flatMap((header) => readText(headers, header) ?? []));
  }
  const claims = readTexts(section, 'jwt_claims_headers');
  return claims && new Set(claims.map(([claim]) => claim));
}

/** In any case, with two names each (`IssuerFormat` in pkg/grpc/config). */
const ISSUER_FORMATS: ReadonlyMap<string, IssuerFormat> = new Map([
  ['hostonly', 'host'],
  ['issuerhostonly', 'host'],
  ['uri', 'uri'],
  ['issueruri', 'uri'],
]);

export function readIssuerFormat(section: Section): IssuerFormat | undefined {
  const text = readText(section, 'jwt_issuer_format');
  if (text === undefined) return undefined;
  const format = ISSUER_FORMATS.get(text.toLowerCase());
  if (format) return format;
  const path = join(section.at, 'jwt_issuer_format');
  throw mistakeAt(path, ` is ${describeValue(text)}; write hostOnly or uri.`);
}

/** `at`: where the list stands; empty where it is the document itself. */
function readList(value: unknown, at: string): Section[] {
  if (value === undefined || value === null) return [];
  const routes = isPlainObject(value) && 'from' in value ? [value] : value;
  if (!Array.isArray(routes)) {
    const hint = typeof value === 'string' ? ': decode the base64 and parse the YAML first' : '';
    throw mistakeAt(at, ` must be a list of routes; it is ${describeType(value)}${hint}.`);
  }
  return routes.map((route, index) => {
    const place = routes === value ? `${at}[${index}]` : at;
    const section = readSection(route, place);
    if (section && ('allow' in section.values || 'deny' in section.values)) {
      throw mistakeAt(place, ' is a rule of a policy, not a route; put it into policy of a route.');
    }
    if (!section) throw mistakeAt(place, ' is an empty item; take it out.');
    return section;
  });
}
