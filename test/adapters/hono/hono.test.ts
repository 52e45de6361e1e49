import { type Context, Hono } from 'hono';
import { every, except, some } from 'hono/combine';
import { HTTPException } from 'hono/http-exception';
import { assert, describe, test } from 'vitest';
import { type PomeriumOptions, pomerium, requirePolicy } from '../../../adapters/hono/index.ts';
import { compilePolicy, PomeriumError, remoteKeys, staticKeys } from '../../../core/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { assertMisconfigured } from '../../support/verifying.ts';

const key = await makeKey();
const ASSERTION = 'x-pomerium-jwt-assertion';
const keys = staticKeys(jwks(key));
const options = { audience: HOST, keys, now: () => NOW, log: false };
const good = { [ASSERTION]: await sign(key) };
const expired = { [ASSERTION]: await sign(key, { exp: 1 }) };
const nobody = { [ASSERTION]: await sign(key, { sub: '', user: '', email: '' }) };
const admins = { allow: { or: [{ groups: 'admins' }] } };

async function codeOf(response: Response): Promise<string> {
  return response.ok ? response.text() : ((await response.json()) as { code: string }).code;
}

describe('pomerium()', () => {
  const app = new Hono().use(pomerium(options)).get('/', (c) => c.text(c.var.identity.subject));

  test('sets c.var.identity for who came through Pomerium', async () => {
    assert.equal(await codeOf(await app.request('/', { headers: good })), 'u-alice');
  });

  test('refuses with the problem response', async () => {
    const response = await app.request('/', { headers: expired });
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    assert.equal(response.headers.get('www-authenticate'), 'Pomerium error="expired"');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(await codeOf(response), 'expired');
    const head = await app.request('/', { method: 'HEAD' });
    assert.equal(head.status, 401);
    assert.equal(await head.text(), '');
  });

  test('throws an HTTPException, whose cause is for the app’s own onError', async () => {
    const seen: unknown[] = [];
    const own = new Hono().use(pomerium(options)).onError((error) => {
      seen.push(error);
      return new Response('mine', { status: 418 });
    });
    assert.equal((await own.request('/')).status, 418);
    const [error] = seen;
    assert.instanceOf(error, HTTPException);
    assert.instanceOf((error as HTTPException).cause, PomeriumError);
  });

  test('does not take the app’s own errors for refusals', async () => {
    const own = new Hono().use(pomerium(options)).get('/', () => {
      throw new TypeError('mine');
    });
    own.onError((error, c) => c.text(error.message, 500));
    assert.equal(await (await own.request('/', { headers: good })).text(), 'mine');
  });

  test('works under some, every and except', async () => {
    const token = (c: Context) => {
      if (c.req.header('x-token') !== 'secret') throw new HTTPException(403);
    };
    const tokenOnly = async (c: Context, next: () => Promise<void>) => {
      token(c);
      await next();
    };
    const either = new Hono().use(some(tokenOnly, pomerium(options))).get('/', (c) => c.text('in'));
    assert.equal((await either.request('/', { headers: { 'x-token': 'secret' } })).status, 200);
    assert.equal((await either.request('/', { headers: good })).status, 200);
    assert.equal((await either.request('/')).status, 401);
    const pass = new Hono().use(some(pomerium(options), tokenOnly)).get('/', (c) => c.text('in'));
    const byToken = await pass.request('/', { headers: { ...expired, 'x-token': 'secret' } });
    assert.equal(byToken.status, 200, 'a refusal leaves it to the next');
    assert.equal(byToken.headers.get('www-authenticate'), null);
    const both = new Hono().use(every(pomerium(options), tokenOnly)).get('/', (c) => c.text('in'));
    assert.equal((await both.request('/', { headers: { ...good, 'x-token': 'secret' } })).status, 200);
    assert.equal((await both.request('/', { headers: good })).status, 403);
    assert.equal((await both.request('/', { headers: { 'x-token': 'secret' } })).status, 401);
    const public_ = new Hono().use(except('/public/*', pomerium(options))).all('*', (c) => c.text('in'));
    assert.equal((await public_.request('/public/x')).status, 200);
    assert.equal((await public_.request('/x')).status, 401);
  });

  describe('optional', () => {
    const open = new Hono()
      .use(pomerium({ ...options, optional: true }))
      .get('/', (c) => c.text(c.var.identity?.subject ?? 'nobody'))
      .get('/admin', requirePolicy(admins), (c) => c.text(c.var.identity.subject));
    const cases: [name: string, headers: Record<string, string>, answer: string][] = [
      ['without an assertion there is nobody', {}, 'nobody'],
      ['nor with an empty one, which Pomerium sends when it cannot sign', { [ASSERTION]: '' }, 'nobody'],
      ['nor with one that Pomerium signed for nobody', nobody, 'nobody'],
      ['a good one is somebody', good, 'u-alice'],
      ['a bad one is refused', expired, 'expired'],
      ['two are refused', { [ASSERTION]: `${good[ASSERTION]}, ${good[ASSERTION]}` }, 'duplicate_assertion'],
    ];
    for (const [name, headers, answer] of cases) {
      test(name, async () => assert.equal(await codeOf(await open.request('/', { headers })), answer));
    }

    test('requirePolicy() refuses a request for nobody with a 401', async () => {
      assert.equal((await open.request('/admin')).status, 401);
    });
  });

  test('refuses an assertion for nobody where optional is not set', async () => {
    assert.equal(await codeOf(await app.request('/', { headers: nobody })), 'anonymous');
  });

  test('keeps one verifier for each configuration, whoever makes the options', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const source = remoteKeys(origin.url);
    const hosts: Record<string, string> = { other: 'other.example.com' };
    const made = (c: Context): PomeriumOptions => ({
      audience: [hosts[c.req.query('tenant') ?? ''] ?? HOST],
      keys: source,
      now: () => NOW,
      onEvent: () => {},
      log: false,
    });
    const own = new Hono().use(pomerium((c) => ({ ...made(c), optional: false }))).get('/', (c) => c.text('in'));
    for (let i = 0; i < 5; i++) assert.equal((await own.request('/', { headers: good })).status, 200);
    assert.equal(await origin.count(), 1);
    const other = await own.request('/?tenant=other', { headers: good });
    assert.equal(await codeOf(other), 'audience_mismatch', 'and never mixes two');
    assert.equal((await own.request('/', { headers: good })).status, 200);
  });

  test('keeps the one in use, however many others an options function makes', async () => {
    const cached: unknown[] = [];
    const own = new Hono()
      .use(
        pomerium((c) => ({
          ...options,
          clockTolerance: Number(c.req.query('tolerance') ?? 0),
          onEvent: (event) => {
            if (event.type === 'assertion_verified') cached.push(event.cached);
          },
        })),
      )
      .get('/', (c) => c.text('in'));
    for (let i = 0; i < 200; i++) {
      assert.equal((await own.request(`/?tolerance=${i + 1}`, { headers: good })).status, 200);
      assert.equal((await own.request('/', { headers: good })).status, 200);
    }
    assert.lengthOf(cached, 400, 'the first listener stays for its own configuration');
    assert.lengthOf(
      cached.filter((one) => one === false),
      201,
    );
  });

  test('does not mix configurations that differ in their keys or policy only', async () => {
    const stranger = staticKeys(jwks(await makeKey()));
    const nobodyAtAll = compilePolicy({});
    const own = new Hono()
      .use(
        pomerium((c) => ({
          ...options,
          ...(c.req.query('keys') && { keys: stranger }),
          ...(c.req.query('policy') && { policy: nobodyAtAll }),
        })),
      )
      .get('/', (c) => c.text('in'));
    for (let i = 0; i < 2; i++) {
      assert.equal(await codeOf(await own.request('/', { headers: good })), 'in');
      assert.equal(await codeOf(await own.request('/?keys=1', { headers: good })), 'unknown_key');
      assert.equal(await codeOf(await own.request('/?policy=1', { headers: good })), 'policy_denied');
    }
  });

  test('gives the execution context a refresh to keep alive, and does without one', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    let now = NOW;
    const own = new Hono()
      .use(pomerium({ audience: HOST, keys: remoteKeys(origin.url), now: () => now }))
      .get('/', (c) => c.text('in'));
    assert.equal((await own.request('/', { headers: good })).status, 200);
    now += 61;
    const pending: Promise<unknown>[] = [];
    const context = {
      waitUntil: (promise: Promise<unknown>) => void pending.push(promise),
      passThroughOnException() {},
    };
    assert.equal((await own.request('/', { headers: good }, {}, context as never)).status, 200);
    await Promise.all(pending);
    assert.isNotEmpty(pending);
    assert.equal(await origin.count(), 2);
  });

  test('says so at once when it is given options that cannot work', () => {
    assertMisconfigured(
      () => pomerium({ audience: 'a', clockTolerence: 1 } as PomeriumOptions as object),
      /clockTolerence/,
    );
    assertMisconfigured(() => pomerium({ audience: 'https://a' }), /host name/);
    // Whatever audience the environment names.
    assertMisconfigured(() => pomerium({ rulez: [] } as never), /There is no option "rulez"/);
    assertMisconfigured(() => pomerium({ rules: [] }), /rules is empty/);
  });

  test('is a 500 that says nothing where the environment configures nothing', async () => {
    const own = new Hono().use(pomerium());
    const { result, lines } = await withConsoleLines(async () => own.request('/', { headers: good }, {}));
    assert.equal(result.status, 500);
    assert.equal(await codeOf(result), 'invalid_configuration');
    assert.match(String(lines[0]?.line), /POMERIUM_AUDIENCE is not set/);
  });
});

describe('requirePolicy()', () => {
  const app = new Hono()
    .get('/before', requirePolicy(admins), (c) => c.text('in'))
    .use(pomerium(options))
    .get('/admin', requirePolicy(admins), (c) => c.text(c.var.identity.subject))
    .on(['GET', 'POST'], '/write', requirePolicy(compilePolicy({ allow: { or: [{ http_method: 'POST' }] } })), (c) =>
      c.text('in'),
    )
    .get('/path/*', requirePolicy({ allow: { or: [{ http_path: { starts_with: '/path/a b' } }] } }), (c) =>
      c.text('in'),
    );

  test('lets in whom the policy allows, and gives everybody else a 403', async () => {
    const admin = { [ASSERTION]: await sign(key, { groups: ['admins'] }) };
    assert.equal(await codeOf(await app.request('/admin', { headers: admin })), 'u-alice');
    const denied = await app.request('/admin', { headers: good });
    assert.equal(denied.status, 403);
    assert.equal(await codeOf(denied), 'policy_denied');
    assert.equal((await app.request('/admin')).status, 401);
  });

  test('knows method and path', async () => {
    assert.equal((await app.request('/write', { method: 'POST', headers: good })).status, 200);
    assert.equal((await app.request('/write', { headers: good })).status, 403);
    assert.equal((await app.request('/path/a%20b', { headers: good })).status, 200);
    assert.equal((await app.request('/path/x', { headers: good })).status, 403);
  });

  test('lets nobody in where pomerium() did not run before, and says so in the log', async () => {
    const { result, lines } = await withConsoleLines(async () => app.request('/before', { headers: good }));
    assert.equal(await codeOf(result), 'missing_assertion');
    assert.lengthOf(lines, 1);
    assert.match(String(lines[0]?.line), /No pomerium\(\) stands before this route/);
  });

  test('a mistake in a policy is thrown when the app is built', () => {
    assertMisconfigured(() => requirePolicy({ allow: { or: [{ emial: 'a' }] } }), /emial/);
    assertMisconfigured(() => requirePolicy({ allow: { or: [{ groups: { is: 'a' } }] } }), /groups/);
  });
});
