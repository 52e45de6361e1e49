import { PassThrough } from 'node:stream';
import middy from '@middy/core';
import { Hono } from 'hono';
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import { assert, describe, test } from 'vitest';
import { pomeriumMiddleware, withPomerium } from '../../../adapters/aws-lambda/index.ts';
import { compilePolicy, type Identity, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { assertMisconfigured } from '../../support/verifying.ts';
import { proxyEvents } from './events.ts';
import { directEvents } from './request-events.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const good = await sign(key);
const forged = {
  'X-Pomerium-Claim-Email': 'root@evil.test',
  x_pomerium_claim_groups: 'admins',
  [`${ASSERTION}-for`]: 'a.b.c',
  accept: '*/*',
};

const directEventMakers = Object.fromEntries(
  Object.keys(directEvents('/', {})).map((name) => [
    name,
    (headers: Record<string, string>) => directEvents('/request', headers)[name] as Record<string, unknown>,
  ]),
);

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

  const shapes = { ...proxyEvents, ...directEventMakers };
  for (const [name, make] of Object.entries(shapes)) {
    test(`behind ${name}: claims are written in each shape in which the event has headers, and in no other`, async () => {
      const seen: Seen[] = [];
      const sent = { ...forged, [ASSERTION]: good };
      const handler = withPomerium((event: Seen) => seen.push(event), { ...options, claimHeaders: [] });
      await handler(make(sent), context as never);
      const [event = {}] = seen;
      const original = make(sent);
      for (const member of ['headers', 'multiValueHeaders'] as const) {
        const before = original[member] as Record<string, unknown> | null | undefined;
        const email = event[member]?.['x-pomerium-claim-email'];
        const isList = Array.isArray(before?.[ASSERTION]);
        if (before) assert.deepEqual(email as unknown, isList ? ['alice@example.com'] : 'alice@example.com');
        else assert.equal(event[member], before as undefined);
      }
    });
  }

  test('leaves a stream alone that a handler returns', async () => {
    const stream = new PassThrough();
    const handler = withPomerium(() => stream, options);
    const event = directEvents('/', { [ASSERTION]: good })['a function URL'];
    assert.equal(await handler(event as never, {} as never), stream as unknown);
  });

  test('knows method and path for a policy', async () => {
    const policy = compilePolicy({
      allow: { and: [{ http_method: 'GET' }, { http_path: { ends_with: '/request' } }] },
    });
    for (const make of Object.values(proxyEvents)) {
      const handler = withPomerium(() => ({ statusCode: 200, body: 'in' }), { ...options, policy });
      assert.include(await handler(make({ [ASSERTION]: good }), {} as never), { body: 'in' });
    }
  });

  test('hono/aws-lambda in it sees the identity that the context hands on', async () => {
    const app = new Hono<{ Bindings: { lambdaContext: { identity: Identity } } }>();
    app.get('/request', (c) => c.text(`${c.env.lambdaContext.identity.email}`));
    const inner = handle(app);
    const handler = withPomerium(
      (event: LambdaEvent, given: LambdaContext, identity) => inner(event, Object.assign(given, { identity })),
      options,
    );
    const event = directEvents('/request', { [ASSERTION]: good })['a function URL'];
    assert.include(await handler(event as LambdaEvent, { ...context } as never), { body: 'alice@example.com' });
  });

  test('throws at once what cannot work', () => {
    assertMisconfigured(() => withPomerium(() => '', {}), /POMERIUM_AUDIENCE/);
    for (const wrong of [undefined, null, {}, 'handler']) {
      assertMisconfigured(() => withPomerium(wrong as never, options), /The handler must be a function/);
    }
  });
});

describe('the Middy middleware', () => {
  type Event = Record<string, unknown> & { identity?: { email?: string } };
  const handler = middy<Event>()
    .use(pomeriumMiddleware(options))
    .handler(async (event: Event) => ({ statusCode: 200, body: event.identity?.email }));
  const run = async (headers: Record<string, string>) => {
    const event = proxyEvents['a Function URL or HTTP API (2.0)']?.(headers) ?? {};
    return (await handler(event as never, {} as never)) as unknown as Answer;
  };

  test('puts the identity on the event', async () => {
    assert.include(await run({ [ASSERTION]: good }), { statusCode: 200, body: 'alice@example.com' });
  });

  test('answers before the handler runs', async () => {
    assert.equal((await run({})).statusCode, 401);
  });
});
