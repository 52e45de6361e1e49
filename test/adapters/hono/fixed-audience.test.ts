import { type Context, Hono } from 'hono';
import { assert, describe, test } from 'vitest';
import { type PomeriumOptions, pomerium } from '../../../adapters/hono/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
import { ASSERTION, key } from '../../support/gate.ts';
import { HOST, jwks, NOW, sign } from '../../support/issuer.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';

const keys = staticKeys(jwks(key));
const options: PomeriumOptions = { keys, now: () => NOW, log: false };
type OptionsFunction = (c: Context) => PomeriumOptions;

const TENANTS: Record<string, PomeriumOptions> = {
  'a.example.com': { audience: 'a.example.com', keys },
  'b.example.com': { audience: 'b.example.com', keys },
};

const hostOf = (c: Context) => new URL(c.req.url).hostname;

/** The answer to a good assertion for the host that is asked for, and the lines in the log. */
async function ask(given: OptionsFunction, host: string, more: Record<string, string> = {}) {
  const app = new Hono()
    .use(async (c, next) => {
      c.set('tenant' as never, TENANTS[hostOf(c)] as never);
      await next();
    })
    .use(pomerium(given))
    .get('/', (c) => c.text('in'));
  const headers = { host, [ASSERTION]: await sign(key, { aud: host, iss: host }), ...more };
  const env = { POMERIUM_AUDIENCE: 'a.example.com' };
  const { result, lines } = await withConsoleLines(() =>
    withProcessEnvironment(env, () => app.request(`https://${host}/?host=${host}&host=${host}`, { headers }, env)),
  );
  return { status: result.status, lines: lines.map(({ line }) => String(line)) };
}

describe('an options function that takes from the request whose assertions count is refused with the first request:', () => {
  const cases: [name: string, given: OptionsFunction, headers?: Record<string, string>][] = [
    ['the host of the URL', (c) => ({ ...options, audience: hostOf(c) })],
    ['with default keys, whose URL would be that host’s', (c) => ({ audience: hostOf(c), log: false })],
    ['the Host header', (c) => ({ ...options, audience: [c.req.header('host') ?? ''] })],
    [
      'another header, where the request has it',
      (c) => ({ ...options, audience: c.req.header('x-tenant') ?? HOST }),
      { 'x-tenant': HOST },
    ],
    ['X-Forwarded-Host', (c) => ({ ...options, audience: c.req.header('x-forwarded-host') ?? 'a.example.com' })],
    ['a query parameter', (c) => ({ ...options, audience: c.req.query('host') ?? '' })],
    ['one of several', (c) => ({ ...options, audience: ['a.example.com', hostOf(c)] })],
    ['the issuer', (c) => ({ audience: 'a.example.com', issuer: `https://${hostOf(c)}/`, log: false })],
    ['the hosts of issuers', (c) => ({ audience: 'a.example.com', issuers: { [hostOf(c)]: keys }, log: false })],
    ['a host below it', (c) => ({ ...options, audience: `app.${hostOf(c)}` })],
    ['its first label', (c) => ({ ...options, audience: `${hostOf(c).split('.')[0]}.example.com` })],
    ['its last labels', (c) => ({ ...options, issuer: `auth.${hostOf(c).split('.').slice(1).join('.')}` })],
    [
      'a cookie',
      (c) => ({ ...options, audience: /t=([^;]*)/.exec(c.req.header('cookie') ?? '')?.[1] ?? HOST }),
      { cookie: `a=b; t=${HOST}` },
    ],
    ['the second of two parameters', (c) => ({ ...options, audience: c.req.queries('host')?.[1] ?? '' })],
  ];
  for (const [name, given, headers] of cases) {
    test(name, async () => {
      for (const host of ['a.example.com', 'evil.example']) {
        const { status, lines } = await ask(given, host, headers);
        assert.equal(status, 500);
        assert.match(lines.join('\n'), /^[^\n]*takes the audience or the issuer from the request, .*write all hosts/);
      }
    });
  }

  test('the routes', async () => {
    const given = (c: Context) => ({ keys, routes: [{ from: `https://${hostOf(c)}`, to: 'http://a' }] });
    const { result, lines } = await withConsoleLines(() =>
      withProcessEnvironment({}, async () => new Hono().use(pomerium(given)).request('/', {}, {})),
    );
    assert.equal(result.status, 500);
    assert.match(String(lines[0]?.line), /takes the audience or the issuer from the request/);
  });

  test('whatever the method of the first request', async () => {
    for (const method of ['HEAD', 'POST', 'OPTIONS']) {
      const app = new Hono().use(pomerium((c) => ({ ...options, audience: hostOf(c) })));
      const headers = { [ASSERTION]: await sign(key) };
      const { result } = await withConsoleLines(async () => app.request(`https://${HOST}/`, { method, headers }));
      assert.equal(result.status, 500, method);
    }
  });
});

describe('the first request of a configuration', () => {
  const fixed = () => ({ ...options, audience: HOST });
  const good = async () => ({ [ASSERTION]: await sign(key) });

  test('spoils it for nobody, whatever it looks like', async () => {
    const odd = new Request(`https://${HOST}/`);
    Object.defineProperty(odd, 'url', { value: `https://a:b@${HOST}/` });
    const app = new Hono().use(pomerium(fixed)).get('/', (c) => c.text('in'));
    assert.equal((await app.fetch(odd)).status, 401);
    assert.equal((await app.request('/', { headers: await good() })).status, 200);
  });

  test('takes no longer with thousands of parameters', async () => {
    const query = Array.from({ length: 5000 }, (_, i) => `p${i}=1`).join('&');
    const app = new Hono().use(pomerium(fixed)).get('/', (c) => c.text('in'));
    const cost = performance.now();
    assert.equal((await app.request(`https://${HOST}/?${query}`, { headers: await good() })).status, 200);
    assert.isBelow(performance.now() - cost, 1000);
  });

  test('leaves no unhandled rejection where the options function gives a promise that rejects', async () => {
    const late = (c: Context) => (hostOf(c) === HOST ? fixed() : (Promise.reject(new Error('late')) as never));
    const app = new Hono().use(pomerium(late)).get('/', (c) => c.text('in'));
    assert.equal((await app.request(`https://${HOST}/`, { headers: await good() })).status, 200);
    const { result } = await withConsoleLines(async () => app.request('https://else.example/'));
    assert.equal(result.status, 500);
  });
});

test('a host __proto__ finds no options in a table of tenants', async () => {
  const app = new Hono()
    .use(pomerium((c) => TENANTS[c.req.header('x-tenant') ?? ''] ?? options))
    .get('/', (c) => c.text('in'));
  const headers = { 'x-tenant': '__proto__', [ASSERTION]: await sign(key) };
  const { result } = await withConsoleLines(() =>
    withProcessEnvironment({ POMERIUM_AUDIENCE: HOST }, () =>
      app.request('/', { headers }, { POMERIUM_AUDIENCE: HOST }),
    ),
  );
  assert.equal(result.status, 500);
});

describe('an options function that does not goes on:', () => {
  const cases: [name: string, given: OptionsFunction, statuses: [a: number, b: number, evil: number]][] = [
    ['the environment', () => options, [200, 401, 401]],
    [
      'c.env',
      (c) => ({ ...options, ...(c.env.POMERIUM_AUDIENCE && { audience: c.env.POMERIUM_AUDIENCE }) }),
      [200, 401, 401],
    ],
    ['a list of hosts', () => ({ ...options, audience: Object.keys(TENANTS) }), [200, 200, 401]],
    ['a table of tenants', (c) => ({ ...options, ...TENANTS[hostOf(c)] }), [200, 200, 401]],
    [
      'a table that throws for strangers',
      (c) => {
        const tenant = TENANTS[hostOf(c)];
        if (!tenant) throw new TypeError('There is no such tenant.');
        return { ...options, ...tenant };
      },
      [200, 200, 500],
    ],
    ['what a middleware looked up', (c) => ({ ...options, ...c.var['tenant'] }), [200, 200, 401]],
  ];
  for (const [name, given, [a, b, evil]] of cases) {
    test(name, async () => {
      assert.equal((await ask(given, 'a.example.com')).status, a);
      assert.equal((await ask(given, 'b.example.com')).status, b);
      assert.equal((await ask(given, 'evil.example')).status, evil);
    });
  }

  test('and is asked twice for each configuration, not for each request', async () => {
    let calls = 0;
    const given = (): PomeriumOptions => {
      calls += 1;
      return { ...options, audience: HOST };
    };
    const app = new Hono().use(pomerium(given)).get('/', (c) => c.text('in'));
    for (let i = 0; i < 3; i++) await app.request('/', { headers: { [ASSERTION]: await sign(key) } });
    assert.equal(calls, 3 + 1);
  });
});
