import { ASSERTION_HEADER, type RequestLike, readAssertion, readHeader } from '../../core/adapter.ts';

/**
 * Who asks, and so what must be answered:
 * - `rest`: a REST API (TOKEN or REQUEST) or a WebSocket API's `$connect`; policies, and `Unauthorized`
 * - `http-1.0`, `http-2.0`: an HTTP API, by its payload version
 * - `appsync`: AppSync
 */
export type Caller = 'rest' | 'http-1.0' | 'http-2.0' | 'appsync';

/** An authorizer's event, taken apart. */
export interface AuthorizerRequest {
  readonly caller: Caller;
  /** The ARN of what is called; AppSync has none. */
  readonly arn: string;
  readonly requestId: string | undefined;
  readonly request: RequestLike;
}

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

type Member = { readonly [name: string]: unknown };

/** Recognises the event by its shape. Throws a `TypeError` for one that no authorizer gets. */
export function readAuthorizerEvent(event: unknown): AuthorizerRequest {
  const { type, version, methodArn, routeArn, authorizationToken, requestContext } = toMember(event);
  const context = toMember(requestContext);
  if (type === 'TOKEN' && typeof methodArn === 'string') return readToken(methodArn, authorizationToken);
  if (type === 'REQUEST' && version === '2.0' && typeof routeArn === 'string')
    return readHttp2(event, context, routeArn);
  if (type === 'REQUEST' && version === '1.0' && typeof methodArn === 'string')
    return readHttp1(event, context, methodArn);
  if (type === 'REQUEST' && version === undefined && typeof methodArn === 'string') {
    const request = { ...requestOfArn(methodArn), headers: headerPairs(event) };
    return { caller: 'rest', arn: methodArn, requestId: textOf(context['requestId']), request };
  }
  if (type === undefined && 'authorizationToken' in toMember(event) && typeof context['apiId'] === 'string') {
    return readAppSync(event, context, authorizationToken);
  }
  const members = Object.keys(toMember(event)).join(', ');
  throw new TypeError(`pomerium-edge: this event is not an authorizer's; it has ${members || 'nothing'}.`);
}

function readToken(methodArn: string, token: unknown): AuthorizerRequest {
  const value = textOf(token) ?? '';
  // The configured identity source decides which header it was; only one of the two looks like this.
  const header = /^bearer /i.test(value) ? 'authorization' : ASSERTION_HEADER;
  const request = { ...requestOfArn(methodArn), headers: [[header, value]] as HeaderPairs };
  return { caller: 'rest', arn: methodArn, requestId: undefined, request };
}

function readHttp1(event: unknown, context: Member, arn: string): AuthorizerRequest {
  const { httpMethod, path } = toMember(event);
  const request = { method: textOf(httpMethod), url: pathIn(textOf(path), context), headers: headerPairs(event) };
  return { caller: 'http-1.0', arn, requestId: textOf(context['requestId']), request };
}

function readHttp2(event: unknown, context: Member, arn: string): AuthorizerRequest {
  const { method } = toMember(context['http']);
  const { rawPath } = toMember(event);
  const request = { method: textOf(method), url: pathIn(textOf(rawPath), context), headers: headerPairs(event) };
  return { caller: 'http-2.0', arn, requestId: textOf(context['requestId']), request };
}

function readAppSync(event: unknown, context: Member, token: unknown): AuthorizerRequest {
  const headers = Object.entries(toMember(toMember(event)['requestHeaders'])).flatMap(([name, value]) =>
    typeof value === 'string' && name.toLowerCase() !== 'authorization' ? [[name, value] as const] : [],
  );
  headers.push(['authorization', textOf(token) ?? '']);
  return { caller: 'appsync', arn: '', requestId: textOf(context['requestId']), request: { headers } };
}

/**
 * `arn:aws:execute-api:region:account:api/stage/METHOD/path`: the path that was asked for, without stage and base path.
 * A WebSocket's `$connect` has neither method nor path.
 */
function requestOfArn(arn: string): Pick<RequestLike, 'method' | 'url'> {
  const [, , method, ...path] = arn.split(':').slice(5).join(':').split('/');
  return method === undefined || method.startsWith('$') ? {} : { method, url: `/${path.join('/')}` };
}

/** At an API's own address, the path begins with the stage, unless that is `$default`; behind a domain name it does not. */
function pathIn(path: string | undefined, { stage, domainName }: Member): string | undefined {
  const prefix = `/${stage}`;
  const isOwnAddress = /\.execute-api\./.test(textOf(domainName) ?? '');
  if (path === undefined || stage === '$default' || !isOwnAddress) return path;
  if (path === prefix) return '/';
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
}

/** Every header line: repeated ones are in `multiValueHeaders` where the caller has that, else joined with commas. */
export function headerPairs(event: unknown): HeaderPairs {
  const { headers, multiValueHeaders } = toMember(event);
  return Object.entries(toMember(multiValueHeaders ?? headers)).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => (typeof one === 'string' ? [[name, one] as const] : [])),
  );
}

/**
 * Where `allowBearer` is set and there is no assertion header, the token of `Authorization: Bearer` in its place, as a route
 * with `set_request_headers` and `${pomerium.jwt}` sends it.
 */
export function withBearer(request: RequestLike): RequestLike {
  if (readAssertion(request.headers) !== undefined) return request;
  const [, token] = /^bearer +(\S+)$/i.exec(readHeader(request.headers, 'authorization') ?? '') ?? [];
  if (token === undefined) return request;
  return { ...request, headers: [...(request.headers as HeaderPairs), [ASSERTION_HEADER, token]] };
}

export function toMember(value: unknown): Member {
  return typeof value === 'object' && value !== null ? (value as Member) : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
