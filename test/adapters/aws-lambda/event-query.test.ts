import { assert, describe, test } from 'vitest';
import { withPomerium } from '../../../adapters/aws-lambda/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';

const rules = [
  { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
  { prefix: '/', access: 'authenticated' as const },
];
const handler = withPomerium<object, object>(async () => ({ statusCode: 200 }), {
  audience: HOST,
  keys: staticKeys(jwks(key)),
  rules,
  now: () => NOW,
  log: false,
});

const headers = { ...SENDERS.alice, host: HOST };
const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
const ownAddress = { domainName: 'abc.execute-api.eu-central-1.amazonaws.com', stage: '$default' };
const context = (path: string) => ({ ...ownAddress, http: { method: 'GET', path } });

type MakeEvent = (path: string, name: string, value: string) => object;

/** Of a parameter that comes twice, one member has the last value alone. */
const restEvent: MakeEvent = (path, name, value) => ({
  httpMethod: 'GET',
  path,
  headers,
  queryStringParameters: { [name]: '/last' },
  multiValueQueryStringParameters: { [name]: [value, '/last'] },
  requestContext: ownAddress,
});

/** Events of `GET path?name=value`, where the value needs encoding. */
const EVENTS: Record<string, MakeEvent> = {
  'a Function URL': (path, name, value) => ({
    version: '2.0',
    rawPath: path,
    rawQueryString: `${name}=${encodeURIComponent(value)}`,
    headers,
    requestContext: { ...context(path), domainName: 'abc.lambda-url.eu-central-1.on.aws' },
  }),
  'an HTTP API 2.0': (path, name, value) => ({
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: `${name}=${encodeURIComponent(value)}`,
    headers,
    requestContext: context(path),
  }),
  'an HTTP API 1.0': (...request) => ({ version: '1.0', ...restEvent(...request) }),
  'a REST API': restEvent,
  'a REST API, in an event for a test without lists': (path, name, value) => ({
    ...restEvent(path, name, value),
    queryStringParameters: { [name]: value },
    multiValueQueryStringParameters: {},
  }),
  'an ALB': (path, name, value) => ({
    httpMethod: 'GET',
    path,
    headers,
    queryStringParameters: { [name]: encodeURIComponent(value) },
    requestContext: { elb: { targetGroupArn: 'arn' } },
  }),
  'VPC Lattice': (path, name, value) => ({
    version: '2.0',
    method: 'GET',
    path: `${path}?${name}=${encodeURIComponent(value)}`,
    headers: lists,
    queryStringParameters: { [name]: [value] },
    requestContext: {},
  }),
  'VPC Lattice, in an event whose path has no query': (path, name, value) => ({
    version: '2.0',
    method: 'GET',
    path,
    headers: lists,
    queryStringParameters: { [name]: [value] },
    requestContext: {},
  }),
  'VPC Lattice 1, in an event whose path has no query': (path, name, value) => ({
    method: 'GET',
    raw_path: path,
    headers,
    query_string_parameters: { [name]: value },
  }),
};

describe('the query has a part in the decision, as everywhere, behind', () => {
  for (const [caller, make] of Object.entries(EVENTS)) {
    const cases: [path: string, name: string, value: string, status: number][] = [
      ['/x', 'id', 'a&nxtPid=1', 200],
      ['/x', 'nxtPid', 'secret', 403],
      ['/_next/image', 'url', '/admin/x.png', 403],
      ['/_next/image', 'url', '/x.png', 200],
    ];
    test.each(cases)(`${caller}: %s?%s=%s`, async (path, name, value, status) => {
      const answer = await handler(make(path, name, value), {});
      assert.nestedPropertyVal(answer, 'statusCode', status);
    });
  }
});
