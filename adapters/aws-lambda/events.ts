import { ASSERTION_HEADER, describeValue, type RequestLike, type SentRequest } from '../../core/adapter.ts';
import { bearerToken } from './bearer.ts';
import {
  http1Path,
  http2Path,
  httpTargets,
  restAuthorizerPath,
  restPath,
  restTargets,
  socketTargets,
  UNREADABLE_PATH,
} from './event-path.ts';
import { readQuery } from './event-query.ts';
import { type Member, textOf, toMember } from './member.ts';

/**
 * Who calls the function, and so how an authorizer must answer:
 * - `rest`: a REST API (TOKEN or REQUEST) or a WebSocket API; policies, and `Unauthorized`
 * - `http-1.0`, `http-2.0`: an HTTP API, by its payload version
 * - `appsync`: AppSync, which calls authorizers only
 * - `function-url`, `alb`, `lattice-1.0`, `lattice-2.0`: these have no authorizers
 */
export type Caller =
  | 'rest'
  | 'http-1.0'
  | 'http-2.0'
  | 'appsync'
  | 'function-url'
  | 'alb'
  | 'lattice-1.0'
  | 'lattice-2.0'
  | 'unknown';

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** An event of an HTTP request, taken apart. `url` is the path as a request target: percent-encoded, without stage and base path. */
export interface HttpEvent extends RequestLike {
  readonly caller: Caller;
  readonly method: string | undefined;
  readonly url: string;
  /** With stage and base path. */
  readonly sent?: SentRequest;
  readonly headers: HeaderPairs;
  /** Lambda's own where the event has none. */
  readonly requestId: string | undefined;
  /** An authorizer's only: the ARN of what is called; empty for AppSync. */
  readonly arn?: string;
}

/** An authorizer's event, taken apart. */
export interface AuthorizerRequest extends HttpEvent {
  readonly arn: string;
}

/** Throws a `TypeError` for an event that no authorizer gets. */
export function readAuthorizerEvent(event: unknown, context?: unknown): AuthorizerRequest {
  const { arn, ...request } = readHttpEvent(event, context);
  if (arn !== undefined) return { ...request, arn };
  throw foreignEvent("is not an authorizer's", event);
}

/**
 * Throws a `TypeError` for an event that is no HTTP request to a function: whoever sent it (a queue, a schedule, an authorizer's
 * API) would take a refusal in HTTP's form for success.
 */
export function readFunctionEvent(event: unknown, context?: unknown): HttpEvent {
  const request = readHttpEvent(event, context);
  if (request.arn !== undefined) throw foreignEvent("is an authorizer's: use createAuthorizer", event);
  if (request.caller === 'unknown') throw foreignEvent('is no HTTP request', event);
  return request;
}

/** A body that somebody passes on as an event may have any number of members. */
const MAX_NAMES = 12;

function foreignEvent(what: string, event: unknown): TypeError {
  const names = Object.keys(toMember(event));
  const members = names.slice(0, MAX_NAMES).map(describeValue).join(', ');
  return new TypeError(`pomerium-edge: this event ${what}; it has ${members || 'nothing'}.`);
}

/**
 * Reads the event of an authorizer, or of a function behind HTTP, recognised by its shape; `context` is Lambda's second argument.
 * The same request gives the same method and path to both.
 */
export function readHttpEvent(event: unknown, context?: unknown): HttpEvent {
  const members = toMember(event);
  const { requestId } = toMember(members['requestContext']);
  const id = textOf(requestId) ?? textOf(toMember(context)['awsRequestId']);
  const parts = readAuthorizer(members) ?? readFunction(members);
  const query = readQuery(members, parts);
  const url = query === '' ? parts.url : `${parts.url}?${query}`;
  return { headers: headerPairs(event), ...parts, url, requestId: id };
}

type Parts = Omit<HttpEvent, 'headers' | 'requestId'> & { readonly headers?: HeaderPairs };

function readAuthorizer(event: Member): Parts | undefined {
  const { type, version, authorizationToken, requestContext } = event;
  const methodArn = textOf(event['methodArn']);
  const routeArn = textOf(event['routeArn']);
  if (type === 'TOKEN' && methodArn !== undefined) return readToken(methodArn, textOf(authorizationToken) ?? '');
  const isRequest = type === 'REQUEST';
  if (isRequest && version === '2.0' && routeArn !== undefined) return { ...readHttp2(event), arn: routeArn };
  if (isRequest && version === '1.0' && methodArn !== undefined) return { ...readHttp1(event), arn: methodArn };
  if (isRequest && version === undefined && methodArn !== undefined) {
    const { method, path } = splitArn(methodArn);
    const isSocket = isWebSocket(event);
    const url = isSocket ? path : restAuthorizerPath(event, path);
    return withSent(
      { caller: 'rest', arn: methodArn, method, url },
      isSocket ? socketTargets(event) : restTargets(event),
    );
  }
  const hasToken = 'authorizationToken' in event && typeof toMember(requestContext)['apiId'] === 'string';
  return hasToken && [type, version].every((one) => one === undefined) ? readAppSync(event) : undefined;
}

/** By members that no other event has together: `version` and `httpMethod` alone are in those of AWS Config and Bedrock, too. */
function readFunction(event: Member): Parts {
  const { version, rawPath, raw_path, path, method, httpMethod, requestContext } = event;
  const context = toMember(requestContext);
  if (isWebSocket(event)) {
    const url = isMessage(context) ? UNREADABLE_PATH : '/';
    return withSent({ caller: 'rest', method: 'GET', url }, socketTargets(event));
  }
  if (isFunctionUrl(context)) return readFunctionUrl(event);
  if (typeof rawPath === 'string') return readHttp2(event);
  if (version === '2.0' && areTexts(method, path)) {
    return { caller: 'lattice-2.0', method: textOf(method), url: sentPath(path) };
  }
  if (areTexts(method, raw_path)) return { caller: 'lattice-1.0', method: textOf(method), url: sentPath(raw_path) };
  if (!areTexts(httpMethod, path)) return { caller: 'unknown', method: undefined, url: UNREADABLE_PATH };
  if (version === '1.0') return readHttp1(event);
  if (context['elb'] !== undefined) return { caller: 'alb', method: textOf(httpMethod), url: sentPath(path) };
  return withSent({ caller: 'rest', method: textOf(httpMethod), url: restPath(event) }, restTargets(event));
}

function areTexts(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}

/** Where nobody can tell which of the API's routes is called, no route of Pomerium's is, either. */
function withSent(parts: Parts, targets: readonly string[]): Parts {
  return parts.url === UNREADABLE_PATH ? parts : { ...parts, sent: { targets } };
}

/** The configured identity source decides which header it was; only one of the two looks like `Bearer …`. */
function readToken(arn: string, token: string): Parts {
  const { stage, method, path } = splitArn(arn);
  const header = bearerToken(token) === undefined ? ASSERTION_HEADER : 'authorization';
  // An ARN has no query: what follows a question mark is path.
  const url = path.replaceAll('?', '%3F');
  // Nor does it say by which address the API was called, and so whether Pomerium's path had the stage.
  const sent = { targets: [`/${stage}${url}`, url] };
  return { caller: 'rest', arn, method, url, sent, headers: [[header, token]] };
}

function readHttp1(event: Member): Parts {
  const parts: Parts = { caller: 'http-1.0', method: textOf(event['httpMethod']), url: http1Path(event) };
  return withSent(parts, httpTargets(event['path']));
}

function readHttp2(event: Member): Parts {
  const { method } = toMember(toMember(event['requestContext'])['http']);
  const parts: Parts = { caller: 'http-2.0', method: textOf(method), url: http2Path(event) };
  return withSent(parts, httpTargets(event['rawPath']));
}

/** Its path is as it was sent. */
function readFunctionUrl(event: Member): Parts {
  const url = sentPath(event['rawPath']);
  return { ...readHttp2(event), caller: 'function-url', url, sent: { targets: [url] } };
}

/** A GraphQL API has one path, at domain names of one's own, too. The token of `Authorization` is in a member of its own. */
function readAppSync({ authorizationToken, requestHeaders }: Member): Parts {
  const others = headerPairs({ headers: requestHeaders }).filter(([name]) => name.toLowerCase() !== 'authorization');
  const headers: HeaderPairs = [...others, ['authorization', textOf(authorizationToken) ?? '']];
  return { caller: 'appsync', arn: '', method: 'POST', url: '/graphql', headers };
}

/** Its opening request is a GET (RFC 6455 section 4.1), and there is one path, `/`. */
function isWebSocket({ requestContext }: Member): boolean {
  return typeof toMember(requestContext)['connectionId'] === 'string';
}

/** What comes after the opening request has no path: a rule for `/` must not open it, too. */
function isMessage({ eventType, routeKey }: Member): boolean {
  return eventType === undefined ? routeKey !== '$connect' : eventType !== 'CONNECT';
}

/** The one difference to an HTTP API's event with payload 2.0. A function URL has no other name, and none of ours can be one. */
function isFunctionUrl({ domainName }: Member): boolean {
  return /^[^.]+\.lambda-url\.[^.]+\.on\.aws$/.test(textOf(domainName) ?? '');
}

function sentPath(path: unknown): string {
  return textOf(path) ?? UNREADABLE_PATH;
}

/**
 * `arn:aws:execute-api:region:account:api/stage/METHOD/path`: what was called, without stage and base path. A WebSocket API's
 * ends in `stage/$connect`.
 */
function splitArn(arn: string): {
  readonly stage: string | undefined;
  readonly method: string | undefined;
  readonly path: string;
} {
  const [, stage, method, ...path] = arn.split(':').slice(5).join(':').split('/');
  const isConnect = method === '$connect' && path.length === 0;
  return isConnect ? { stage, method: 'GET', path: '/' } : { stage, method, path: `/${path.join('/')}` };
}

/**
 * Every header line: repeated ones are in `multiValueHeaders` or in a list where the caller has that, else joined with commas.
 * `multiValueHeaders` has all that `headers` has, but an event that somebody writes for a test may leave it empty.
 */
function headerPairs(event: unknown): HeaderPairs {
  const { headers, multiValueHeaders } = toMember(event);
  const lists = Object.entries(toMember(multiValueHeaders));
  const names = new Set(lists.map(([name]) => name.toLowerCase()));
  const others = Object.entries(toMember(headers)).filter(([name]) => !names.has(name.toLowerCase()));
  return [...lists, ...others].flatMap(([name, value]) =>
    [value].flat().flatMap((one) => (typeof one === 'string' ? [[name, one] as const] : [])),
  );
}
