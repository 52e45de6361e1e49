import { type Context, Hono, type Next } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { assert, describe, test } from 'vitest';
import { type PomeriumOptions, pomerium } from '../../../adapters/hono/index.ts';
import { type Identity, PomeriumError, staticKeys } from '../../../core/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { type Send, type Sent, testGateCases } from '../../support/gate-cases-runner.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';
import { assertMisconfigured } from '../../support/verifying.ts';

const IS_WORKERD = navigator.userAgent === 'Cloudflare-Workers';

const options: PomeriumOptions = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW };

const send: Send = (request, given, env) =>
  withProcessEnvironment(env, async () => {
    let seen: Pick<Sent, 'received' | 'who'> = { received: undefined, who: undefined };
    // Of a function, what cannot work is not thrown when the app is built.
    const app = new Hono<{ Variables: { identity: Identity | undefined } }>().use(pomerium(() => given));
    app.all('*', (c) => {
      assert.deepEqual(c.req.header(), Object.fromEntries(c.req.raw.headers), 'Hono shows what the raw request has');
      seen = { received: c.req.raw.headers, who: c.var.identity?.subject ?? 'nobody' };
      return c.body('in');
    });
    const response = await app.fetch(request, env);
    return { response, ...seen };
  });

testGateCases('pomerium()', send, { without: ['endAtExpiry'] });

describe('endAtExpiry, for which Hono would have to hold the socket,', () => {
  test('is refused when the app is built', () => {
    assertMisconfigured(
      () => pomerium({ ...options, endAtExpiry: true }),
      /endAtExpiry cannot be had here: Hono does not hold/,
    );
  });

  test('is refused in the environment', async () => {
    const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_END_AT_EXPIRY: 'true' };
    const { result, lines } = await withConsoleLines(() => send(new Request(`https://${HOST}/`), {}, env));
    assert.equal(result.response.status, 500);
    assert.match(String(lines[0]?.line), /POMERIUM_END_AT_EXPIRY is set and cannot be honoured here/);
  });
});

describe('a refusal', () => {
  test('is an HTTPException with the answer of onRefused, whose cause is the error', async () => {
    const onRefused = () => Response.redirect('https://login.test/', 302);
    const errors: unknown[] = [];
    const app = new Hono().use(pomerium({ ...options, log: false, onRefused }));
    app.onError((error) => {
      errors.push(error);
      return error instanceof HTTPException ? error.getResponse() : new Response(null, { status: 500 });
    });
    const response = await app.request('/');
    assert.equal(response.status, 302);
    assert.equal(response.headers.get('location'), 'https://login.test/');
    const [error] = errors;
    assert.instanceOf(error, HTTPException);
    assert.instanceOf((error as HTTPException).cause, PomeriumError);
  });
});

describe('an answer', () => {
  const CDN = IS_WORKERD ? 'no-store' : null;
  const PRIVATE = { vary: ASSERTION, 'cache-control': 'private, no-cache' };
  const PUBLIC = { 'cache-control': 'public, max-age=60' };
  const kept = { vary: ASSERTION, ...PUBLIC };
  type Handler = (c: Context) => Response | Promise<Response>;
  const fail = (error: unknown) => (): never => {
    throw error;
  };
  const handlers: [name: string, handler: Handler | undefined, status: number, expected: Record<string, string>][] = [
    ['of a handler', (c) => c.text('in'), 200, PRIVATE],
    ['that says how it is cached', (c) => c.text('in', 200, PUBLIC), 200, kept],
    [
      'that says so by c.header',
      (c) => {
        c.header('Cache-Control', PUBLIC['cache-control']);
        return c.text('in');
      },
      200,
      kept,
    ],
    [
      'that varies with something else',
      (c) => c.text('in', 200, { vary: 'Accept' }),
      200,
      { vary: `Accept, ${ASSERTION}` },
    ],
    ['that is a Response', () => new Response('in'), 200, PRIVATE],
    ['whose headers cannot be changed', () => Response.redirect('https://a.test/'), 302, PRIVATE],
    ['without a body', (c) => c.body(null, 204), 204, PRIVATE],
    ['of an error', fail(new TypeError('mine')), 500, PRIVATE],
    ['of an HTTPException', fail(new HTTPException(404)), 404, PRIVATE],
    [
      'of an HTTPException with an answer',
      fail(new HTTPException(410, { res: new Response('gone', { headers: PUBLIC }) })),
      410,
      kept,
    ],
    ['where there is no handler', undefined, 404, PRIVATE],
  ];
  for (const [name, handler, status, expected] of handlers) {
    test(`${name} is marked as one for one identity`, async () => {
      const app = new Hono().use(pomerium(options));
      if (handler) app.get('/', handler);
      app.onError((error) =>
        error instanceof HTTPException ? error.getResponse() : new Response('failed', { status: 500 }),
      );
      const response = await app.request('/', { headers: SENDERS.alice });
      assert.equal(response.status, status);
      for (const [header, value] of Object.entries(expected)) assert.equal(response.headers.get(header), value, header);
      assert.equal(response.headers.get('cloudflare-cdn-cache-control'), CDN);
    });
  }

  test('of an app that is mounted is marked once by two gates', async () => {
    const inner = new Hono().use(pomerium(options)).get('/', (c) => c.text('in'));
    const app = new Hono().use(pomerium(options)).route('/inner', inner).mount('/mounted', inner.fetch);
    for (const path of ['/inner', '/mounted']) {
      const response = await app.request(path, { headers: SENDERS.alice });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('vary'), ASSERTION);
    }
  });
});

test('the rules of an app that mounts another one are about the whole path', async () => {
  const inner = new Hono().get('/x', (c) => c.text('in'));
  const rules = [
    { prefix: '/api', access: { allow: { or: [{ groups: 'nobody' }] } } },
    { prefix: '/', access: 'authenticated' },
  ] as const;
  const app = new Hono()
    .use(pomerium({ ...options, rules, log: false }))
    .mount('/api', inner.fetch)
    .mount('/open', inner.fetch);
  assert.equal((await app.request('/api/x', { headers: SENDERS.alice })).status, 403);
  assert.equal(await (await app.request('/open/x', { headers: SENDERS.alice })).text(), 'in');
});

describe('the request behind pomerium()', () => {
  const spoofed = { ...SENDERS.alice, 'x-pomerium-claim-email': 'root@evil.test' };
  const claimHeaders = ['department'];

  test('has the body that came, also where something had read it before', async () => {
    const readFirst = async (c: Context, next: Next) => {
      if (c.req.query('first')) await c.req.text();
      await next();
    };
    const app = new Hono().use(readFirst, pomerium(options)).post('/', async (c) => {
      return c.json({
        body: await c.req.text(),
        email: c.req.header('x-pomerium-claim-email') ?? null,
        method: c.req.method,
      });
    });
    for (const path of ['/', '/?first=1']) {
      const response = await app.request(path, { method: 'POST', headers: spoofed, body: 'hello' });
      assert.deepEqual(await response.json(), { body: 'hello', email: null, method: 'POST' });
    }
  });

  test('is clean where it is an upgrade, too, behind two gates', async () => {
    const gate = () => pomerium({ ...options, claimHeaders, keepAssertion: true });
    const app = new Hono()
      .use(gate(), gate())
      .get('/', ({ req }) => Response.json([req.raw.headers.get('x-pomerium-claim-email'), req.raw === upgrade]));
    const headers = { ...spoofed, upgrade: 'websocket', connection: 'upgrade' };
    const upgrade = new Request('https://edge.example/', { headers });
    // Bun and Deno upgrade only the very request that came. On Workers it may be sent on, and is made anew.
    assert.deepEqual(await (await app.fetch(upgrade)).json(), ['alice@example.com', !IS_WORKERD]);
  });

  test('is the very one that came where nothing of it is to be removed', async () => {
    const app = new Hono().use(pomerium(options));
    const request = new Request('https://edge.example/', { headers: SENDERS.alice });
    app.get('/', (c) => c.text(String(c.req.raw === request)));
    assert.equal(await (await app.fetch(request)).text(), 'true');
  });
});
