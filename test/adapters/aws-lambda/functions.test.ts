import middy from '@middy/core';
import { assert, describe, test } from 'vitest';
import { createEdgeHandler, pomeriumMiddleware, withPomerium } from '../../../adapters/aws-lambda/index.ts';
import { compilePolicy, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { assertMisconfigured } from '../../support/verifying.ts';
import { cloudFront, proxyEvents } from './events.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW };
const good = await sign(key);
const forged = {
  'X-Pomerium-Claim-Email': 'root@evil.test',
  x_pomerium_claim_groups: 'admins',
  [`${ASSERTION}-for`]: 'a.b.c',
  accept: '*/*',
};

interface Seen {
  headers?: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
}
interface Answer {
  statusCode: number;
  headers?: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
  body: string;
}

describe('withPomerium, for functions', () => {
  const context = { awsRequestId: 'r' };
  const handler = withPomerium(
    (event: Seen, given: typeof context, identity) => ({ statusCode: 200, event, given, body: identity.email ?? '' }),
    options,
  );
  for (const [name, make] of Object.entries(proxyEvents)) {
    test(`behind ${name}: the handler runs for who came through Pomerium, with a clean event`, async () => {
      const event = make({ ...forged, [ASSERTION]: good });
      const answer = (await handler(event, context)) as unknown as { body: string; event: Seen; given: unknown };
      assert.equal(answer.body, 'alice@example.com');
      assert.equal(answer.given, context);
      for (const headers of [answer.event.headers, answer.event.multiValueHeaders]) {
        if (headers) assert.deepEqual(Object.keys(headers).sort(), ['accept', ASSERTION]);
      }
      const { headers: _, multiValueHeaders: __, ...rest } = event;
      assert.include(answer.event, rest as object, 'and otherwise as it came');
    });

    test(`behind ${name}: anybody else gets a problem document`, async () => {
      const answer = (await handler(make({ ...forged }), context)) as Answer;
      assert.equal(answer.statusCode, 401);
      assert.equal(JSON.parse(answer.body).code, 'missing_assertion');
      const type = answer.headers?.['content-type'] ?? answer.multiValueHeaders?.['content-type']?.[0];
      assert.equal(type, 'application/problem+json');
      assert.equal(answer.multiValueHeaders !== undefined, name === 'an ALB with multi-value headers');
    });
  }

  test('knows method and path for a policy', async () => {
    const policy = compilePolicy({
      allow: { and: [{ http_method: 'GET' }, { http_path: { ends_with: '/request' } }] },
    });
    for (const make of Object.values(proxyEvents)) {
      const answer = await withPomerium(() => 'in', { ...options, policy })(make({ [ASSERTION]: good }), {});
      assert.equal(answer, 'in');
    }
  });

  test('throws at once what cannot work', () => {
    assertMisconfigured(() => withPomerium(() => '', {}), /POMERIUM_AUDIENCE/);
  });
});

describe('the Middy middleware', () => {
  type Event = Record<string, unknown> & { identity?: { email?: string } };
  const handler = middy<Event>()
    .use(pomeriumMiddleware(options))
    .handler(async (event: Event) => ({ statusCode: 200, body: event.identity?.email }));
  const run = async (headers: Record<string, string>) => {
    const event = proxyEvents['a Function URL or HTTP API (2.0)']?.(headers) ?? {};
    return (await handler(event, {} as never)) as unknown as Answer;
  };

  test('puts the identity on the event', async () => {
    assert.deepEqual(await run({ [ASSERTION]: good }), { statusCode: 200, body: 'alice@example.com' });
  });

  test('answers before the handler runs', async () => {
    assert.equal((await run({})).statusCode, 401);
  });
});

describe('Lambda@Edge', () => {
  const handler = createEdgeHandler(options);

  test('lets a request go on, without what poses as Pomerium’s word', async () => {
    const passed = (await handler(cloudFront({ ...forged, [ASSERTION]: good }))) as { uri: string; headers: object };
    assert.equal(passed.uri, '/request');
    assert.deepEqual(Object.keys(passed.headers).sort(), ['accept', ASSERTION]);
  });

  test('answers any other itself', async () => {
    const answer = (await handler(cloudFront(forged))) as {
      status: string;
      headers: Record<string, unknown>;
      body: string;
    };
    assert.equal(answer.status, '401');
    assert.deepEqual(answer.headers['cache-control'], [{ key: 'cache-control', value: 'no-store' }]);
    assert.equal(JSON.parse(answer.body).code, 'missing_assertion');
  });

  test('refuses two assertions', async () => {
    const event = cloudFront({ [ASSERTION]: good });
    event.Records[0].cf.request.headers[ASSERTION]?.push({ key: ASSERTION, value: good });
    const answer = (await handler(event)) as { body: string };
    assert.equal(JSON.parse(answer.body).code, 'duplicate_assertion');
  });

  test('decides policies on method and path', async () => {
    const policy = compilePolicy({ allow: { or: [{ http_path: '/request' }] } });
    const strict = createEdgeHandler({ ...options, policy });
    assert.property(await strict(cloudFront({ [ASSERTION]: good })), 'uri');
    assert.property(await strict(cloudFront({ [ASSERTION]: good }, '/other')), 'status');
  });

  test('reads no environment', () => {
    process.env['POMERIUM_AUDIENCE'] = HOST;
    try {
      assertMisconfigured(() => createEdgeHandler({} as typeof options), /audience/);
    } finally {
      delete process.env['POMERIUM_AUDIENCE'];
    }
  });
});
