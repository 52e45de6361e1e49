/**
 * What AWS hands over for one GET request, to the authorizers of an API and to the function behind it, by the captures and
 * reports that adapters/aws-lambda/event-path.ts names. `sent` is the path that the client sent, without stage and base path.
 */
type Headers = Readonly<Record<string, string>>;

export interface ApiEvents {
  readonly authorizers: Readonly<Record<string, object>>;
  readonly functions: Readonly<Record<string, object>>;
}

const ASSERTION = 'x-pomerium-jwt-assertion';
const ARN = 'arn:aws:execute-api:us-east-1:123456789012:abcdef123';
const OWN_ADDRESS = 'abcdef123.execute-api.us-east-1.amazonaws.com';
export const DOMAIN = 'api.example.com';

/** `{proxy+}` takes one segment or more. */
function route(sent: string, read: (text: string) => string = (text) => text) {
  const isRoot = sent === '/';
  return { path: isRoot ? '/' : '/{proxy+}', pathParameters: isRoot ? null : { proxy: read(sent.slice(1)) } };
}

/** `base`: of the mapping at a domain name; with the stage where the mapping names none. */
export function restApi(sent: string, headers: Headers, { base }: { base?: string } = {}): ApiEvents {
  const { path: resource, pathParameters } = route(sent);
  const path = `${base ?? ''}${sent}`;
  const methodArn = `${ARN}/test/GET${sent}`;
  const event = {
    resource,
    path,
    httpMethod: 'GET',
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    pathParameters,
    requestContext: {
      path: base === undefined ? `/test${sent}` : path,
      resourcePath: resource,
      httpMethod: 'GET',
      domainName: base === undefined ? OWN_ADDRESS : DOMAIN,
      stage: 'test',
      apiId: 'abcdef123',
    },
  };
  return {
    authorizers: {
      TOKEN: { type: 'TOKEN', authorizationToken: headers[ASSERTION] ?? '', methodArn },
      REQUEST: { ...event, type: 'REQUEST', methodArn },
    },
    functions: { proxy: { ...event, body: null } },
  };
}

export interface HttpApiSetting {
  readonly stage?: string;
  /** Whether the path has the stage before it. */
  readonly hasStage?: boolean;
  readonly domainName?: string;
  /** Of the mapping: payload 1.0 has it, 2.0 has not. */
  readonly base?: string;
  /** Whether the route is `$default` in place of `ANY /{proxy+}`. */
  readonly isDefaultRoute?: boolean;
  readonly areParametersDecoded?: boolean;
}

export function httpApi(sent: string, headers: Headers, setting: HttpApiSetting = {}): ApiEvents {
  const { stage = '$default', domainName = OWN_ADDRESS, base = '', isDefaultRoute = false } = setting;
  const { hasStage = stage !== '$default' } = setting;
  const decoded = `${hasStage ? `/${stage}` : ''}${decodeURIComponent(sent)}`;
  const called = route(sent, setting.areParametersDecoded ? decodeURIComponent : undefined);
  const pathParameters = isDefaultRoute ? null : called.pathParameters;
  const routeKey = isDefaultRoute ? '$default' : `ANY ${called.path}`;
  const resource = isDefaultRoute ? '$default' : called.path;
  const arn = `${ARN}/${stage}/GET${sent}`;
  const context = { domainName, stage, apiId: 'abcdef123', requestId: 'http-request' };
  const one = {
    version: '1.0',
    resource,
    path: base + decoded,
    httpMethod: 'GET',
    headers,
    pathParameters,
    requestContext: { ...context, path: base + decoded, resourcePath: resource, httpMethod: 'GET' },
  };
  const two = {
    version: '2.0',
    routeKey,
    rawPath: decoded,
    rawQueryString: '',
    headers,
    pathParameters,
    requestContext: { ...context, routeKey, http: { method: 'GET', path: decoded } },
  };
  return {
    authorizers: {
      '1.0': { ...one, type: 'REQUEST', methodArn: arn, authorizationToken: headers[ASSERTION] ?? '' },
      '2.0': { ...two, type: 'REQUEST', routeArn: arn, identitySource: [headers[ASSERTION] ?? ''] },
    },
    functions: { '1.0': { ...one, body: null }, '2.0': { ...two, isBase64Encoded: false } },
  };
}

/** What a function gets that has no authorizer before it. */
export function directEvents(sent: string, headers: Headers): Record<string, object> {
  const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const elb = { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/x/y' };
  const domainName = '2cxn22odiwguak4feg4jtt7cwm0ziblr.lambda-url.us-west-2.on.aws';
  return {
    'a function URL': {
      version: '2.0',
      routeKey: '$default',
      rawPath: sent,
      headers,
      requestContext: {
        domainName,
        stage: '$default',
        // As captured: decoded here, and not in rawPath.
        http: { method: 'GET', path: decodeURIComponent(sent) },
      },
    },
    'an ALB': { requestContext: { elb }, httpMethod: 'GET', path: sent, headers },
    'an ALB with multi-value headers': {
      requestContext: { elb },
      httpMethod: 'GET',
      path: sent,
      headers: null,
      multiValueHeaders: lists,
    },
    'VPC Lattice 1.0': { raw_path: sent, method: 'GET', headers, is_base64_encoded: false },
    'VPC Lattice 2.0': {
      version: '2.0',
      path: sent,
      method: 'GET',
      headers: lists,
      requestContext: { serviceArn: 'arn:aws:vpc-lattice:us-east-2:123456789012:service/svc-0a40eebed65f8d69c' },
    },
  };
}
