/**
 * Pomerium's routes a second time, as plainly as they can be written, from what was measured of Pomerium (the vectors in
 * test/vectors/routes.json) and not from core/routes, with which it shares nothing. It reads the document anew for each
 * question, and knows regular expressions that mean the same to JavaScript.
 */
import { interpret } from './interpreted-policy.ts';

type Json = Record<string, unknown>;

/** What Pomerium does not start with. */
export class Refused extends Error {}

export interface PlainRequest {
  readonly method: string;
  /** As the client wrote it: `https://HOST:PORT/PATH?QUERY`. */
  readonly url: string;
  readonly headers: Record<string, string>;
}

export interface PlainRoute {
  readonly json: Json;
  readonly scheme: string;
  readonly host: string;
  /** Empty for whatever port. */
  readonly port: string;
  readonly end: 'upstream' | 'redirect' | 'response' | 'not http';
}

export interface PlainRoutes {
  readonly globals: Json;
  /** In Pomerium's order. */
  readonly routes: readonly PlainRoute[];
}

/** Who answers: `policy` decides about the route, `nobody` does about one in front of another Pomerium's sign-in. */
export interface Answer {
  readonly by: 'envoy' | '307' | 'pomerium' | 'none' | 'nobody' | 'policy';
  readonly route?: PlainRoute;
  /** All routes of the host. */
  readonly routes: readonly PlainRoute[];
  /** The path that routes are held against. */
  readonly path: string;
  readonly aud: string;
  readonly iss: string;
}

/** @throws {Refused} */
export function loadRoutes(configuration: unknown): PlainRoutes {
  const document = lower(configuration);
  const isBare = Array.isArray(document) || 'from' in (document as Json);
  const globals = (isBare ? { routes: document } : document) as Json;
  const routes = [...routeList(globals['policy'], false), ...routeList(globals['routes'], true)];
  issuerIsUri(globals['jwt_issuer_format']);
  requireDistinct(routes);
  return { globals, routes };
}

/** Keys count without case, at every depth. */
function lower(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lower);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => [key.toLowerCase(), lower(member)] as const);
  if (new Set(entries.map(([key]) => key)).size < entries.length) throw new Refused('one key twice');
  return Object.fromEntries(entries);
}

function routeList(list: unknown, isRoutes: boolean): PlainRoute[] {
  if (list === undefined || list === null) return [];
  const all = (typeof list === 'object' && 'from' in list ? [list] : list) as Json[];
  if (!Array.isArray(all)) throw new Refused('no list of routes');
  return all.map((json) => {
    if (isRoutes && ('allowed_groups' in json || 'set_authorization_header' in json)) throw new Refused('removed key');
    const [, scheme = '', authority = '', path = ''] =
      /^([a-z+]+):\/\/([^/?#]*)([^?#]*)/i.exec(text(json['from'])) ?? [];
    if (scheme === '') throw new Refused('from without a scheme');
    if (/^https?$/.test(scheme) && path !== '' && path !== '/') throw new Refused('from with a path');
    const [host = '', port = ''] = authority.split(':');
    const isHttp = scheme === 'https' || scheme === 'http';
    const end = json['redirect'] ? 'redirect' : json['response'] ? 'response' : json['to'] ? 'upstream' : undefined;
    if (end === undefined) throw new Refused('no to');
    if (json['regex']) requireRegex(text(json['regex']));
    issuerIsUri(json['jwt_issuer_format']);
    flag(json['cors_allow_preflight']);
    requireAudience(json);
    requirePolicy(json['policy']);
    return { json, scheme, host, port: port === '443' ? '' : port, end: isHttp ? end : 'not http' };
  });
}

function requireRegex(regex: string): void {
  try {
    new RegExp(regex);
  } catch {
    throw new Refused('regex');
  }
}

/** A route is for everybody, for anybody who is signed in, or for a list: even an empty one. */
function requireAudience(json: Json): void {
  const isPublic = flag(json['allow_public_unauthenticated_access']);
  const isForAny = flag(json['allow_any_authenticated_user']);
  const hasList = [json['allowed_users'], json['allowed_domains']].some((one) => one !== undefined && one !== null);
  if ((isPublic && isForAny) || ((isPublic || isForAny) && hasList)) throw new Refused('two audiences');
}

const CRITERIA =
  /^(accept|reject|authenticated_user|user|email|domain|groups|claim|http_method|http_path|cors_preflight|source_ip|device|date|client_certificate|mcp_tool)(\/.*)?$/;
const MATCHERS = /^(is|not|contains|starts_with|ends_with|in|not_in|has|exclude)$/;

function requirePolicy(policy: unknown): void {
  if (typeof policy === 'string') throw new Refused('policy as text');
  for (const rule of [policy ?? []].flat() as Json[]) {
    for (const [action, body] of Object.entries(rule)) {
      if (!/^(allow|deny)$/.test(action)) throw new Refused(`action ${action}`);
      for (const [operator, criteria] of Object.entries(body as Json)) {
        if (!/^(and|or|not|nor|action)$/.test(operator)) throw new Refused(`operator ${operator}`);
        for (const criterion of criteria as Json[]) {
          const [[name, data] = ['', '']] = Object.entries(criterion);
          if (!CRITERIA.test(name)) throw new Refused(`criterion ${name}`);
          if (typeof data !== 'object' || data === null) continue;
          const wrong = Object.keys(data).find((matcher) => !MATCHERS.test(matcher));
          if (wrong !== undefined) throw new Refused(`matcher ${wrong}`);
        }
      }
    }
  }
}

/** One route twice has one id; one host in two spellings makes Envoy refuse all routes. */
function requireDistinct(routes: readonly PlainRoute[]): void {
  for (const [i, { json, host, end }] of routes.entries()) {
    for (const other of routes.slice(0, i)) {
      const isSame = ['from', 'path', 'prefix', 'regex', 'to'].every(
        (key) => JSON.stringify(json[key]) === JSON.stringify(other.json[key]),
      );
      if (isSame && end === 'upstream' && other.end === 'upstream') throw new Refused('one route twice');
      if (host !== other.host && host.toLowerCase() === other.host.toLowerCase() && !host.includes('*')) {
        throw new Refused('hosts that differ in case');
      }
    }
  }
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}

function flag(value: unknown): boolean | undefined {
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined;
  if (typeof value === 'number') return value !== 0;
  if (/^(1|t|true)$/i.test(text(value))) return true;
  if (/^(0|f|false|)$/i.test(text(value))) return false;
  throw new Refused('not a boolean');
}

function list(value: unknown): string[] {
  if (value === undefined || value === null || value === '') return [];
  return typeof value === 'string' ? value.split(',') : [value].flat().map(text);
}

function issuerIsUri(format: unknown): boolean | undefined {
  if (text(format) === '') return undefined;
  if (/^(issuer)?uri$/i.test(text(format))) return true;
  if (/^(issuer)?hostonly$/i.test(text(format))) return false;
  throw new Refused('issuer format');
}

/** What becomes of a request. */
export function answer({ globals, routes }: PlainRoutes, { method, url }: PlainRequest): Answer {
  const [, authority = '', written = ''] = /^https:\/\/([^/?#]*)([^?#]*)/.exec(url) ?? [];
  const [host = '', port = ''] = authority.split(':');
  const path = envoyPath(written || '/', globals);

  const isProxyOnly = text(globals['services']) === 'proxy';
  const authenticateHost = text(globals['authenticate_service_url']).replace(/^https:\/\//, '');
  const isAuthenticate = host.toLowerCase() === authenticateHost;
  const own = ownRoutes(routes, host, port);
  const isOwn = own.length > 0 || (isAuthenticate && !isProxyOnly);
  const chosen = isOwn ? own : routes.filter((route) => isWildcardFor(route, host, port));
  const common = { path: path ?? '', aud: host, iss: host, routes: chosen };
  if (path === undefined) return { by: 'envoy', ...common };
  if (path === null) return { by: '307', ...common };
  const isMcp = chosen.some(({ json }) => isMcpServer(json));
  if (isPomeriums(path, isAuthenticate && !isProxyOnly, isMcp)) return { by: 'pomerium', ...common };

  const route = chosen.find(({ json, end }) => end !== 'not http' && pathMatches(json, path));
  if (!route) return { by: 'none', ...common };
  if (isMcpServer(route.json) && method === 'OPTIONS') return { by: 'pomerium', ...common };
  if (isProxyOnly && route.host.toLowerCase() === authenticateHost) return { by: 'nobody', route, ...common };
  const isUri = issuerIsUri(route.json['jwt_issuer_format']) ?? issuerIsUri(globals['jwt_issuer_format']);
  return { by: 'policy', route, ...common, iss: isUri ? `https://${host}/` : host };
}

/** Those of the exact host: with the port, or else for whatever port. */
function ownRoutes(routes: readonly PlainRoute[], host: string, port: string): readonly PlainRoute[] {
  const exact = routes.filter(
    (route) => route.scheme !== 'ssh' && !route.host.includes('*') && route.host.toLowerCase() === host.toLowerCase(),
  );
  const withPort = exact.filter((route) => route.port !== '' && route.port === port);
  return withPort.length > 0 ? withPort : exact.filter((route) => route.port === '');
}

/** A `*` is any text, and case counts. */
function isWildcardFor(route: PlainRoute, host: string, port: string): boolean {
  if (!route.host.includes('*') || (route.port !== '' && route.port !== port)) return false;
  const parts = route.host.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(host);
}

function isMcpServer(json: Json): boolean {
  return Boolean((json['mcp'] as Json | undefined)?.['server']);
}

function isPomeriums(path: string, isAuthenticate: boolean, isMcp: boolean): boolean {
  if (['/ping', '/healthz', '/.pomerium', '/.well-known/pomerium'].includes(path)) return true;
  if (path.startsWith('/.pomerium/') || path.startsWith('/.well-known/pomerium/')) return true;
  if (isAuthenticate && ['/', '/oauth2/callback', '/robots.txt'].includes(path)) return true;
  if (isMcp && path === '/.well-known/oauth-authorization-server') return true;
  return isMcp && path.startsWith('/.well-known/oauth-protected-resource');
}

function pathMatches({ regex, path: whole, prefix }: Json, path: string): boolean {
  if (regex) return new RegExp(`^(?:${text(regex)})$`).test(path);
  if (whole) return path === text(whole);
  return path.startsWith(text(prefix));
}

/** What Envoy makes of a path before any route is looked at. Undefined: a 400; null: it redirects to another spelling. */
function envoyPath(written: string, globals: Json): string | undefined | null {
  const action = text(globals['path_with_escaped_slashes_action']).toLowerCase();
  let path = written;
  if (/%00/.test(path)) return undefined;
  if (/%(2f|5c)/i.test(path)) {
    if (action === 'unescape_and_redirect') return null;
    if (action !== 'keep_unchanged' && action !== 'unescape_and_forward') return undefined;
    if (action === 'unescape_and_forward') path = path.replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
  }
  if (flag(globals['normalize_path']) ?? true) {
    path = path.replace(/%([\da-f]{2})/gi, (escaped, hex) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return /[A-Za-z0-9._~-]/.test(character) ? character : escaped;
    });
    path = resolveDots(path.replaceAll('\\', '/'));
  }
  return (flag(globals['merge_slashes']) ?? true) ? path.replace(/\/+/g, '/') : path;
}

function resolveDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [i, segment] of segments.entries()) {
    if (segment === '..') kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    else if (i === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}

/** Who may pass, with every setting written as the policy language has it. */
function policyOf({ json }: PlainRoute): Json[] {
  const criteria: Json[] = [];
  if (flag(json['allow_public_unauthenticated_access'])) criteria.push({ accept: true });
  if (flag(json['cors_allow_preflight'])) criteria.push({ cors_preflight: true });
  if (flag(json['allow_any_authenticated_user'])) criteria.push({ authenticated_user: true });
  for (const one of [json, ...((json['sub_policies'] ?? []) as Json[])]) {
    for (const domain of list(one['allowed_domains'])) criteria.push({ domain });
    for (const user of list(one['allowed_users'])) criteria.push({ user }, { email: user });
    for (const [claim, values] of Object.entries((one['allowed_idp_claims'] ?? {}) as Json)) {
      for (const value of list(values)) criteria.push({ [`claim/${claim}`]: value });
    }
  }
  return [{ allow: { or: criteria } }, ...([json['policy'] ?? []].flat() as Json[])];
}

/** Whether the evaluator lets somebody with these claims through. */
export function isAllowed(
  { route, path }: Answer,
  { method, headers }: PlainRequest,
  { claims, listClaims }: { claims: Json; listClaims: readonly string[] },
): boolean {
  if (!route) return false;
  const facts = { claims, method, path: decodeOnce(path), headers };
  return interpret(policyOf(route), facts, listClaims);
}

/** A malformed escape makes it empty. */
function decodeOnce(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}

/** What the service behind is asked for. */
export function servicePath({ route, path }: Answer): string {
  const {
    prefix_rewrite,
    regex_rewrite_pattern,
    regex_rewrite_substitution,
    to,
    regex,
    path: whole,
    prefix,
  } = route?.json ?? {};
  const [, targetPath = ''] = /^[a-z]+:\/\/[^/]*(.*)$/.exec(text([to].flat()[0])) ?? [];
  if (!prefix_rewrite && regex_rewrite_pattern) {
    const substitution = text(regex_rewrite_substitution).replace(/\\(\d)/g, '$$$1');
    return path.replace(new RegExp(text(regex_rewrite_pattern), 'g'), substitution);
  }
  const rewrite = text(prefix_rewrite) || targetPath;
  if (rewrite === '') return path;
  return regex || whole ? rewrite : rewrite + path.slice((text(prefix) || '/').length);
}
