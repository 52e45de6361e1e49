import { NextRequest } from 'next/server.js';
import { afterEach, assert, describe, test, vi } from 'vitest';
import {
  createIdentityFunctions,
  createProxy,
  type ProxyOptions,
  type RequireIdentityOptions,
  withPomerium,
} from '../../../adapters/next/index.ts';
import { compilePolicy, compileRoutes } from '../../../core/index.ts';
import { HOST, jwks, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';
import { assertMisconfigured, codeOf } from '../../support/verifying.ts';
import { ASSERTION, admin, anonymous, expired, key, logOf, options, passedHeaders, token } from '../vercel/support.ts';

const mine = { headers: new Headers() };
vi.mock('next/headers.js', () => ({ headers: async () => mine.headers }));
afterEach(() => {
  mine.headers = new Headers();
});

const { audience: _, ...base } = options;
const event = { waitUntil: () => {} } as never;
const forAdmins = { policy: [{ allow: { or: [{ groups: 'admins' }] } }] };
const forSomebody = { allow_any_authenticated_user: true };
const forAnybody = { allow_public_unauthenticated_access: true };
const routesOf = (...routes: object[]) => routes.map((one) => ({ from: `https://${HOST}`, to: 'http://app', ...one }));
const senders = { alice: token, admin, anonymous };

describe('createProxy() holds routes against the path that the browser asks for', () => {
  const i18n = { locales: ['en', 'fr'], defaultLocale: 'en' };
  type App = { basePath?: string; i18n?: typeof i18n };
  const ask = (
    app: App,
    routes: object,
    path: string,
    sender: keyof typeof senders,
    more: Record<string, string> = {},
  ) => {
    const headers = { [ASSERTION]: senders[sender], ...more };
    const request = new NextRequest(`https://app.test${path}`, { headers, nextConfig: app });
    return createProxy({ ...base, routes })(request, event);
  };

  const inDocs = routesOf({ prefix: '/docs/admin', ...forAdmins }, { prefix: '/docs', ...forSomebody });
  const byLocale = routesOf({ prefix: '/fr', ...forAdmins }, forSomebody);
  const plain = routesOf({ prefix: '/_next/', ...forSomebody }, { prefix: '/admin', ...forAdmins }, { ...forSomebody });
  const forImages = routesOf({ prefix: '/_next', ...forSomebody }, { prefix: '/images', ...forSomebody });
  const data = { 'x-nextjs-data': '1' };
  const cases: [app: App, routes: object, path: string, sender: keyof typeof senders, status: number, more?: object][] =
    [
      [{ basePath: '/docs' }, inDocs, '/docs/admin/x', 'alice', 403],
      [{ basePath: '/docs' }, inDocs, '/docs/admin/x', 'admin', 200],
      [{ basePath: '/docs' }, inDocs, '/docs/x', 'alice', 200],
      [{ basePath: '/docs' }, inDocs, '/docs', 'alice', 200],
      [{ basePath: '/docs' }, inDocs, '/docs/x', 'anonymous', 401],
      [{ basePath: '/docs', i18n }, inDocs, '/docs/fr/admin', 'alice', 200],
      [{ basePath: '/docs', i18n }, inDocs, '/docs/admin', 'alice', 403],
      [{ i18n }, byLocale, '/fr/x', 'alice', 403],
      [{ i18n }, byLocale, '/fr', 'alice', 403],
      [{ i18n }, byLocale, '/fr/x', 'admin', 200],
      [{ i18n }, byLocale, '/x', 'alice', 200],
      // Of the default locale nobody can tell whether it was named.
      [{ i18n }, routesOf({ prefix: '/en', ...forAdmins }, forSomebody), '/x', 'alice', 403],
      [{}, plain, '/admin/x', 'alice', 403],
      [{}, plain, '/_next/static/x.js', 'alice', 200],
      [{}, plain, '/_next/data/ID/admin.json', 'alice', 403, data],
      [{}, plain, '/_next/image?url=%2Fadmin%2Fx.png&w=64', 'alice', 403],
      [{}, plain, '/_next/image?url=%2Fx.png&w=64', 'alice', 200],
      [{ basePath: '/docs' }, inDocs, '/docs/_next/image?url=%2Fdocs%2Fadmin%2Fx.png', 'alice', 403],
      // The service would fetch from itself what nobody gets through Pomerium.
      [{}, forImages, '/_next/image?url=%2Finternal%2Fx.png', 'alice', 403],
      [{}, forImages, '/_next/image?url=%2Fimages%2Fx.png', 'alice', 200],
      [{}, forImages, '/_next/image?url=https%3A%2F%2Fcdn.test%2Fx.png', 'alice', 200],
      [{ basePath: '/docs' }, inDocs, '/docs/_next/image?url=%2Fdocs%2Fx.png', 'alice', 200],
      [{ i18n }, forImages, '/_next/image?url=%2Fimages%2Fx.png', 'alice', 200],
      [{}, plain, '/x/..%2fadmin', 'alice', 403],
    ];
  for (const [app, routes, path, sender, status, more] of cases) {
    test(`${path} with ${JSON.stringify(app)} is ${status} for ${sender}`, async () => {
      assert.equal((await ask(app, routes, path, sender, { ...more })).status, status);
    });
  }

  test('and on a public one lets nobody on as nobody, and out of shared caches', async () => {
    const answer = await ask({}, routesOf(forAnybody), '/x', 'anonymous', { accept: '*/*' });
    assert.equal(answer.status, 200);
    assert.deepEqual(passedHeaders(answer), { accept: '*/*' });
    assert.equal(answer.headers.get('cache-control'), 'private, no-cache, no-store, max-age=0, must-revalidate');
    assert.equal(answer.headers.get('vary'), ASSERTION);
    assert.equal((await ask({}, routesOf(forAnybody), '/x', 'alice')).status, 200);
  });

  test('a build needs no environment: neither the keys of a wildcard nor what policies need', async () => {
    const wildcard = { from: 'https://*.apps.corp.example.com', to: 'http://app' };
    const policy = [{ allow: { and: [{ accept: true }, { source_ip: 'x' }] }, deny: { or: [{ 'claim/roles': 'x' }] } }];
    const routes = { jwt_claims_headers: ['roles'], routes: [{ ...wildcard, policy }] };
    const { keys: _, ...given } = base;
    const proxy = createProxy({ ...given, routes });
    const { url } = await Origin.start(jwksAnswer(jwks(key)));
    const variables = {
      POMERIUM_JWKS_URL: url,
      POMERIUM_LIST_CLAIMS: 'roles',
      POMERIUM_LEAVE_TO_POMERIUM: 'source_ip',
    };
    const aud = 'a.apps.corp.example.com';
    const headers = { [ASSERTION]: await sign(key, { aud, iss: aud }) };
    await withProcessEnvironment(variables, async () => {
      assert.equal((await proxy(new NextRequest('https://app.test/', { headers }), event)).status, 200);
    });
  });

  const mistakes: [given: ProxyOptions, message: RegExp][] = [
    [{ routes: routesOf({ allowed_userz: ['a'] }) }, /\[0\]\.allowed_userz: .*write allowed_users/],
    [{ routes: routesOf(forSomebody), audience: HOST }, /routes and audience exclude each other/],
    [{ routes: routesOf(forSomebody), rules: [] }, /routes and rules exclude each other/],
    [{ routes: routesOf(forSomebody), optional: true }, /routes and optional exclude each other/],
    [{ routes: compileRoutes(routesOf(forSomebody)), policy: compilePolicy({}) }, /routes and policy exclude/],
  ];
  for (const [given, message] of mistakes) {
    test(`what cannot work is refused at once: ${message}`, () =>
      assertMisconfigured(() => createProxy(given), message));
  }

  test('a variable that excludes them refuses every request, and the log says which', async () => {
    const proxy = createProxy({ ...base, log: true, routes: routesOf(forSomebody) });
    const request = new NextRequest('https://app.test/', { headers: { [ASSERTION]: token } });
    const { result, lines } = await logOf(() =>
      withProcessEnvironment({ POMERIUM_AUDIENCE: HOST }, async () => proxy(request, event)),
    );
    assert.equal(result.status, 500);
    assert.match(JSON.parse(String(lines)).message, /routes and POMERIUM_AUDIENCE exclude each other/);
  });
});

describe('withPomerium(), where the build wrote no basePath into this package', () => {
  const byPath = routesOf({ prefix: '/docs/admin', ...forAdmins }, { prefix: '/docs', ...forSomebody });
  const alike = routesOf(forSomebody);
  const ask = (routes: object, nextConfig: { basePath?: string }, path: string, sender: keyof typeof senders) => {
    const headers = { [ASSERTION]: senders[sender] };
    const request = new NextRequest(`https://app.test${path}`, { headers, nextConfig });
    return withPomerium((_, identity) => new Response(identity?.user), { ...base, routes })(request);
  };
  const cases: [routes: object, basePath: string, path: string, sender: keyof typeof senders, status: number][] = [
    [byPath, '/docs', '/docs/admin/x', 'alice', 403],
    [byPath, '/docs', '/docs/admin/x', 'admin', 200],
    [byPath, '/docs', '/docs/x', 'alice', 200],
    // It may have lost its basePath, whatever it looks like.
    [byPath, '', '/docs/x', 'alice', 403],
    [byPath, '', '/x', 'admin', 403],
    [alike, '', '/x', 'alice', 200],
  ];
  for (const [routes, basePath, path, sender, status] of cases) {
    const isAlike = routes === alike ? ' of one route' : '';
    test(`${path}${isAlike} of a request with basePath "${basePath}" is ${status} for ${sender}`, async () => {
      assert.equal((await ask(routes, { basePath }, path, sender)).status, status);
    });
  }

  test('__NEXT_ROUTER_BASEPATH says it instead', async () => {
    for (const [value, path] of [
      ['', '/docs/admin/x'],
      ['/docs', '/admin/x'],
    ] as const) {
      await withProcessEnvironment({ __NEXT_ROUTER_BASEPATH: value }, async () => {
        assert.equal((await ask(byPath, {}, path, 'alice')).status, 403);
        assert.equal((await ask(byPath, {}, path, 'admin')).status, 200);
        assert.equal((await ask(byPath, {}, path.replace('admin', 'other'), 'alice')).status, 200);
      });
    }
  });
});

describe('getIdentity() and requireIdentity(), which know no path', () => {
  const some = routesOf({ prefix: '/public', ...forAnybody }, { prefix: '/admin', ...forAdmins });
  const closed = routesOf({ prefix: '/admin', ...forAdmins });
  const getWith = async (routes: object, assertion?: string) => {
    mine.headers = new Headers(assertion === undefined ? {} : { [ASSERTION]: assertion });
    return (await createIdentityFunctions({ ...base, routes }).getIdentity())?.subject;
  };
  const requireWith = (routes: object, assertion?: string, given: RequireIdentityOptions = {}) => {
    mine.headers = new Headers(assertion === undefined ? {} : { [ASSERTION]: assertion });
    return codeOf(() => createIdentityFunctions({ ...base, routes }).requireIdentity(given));
  };

  test('take whom some route of the assertion’s host lets through', async () => {
    assert.equal(await getWith(some, token), 'u-alice');
    assert.equal(await getWith(closed, admin), 'u-alice');
    assert.isUndefined(await getWith(closed, token));
    assert.equal(await requireWith(closed, token), 'policy_denied');
    assert.equal(await requireWith(some, token), 'valid');
    assert.equal(await requireWith(some, await sign(key, { aud: 'b', iss: 'b' })), 'audience_mismatch');
  });

  test('nobody is undefined, or a refusal', async () => {
    for (const routes of [some, closed]) {
      for (const assertion of [undefined, anonymous, expired]) assert.isUndefined(await getWith(routes, assertion));
      assert.equal(await requireWith(routes), 'missing_assertion');
      assert.equal(await requireWith(routes, anonymous), 'anonymous');
    }
  });

  test('a policy is asked beside them', async () => {
    const policy = { allow: { or: [{ groups: 'admins' }] } };
    assert.equal(await requireWith(some, token, { policy }), 'policy_denied');
    assert.equal(await requireWith(some, admin, { policy }), 'valid');
    assert.equal(await requireWith(some, anonymous, { policy }), 'anonymous');
  });

  test('the identity has no route, which only the proxy can tell', async () => {
    mine.headers = new Headers({ [ASSERTION]: token });
    const identity = await createIdentityFunctions({ ...base, routes: some }).requireIdentity();
    assert.isUndefined(identity.route);
  });

  test('read POMERIUM_ROUTES beside the proxy, and no line is logged for nobody', async () => {
    const { lines } = await logOf(() =>
      withProcessEnvironment({ POMERIUM_ROUTES: JSON.stringify(some) }, async () => {
        const { getIdentity } = createIdentityFunctions({ ...base, log: true });
        assert.equal((await getIdentity({ headers: { [ASSERTION]: token } }))?.subject, 'u-alice');
        for (const headers of [{}, { [ASSERTION]: anonymous }]) assert.isUndefined(await getIdentity({ headers }));
      }),
    );
    assert.deepEqual(lines, []);
  });

  test('share what the proxy verified, also where both have the same routes in code', async () => {
    const { url } = await Origin.start(jwksAnswer(jwks(key)));
    const late = { [ASSERTION]: await sign(key, { iat: 0, exp: 9e9 }) };
    const given = { routes: some, logSubject: true };
    const { lines } = await logOf(() =>
      withProcessEnvironment({ POMERIUM_JWKS_URL: url }, async () => {
        await createProxy(given)(new NextRequest('https://app.test/public', { headers: late }), event);
        await createIdentityFunctions(structuredClone(given)).getIdentity({ headers: late });
      }),
    );
    assert.deepEqual(
      lines.map((line) => JSON.parse(String(line)).cached),
      [false, true],
    );
  });
});
