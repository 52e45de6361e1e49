import { encodePath, spellingsOf } from '../../core/adapter.ts';
import { type Member, textOf, toMember } from './member.ts';

/**
 * Where the path that an API has routes for begins in an event. Authorizer and function read it by these rules, so that both
 * see the same:
 *
 * | event | before the path stands | what tells |
 * | --- | --- | --- |
 * | REST API, its own address | nothing | the domain name |
 * | REST API, a domain name | the base path; the stage, too, where the mapping names none | `resource`, `pathParameters` |
 * | HTTP API, its own address | the stage, unless it is `$default` | `requestContext.stage` |
 * | HTTP API 2.0, a domain name | never the base path; reports differ on a named stage | `routeKey`, `pathParameters` |
 * | HTTP API 1.0, a domain name | the base path | `resource`, `pathParameters` |
 *
 * Where that does not tell, the path is one that no rule or policy accepts. Sources: "Create AWS Lambda proxy integrations for
 * HTTP APIs" (payload format differences); captures in aws-powertools/powertools-lambda-python#579 and #621,
 * localstack/localstack#12296, CodeGenieApp/serverless-express#465 and zappa/Zappa#1440.
 */

/** Its percent-encoding is broken, so that whatever depends on the path is refused. */
export const UNREADABLE_PATH = '/%';

/** The path of a REST API's event, percent-encoded as it was sent. */
export function restPath(event: Member): string {
  const path = textOf(event['path']);
  const resource = textOf(event['resource']);
  if (path === undefined) return UNREADABLE_PATH;
  if (resource === undefined || isOwnAddress(toMember(event['requestContext']))) return path;
  return withoutBasePath(path, calledPaths(resource, event).slice(0, 1)) ?? UNREADABLE_PATH;
}

/** The same for its REQUEST authorizer: what the function will see, if the ARN of the policy is about that, too. */
export function restAuthorizerPath(event: Member, arnPath: string): string {
  const path = restPath(event);
  return [path, decodeOnce(path)].some((one) => trimSlash(one) === trimSlash(arnPath)) ? path : UNREADABLE_PATH;
}

/** The path of an HTTP API's event with payload 1.0, percent-encoded again: API Gateway has decoded it. */
export function http1Path(event: Member): string {
  const path = textOf(event['path']);
  const context = toMember(event['requestContext']);
  if (path === undefined) return UNREADABLE_PATH;
  if (isOwnAddress(context)) return encodePath(withoutStage(path, context));
  const inner = withoutBasePath(path, calledPaths(textOf(event['resource']), event));
  return inner === undefined ? UNREADABLE_PATH : encodePath(inner);
}

/** The path of an HTTP API's event with payload 2.0, percent-encoded again: API Gateway has decoded it. */
export function http2Path(event: Member): string {
  const path = textOf(event['rawPath']);
  const context = toMember(event['requestContext']);
  if (path === undefined) return UNREADABLE_PATH;
  const inner = withoutStage(path, context);
  if (inner === path || isOwnAddress(context)) return encodePath(inner);
  const route = textOf(event['routeKey']) ?? '';
  const called = calledPaths(route.slice(route.indexOf(' ') + 1), event).map(trimSlash);
  const [one] = [path, inner].filter((candidate) => called.includes(trimSlash(candidate)));
  return one === undefined ? UNREADABLE_PATH : encodePath(one);
}

/**
 * The targets that Pomerium may have sent, with stage and base path as far as the event has them: what its routes are about.
 * A REST API's event has its path as it was sent.
 */
export function restTargets(event: Member): readonly string[] {
  const path = textOf(event['path']) ?? UNREADABLE_PATH;
  const context = toMember(event['requestContext']);
  const { stage } = context;
  return [isOwnAddress(context) && typeof stage === 'string' ? `/${stage}${path}` : path];
}

/**
 * The same for an HTTP API, whose path is decoded. One target has `%2F` for a slash, of which nobody can tell how it was sent: routes
 * of an Envoy that refuses that are for no such target, and for another it has no one reading.
 */
export function httpTargets(path: unknown): readonly string[] {
  const spellings = spellingsOf(textOf(path) ?? UNREADABLE_PATH);
  const [spelled = ''] = spellings;
  const escaped = spelled.replace(/(.)\/([^/]*)$/, '$1%2F$2');
  return escaped === spelled ? spellings : [...spellings, escaped];
}

/** The same for the opening request of a WebSocket API. */
export function socketTargets(event: Member): readonly string[] {
  const context = toMember(event['requestContext']);
  const { stage } = context;
  return isOwnAddress(context) && typeof stage === 'string' ? [`/${stage}`, `/${stage}/`] : ['/'];
}

/** `<api id>.execute-api.<region>…`, or a VPC endpoint's name in place of the API's. */
function isOwnAddress({ domainName }: Member): boolean {
  return /^[^.]+\.execute-api\./.test(textOf(domainName) ?? '');
}

function withoutStage(path: string, { stage }: Member): string {
  const prefix = `/${textOf(stage) ?? '$default'}`;
  if (prefix === '/$default') return path;
  if (path === prefix) return '/';
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
}

/**
 * The route or resource that was called with its parameters filled in, as they are and decoded. Empty for `$default`, which
 * says nothing about the path.
 */
function calledPaths(route: string | undefined, event: Member): string[] {
  if (!route?.startsWith('/')) return [];
  const parameters = toMember(event['pathParameters']);
  const names = Array.from(route.matchAll(/\{([^{}+]+)\+?\}/g), ([, name = '']) => name);
  if (names.some((name) => typeof parameters[name] !== 'string')) return [];
  const fill = (read: (value: string) => string) =>
    route.replace(/\{([^{}+]+)\+?\}/g, (_, name) => read(textOf(parameters[name]) ?? ''));
  return [fill((value) => value), fill(decodeOnce)];
}

/** What is left of the path when it ends in one of those that were called, after a base path as mappings may have it. */
function withoutBasePath(path: string, called: readonly string[]): string | undefined {
  const whole = trimSlash(path);
  const end = called.map(trimSlash).find((one) => whole.endsWith(one));
  if (end === undefined) return undefined;
  const base = whole.slice(0, whole.length - end.length);
  if (!/^(?:\/(?!\.{1,2}(?:\/|$))[\w$.+!*'(),-]+)*$/.test(base)) return undefined;
  return path.slice(base.length) || '/';
}

/** Whether the last slash is there is not the same in every member of an event. */
function trimSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
