/**
 * Events as AWS documents them (API Gateway developer guides "Input to an API Gateway Lambda authorizer", "Control access to
 * HTTP APIs with Lambda authorizers", "Working with WebSocket APIs"; AppSync's "Lambda authorization"; Lambda's "Using Lambda
 * with an ALB" and "Function URLs"; CloudFront's "Lambda@Edge event structure"), with the headers of a test.
 */
type Headers = Record<string, string>;

const ARN = 'arn:aws:execute-api:us-east-1:123456789012:abcdef123';
const lists = (headers: Headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));

export const METHOD_ARN = `${ARN}/test/GET/request`;

export function restToken(authorizationToken: string) {
  return { type: 'TOKEN', authorizationToken, methodArn: METHOD_ARN };
}

/** At a domain name with a base path. */
export function restRequest(headers: Headers, methodArn = METHOD_ARN) {
  const resource = `/${methodArn.split('/').slice(3).join('/')}`;
  return {
    type: 'REQUEST',
    methodArn,
    resource,
    path: `/base${resource}`,
    httpMethod: 'GET',
    headers,
    multiValueHeaders: lists(headers),
    queryStringParameters: { QueryString1: 'queryValue1' },
    pathParameters: {},
    stageVariables: { StageVar1: 'stageValue1' },
    requestContext: {
      path: `/base${resource}`,
      accountId: '123456789012',
      resourceId: '05c7jb',
      stage: 'test',
      requestId: 'rest-request',
      identity: { apiKey: '', sourceIp: '192.0.2.1' },
      resourcePath: resource,
      httpMethod: 'GET',
      apiId: 'abcdef123',
    },
  };
}

export function webSocketConnect(headers: Headers) {
  return {
    type: 'REQUEST',
    methodArn: `${ARN}/test/$connect`,
    headers,
    multiValueHeaders: lists(headers),
    requestContext: {
      routeKey: '$connect',
      eventType: 'CONNECT',
      requestId: 'ws-request',
      connectionId: 'c',
      stage: 'test',
      apiId: 'abcdef123',
    },
  };
}

export function http1(headers: Headers) {
  return {
    version: '1.0',
    type: 'REQUEST',
    methodArn: METHOD_ARN,
    identitySource: headers['x-pomerium-jwt-assertion'] ?? '',
    authorizationToken: headers['x-pomerium-jwt-assertion'] ?? '',
    resource: '/request',
    path: '/test/request',
    httpMethod: 'GET',
    headers,
    queryStringParameters: {},
    pathParameters: {},
    requestContext: {
      path: '/test/request',
      stage: 'test',
      domainName: 'abcdef123.execute-api.us-east-1.amazonaws.com',
      requestId: 'http1-request',
      httpMethod: 'GET',
      apiId: 'abcdef123',
    },
  };
}

export function http2(
  headers: Headers,
  { rawPath = '/test/request', stage = 'test', domainName = 'abcdef123.execute-api.us-east-1.amazonaws.com' } = {},
) {
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: METHOD_ARN,
    identitySource: [headers['x-pomerium-jwt-assertion'] ?? ''],
    routeKey: '$default',
    rawPath,
    rawQueryString: 'parameter1=value1',
    cookies: ['cookie1'],
    headers,
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdef123',
      domainName,
      domainPrefix: 'abcdef123',
      http: { method: 'GET', path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'agent' },
      requestId: 'http2-request',
      routeKey: '$default',
      stage,
      time: '12/Mar/2020:19:03:58 +0000',
      timeEpoch: 1583348638390,
    },
  };
}

export function appSync(authorizationToken: string, requestHeaders: Headers = {}) {
  return {
    authorizationToken,
    requestContext: {
      apiId: 'aaaaaa123123123example123',
      accountId: '111122223333',
      requestId: 'appsync-request',
      queryString: 'mutation CreateEvent { createEvent }',
      operationName: 'MyQuery',
      variables: {},
    },
    requestHeaders,
  };
}

/** What a function behind each kind of HTTP gets. */
export const proxyEvents: Record<string, (headers: Headers) => Record<string, unknown>> = {
  'a Function URL or HTTP API (2.0)': (headers) => ({
    ...http2(headers),
    type: undefined,
    body: 'hello',
    isBase64Encoded: false,
  }),
  'an HTTP API (1.0)': (headers) => ({
    ...http1(headers),
    type: undefined,
    multiValueHeaders: lists(headers),
    body: null,
  }),
  'a REST API': (headers) => ({ ...restRequest(headers), type: undefined, methodArn: undefined, body: null }),
  'an ALB': (headers) => ({
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/x/y' } },
    httpMethod: 'GET',
    path: '/request',
    queryStringParameters: {},
    headers,
    body: '',
    isBase64Encoded: false,
  }),
  'an ALB with multi-value headers': (headers) => ({
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/x/y' } },
    httpMethod: 'GET',
    path: '/request',
    multiValueQueryStringParameters: {},
    multiValueHeaders: lists(headers),
    body: '',
    isBase64Encoded: false,
  }),
};

export function cloudFront(headers: Headers, uri = '/request') {
  const lines = Object.entries(headers).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]);
  return {
    Records: [
      {
        cf: {
          config: { distributionId: 'EDFDVBD6EXAMPLE', eventType: 'viewer-request', requestId: 'edge-request' },
          request: {
            clientIp: '192.0.2.1',
            method: 'GET',
            uri,
            querystring: 'x=1',
            headers: Object.fromEntries(lines),
          },
        },
      },
    ] as const,
  };
}
