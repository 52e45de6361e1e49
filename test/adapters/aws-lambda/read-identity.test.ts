import { assert, describe, test } from 'vitest';
import { createAuthorizer, readIdentity } from '../../../adapters/aws-lambda/index.ts';
import { compilePolicy, compileRoutes, staticKeys } from '../../../core/index.ts';
import { key as callerKey, firstRoute } from '../../support/gate.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { appSync, http1, http2, restRequest, webSocketConnect } from './events.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const assertion = await sign(key, { jti: 't-1' });
const headers = { [ASSERTION]: assertion };

type Context = Record<string, unknown>;

/** REST and WebSocket APIs make text of each value and add two of their own ("Output from an API Gateway Lambda authorizer"). */
const asRest = (context: Context) => ({
  principalId: 'u-alice',
  integrationLatency: 12,
  ...Object.fromEntries(Object.entries(context).map(([name, value]) => [name, String(value)])),
});
/** What a client sends in any case. */
const hostile = {
  headers: { 'x-pomerium-claim-email': 'root@evil.test', ...headers },
  body: JSON.stringify({ subject: 'root' }),
};

/** Each integration: the authorizer's event, and the event of the function behind it, by what the authorizer said. */
const INTEGRATIONS: Record<string, { event: object; behind: (context: Context) => object }> = {
  'HTTP API 2.0': {
    event: http2(headers),
    behind: (lambda) => ({
      version: '2.0',
      rawPath: '/',
      requestContext: { http: { method: 'GET' }, authorizer: { lambda } },
      ...hostile,
    }),
  },
  'HTTP API 1.0': {
    event: http1(headers),
    behind: (context) => ({
      version: '1.0',
      requestContext: { authorizer: { claims: null, scopes: null, ...asRest(context) } },
      ...hostile,
    }),
  },
  'REST API': {
    event: restRequest(headers),
    behind: (context) => ({ resource: '/', requestContext: { authorizer: asRest(context) }, ...hostile }),
  },
  'WebSocket API, a message': {
    event: webSocketConnect(headers),
    behind: (context) => ({
      requestContext: { eventType: 'MESSAGE', connectionId: 'c', authorizer: asRest(context) },
      body: hostile.body,
    }),
  },
  'AppSync resolver': {
    event: appSync('none', headers),
    behind: (resolverContext) => ({
      info: { fieldName: 'events' },
      arguments: {},
      identity: { resolverContext },
      request: { headers: hostile.headers },
    }),
  },
};

async function contextOf(event: object, more: object = {}): Promise<Context> {
  const answer = await createAuthorizer({ ...options, ...more })(event);
  return ('resolverContext' in answer ? answer.resolverContext : answer.context) as Context;
}

const IDENTITY = {
  subject: 'u-alice',
  user: 'u-alice',
  email: 'alice@example.com',
  name: 'Alice Liddell',
  groups: ['g1', 'engineering'],
  sessionId: 's-alice',
  tokenId: 't-1',
  issuer: HOST,
  issuedAt: NOW,
  expiresAt: NOW + 300,
  onBehalfOf: undefined,
  route: undefined,
  context: {},
  truncated: [],
};

for (const [name, { event, behind }] of Object.entries(INTEGRATIONS)) {
  describe(name, () => {
    test('gives back whom the authorizer let in', async () => {
      assert.deepEqual(readIdentity(behind(await contextOf(event))), IDENTITY);
    });

    test('gives what context added, as text', async () => {
      const context = () => ({ department: 'sales', level: 3, isStaff: true });
      const identity = readIdentity(behind(await contextOf(event, { context })));
      assert.deepEqual(identity?.context, { department: 'sales', level: '3', isStaff: 'true' });
    });

    test('says what did not fit', async () => {
      const groups = Array.from({ length: 700 }, (_, i) => `00000000-0000-4000-8000-${i}`);
      const long = JSON.parse(
        JSON.stringify(event).replaceAll(assertion, await sign(key, { groups, name: 'n'.repeat(8000) })),
      );
      const identity = readIdentity(behind(await contextOf(long)));
      const isWhole = name === 'AppSync resolver';
      assert.deepEqual(identity?.truncated, isWhole ? [] : ['groups', 'name']);
      assert.equal(identity?.groups.length === 700, isWhole);
    });

    test('gives nobody for a refusal', async () => {
      const refusal = await contextOf(event, { policy: compilePolicy({}) });
      assert.isUndefined(readIdentity(behind(refusal)));
    });
  });
}

test('readIdentity() says who acts for whom', async () => {
  const { onBehalfOf } = firstRoute;
  const both = { [ASSERTION]: await sign(callerKey), [`${ASSERTION}-for`]: await firstRoute.sign() };
  const keys = staticKeys(jwks(callerKey));
  const context = await contextOf(http2(both), { keys, onBehalfOf });
  const identity = readIdentity(INTEGRATIONS['HTTP API 2.0']?.behind(context));
  assert.isString(context['onBehalfOf']);
  assert.deepEqual(identity?.onBehalfOf, { subject: context['onBehalfOf'] });
});

describe('readIdentity() names the route by which somebody came by', () => {
  const from = `https://${HOST}`;
  const rows: [name: string, route: object, expected: string][] = [
    ['its name', { from, to: 'https://api.internal', name: 'shop' }, 'shop'],
    ['its from, where it has no name', { from, to: 'https://api.internal' }, from],
  ];
  for (const [name, route, expected] of rows) {
    test(name, async () => {
      const routes = compileRoutes({ routes: [{ ...route, allow_any_authenticated_user: true }] });
      const context = await contextOf(http2(headers), { audience: undefined, routes });
      const identity = readIdentity(INTEGRATIONS['HTTP API 2.0']?.behind(context));
      assert.equal(identity?.route, expected);
    });
  }
});

test('in readIdentity().context, what the option context did not add is undefined, whatever its name', async () => {
  const added = JSON.parse('{"__proto__":"x","department":"sales"}');
  const identity = readIdentity(
    INTEGRATIONS['REST API']?.behind({ ...(await contextOf(restRequest(headers))), ...added }),
  );
  for (const name of ['constructor', 'toString']) assert.isUndefined(identity?.context[name]);
  assert.equal(identity?.context['department'], 'sales');
});

test('readIdentity() gives an identity that is frozen', async () => {
  const identity = readIdentity(INTEGRATIONS['REST API']?.behind(await contextOf(restRequest(headers))));
  for (const one of [identity, identity?.groups, identity?.context, identity?.truncated]) assert.isFrozen(one);
});

const ours = await contextOf(http2(headers));

describe('nobody, where our authorizer said nothing', () => {
  const cases: [name: string, event: unknown][] = [
    ['no event', undefined],
    ['no authorizer', { version: '2.0', requestContext: {}, ...hostile }],
    ['a function URL with IAM', { version: '2.0', requestContext: { authorizer: { iam: ours } } }],
    ['a JWT authorizer', { version: '2.0', requestContext: { authorizer: { jwt: { claims: ours } } } }],
    ['Cognito of a REST API', { requestContext: { authorizer: { claims: ours } } }],
    ['Cognito of AppSync', { info: {}, identity: { sub: 'u', claims: ours, groups: ['a'] } }],
    ['IAM of AppSync', { info: {}, identity: { userArn: 'arn', username: 'u' } }],
    ['another Lambda authorizer', { requestContext: { authorizer: { principalId: 'u', subject: 'u' } } }],
    ['headers', { headers: ours, multiValueHeaders: ours }],
    ['the event itself', ours],
    ['a body', { body: JSON.stringify({ requestContext: { authorizer: ours } }) }],
    ['the arguments of a resolver', { info: {}, arguments: { identity: { resolverContext: ours } } }],
    ['an identity in the event of a function behind HTTP', { requestContext: {}, identity: { resolverContext: ours } }],
    ['an identity in an event of nobody', { identity: { resolverContext: ours } }],
    ['no groups', { requestContext: { authorizer: { ...ours, groups: undefined } } }],
    ['groups that are no list', { requestContext: { authorizer: { ...ours, groups: '{"0":"admins"}' } } }],
    ['groups that are no text', { requestContext: { authorizer: { ...ours, groups: '[1]' } } }],
    ['no time', { requestContext: { authorizer: { ...ours, expiresAt: '' } } }],
    ['an empty subject', { requestContext: { authorizer: { ...ours, subject: '' } } }],
    ['members of a prototype', { requestContext: { authorizer: Object.create(ours) } }],
  ];
  for (const [name, event] of cases) test(name, () => assert.isUndefined(readIdentity(event)));
});
