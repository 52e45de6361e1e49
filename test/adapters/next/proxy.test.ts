import { NextRequest, NextResponse } from 'next/server.js';
import { assert, describe, test } from 'vitest';
import { createIdentityFunctions, createProxy, type ProxyOptions } from '../../../adapters/next/index.ts';
import { shared, toOwnError } from '../../../adapters/vercel/shared.ts';
import { PomeriumError, staticKeys } from '../../../core/index.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { assertMisconfigured, errorOf } from '../../support/verifying.ts';

// What Next.js itself does with all this is shown in test/e2e/next; here is what it is given.

const key = await makeKey();
const ASSERTION = 'x-pomerium-jwt-assertion';
const options: ProxyOptions = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, onEvent: () => {} };
const token = await sign(key);
const expired = await sign(key, { exp: 1 });
const anonymous = await sign(key, { sub: '', user: '' });
const event = { waitUntil: () => {} } as never;

function requestTo(path: string, headers: Record<string, string> = { [ASSERTION]: token }): NextRequest {
  const nextConfig = { basePath: '/docs', i18n: { locales: ['en', 'fr'], defaultLocale: 'en' } };
  const spoofed = { 'x-pomerium-claim-email': 'root@evil.test' };
  return new NextRequest(`https://app.test${path}`, { headers: { ...spoofed, ...headers }, nextConfig });
}

describe('createProxy()', () => {
  test('rules are for the app’s routes: without base path and locale', async () => {
    const proxy = createProxy({
      ...options,
      rules: [
        { path: '/open', access: 'public' },
        { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
        { prefix: '/', access: 'authenticated' },
      ],
    });
    const statuses: [path: string, status: number][] = [
      ['/docs/open', 200],
      ['/docs/fr/open', 200],
      ['/docs/admin', 403],
      ['/docs/fr/admin/x', 403],
      ['/docs/', 200],
    ];
    for (const [path, status] of statuses) assert.equal((await proxy(requestTo(path), event)).status, status, path);
    assert.equal((await proxy(requestTo('/docs/fr/open', {}), event)).status, 200);
    assert.equal((await proxy(requestTo('/docs/fr', {}), event)).status, 401);
  });

  test('one’s own proxy gets the very NextRequest, cleaned', async () => {
    const request = requestTo('/docs/fr/x');
    const proxy = createProxy(options, (given, context, identity) => {
      assert.equal(given, request);
      assert.equal(context, event);
      assert.deepEqual([...given.headers.keys()], [ASSERTION]);
      assert.deepEqual([given.nextUrl.basePath, given.nextUrl.locale], ['/docs', 'fr']);
      return NextResponse.json({ email: identity?.email });
    });
    assert.deepEqual(await (await proxy(request, event)).json(), { email: 'alice@example.com' });
  });

  test('a mistake in the options is thrown at once', () => {
    assertMisconfigured(() => createProxy({ audience: 'app.test:443' }), /audience/);
  });
});

describe('getIdentity(request), for the Pages Router', () => {
  const { getIdentity } = createIdentityFunctions(options);
  const ask = (headers: Record<string, string | string[] | undefined>) => getIdentity({ headers });

  test('is the identity, from Node’s headers', async () => {
    assert.equal((await ask({ [ASSERTION]: token }))?.email, 'alice@example.com');
  });

  const nobody: [name: string, headers: Record<string, string | string[]>][] = [
    ['no assertion', {}],
    ['an expired one', { [ASSERTION]: expired }],
    ['two of them', { [ASSERTION]: [token, token] }],
    ['nobody signed in', { [ASSERTION]: anonymous }],
    ['claim headers alone', { 'x-pomerium-claim-email': 'root@evil.test' }],
  ];
  for (const [name, headers] of nobody) {
    test(`is undefined for ${name}`, async () => assert.isUndefined(await ask(headers)));
  }

  test('rejects when nobody can tell: without keys, and without a configuration', async () => {
    const origin = await Origin.start({ status: 500 });
    process.env['POMERIUM_JWKS_URL'] = origin.url;
    try {
      const down = createIdentityFunctions({ audience: HOST, onEvent: () => {} });
      const error = await errorOf(() => down.getIdentity({ headers: { [ASSERTION]: token } }));
      assert.equal(error?.code, 'keys_unavailable');
    } finally {
      delete process.env['POMERIUM_JWKS_URL'];
    }
    const error = await errorOf(() => createIdentityFunctions().getIdentity({ headers: { [ASSERTION]: token } }));
    assert.equal(error?.code, 'invalid_configuration');
  });
});

describe('what the bundles of one process share', () => {
  test('is told apart by environment and options, and only where these are data', async () => {
    const [one, other] = [await Origin.start(jwksAnswer(jwks(key))), await Origin.start(jwksAnswer(jwks(key)))];
    const late = { [ASSERTION]: await sign(key, { iat: 0, exp: 9e9 }) };
    const ask = (options: Parameters<typeof createIdentityFunctions>[0]) =>
      createIdentityFunctions(options).getIdentity({ headers: late });
    try {
      for (const { url } of [one, other, one]) {
        process.env['POMERIUM_JWKS_URL'] = url;
        assert.equal((await ask({ audience: HOST }))?.subject, 'u-alice');
        assert.equal((await ask({ audience: [HOST] }))?.subject, 'u-alice');
      }
      assert.deepEqual([await one.count(), await other.count()], [2, 2], 'once for each configuration');
      process.env['POMERIUM_JWKS_URL'] = one.url;
      await ask({ audience: HOST, onEvent: () => {} });
      await ask({ audience: HOST, onEvent: () => {} });
      assert.equal(await one.count(), 4, 'functions cannot be compared');
    } finally {
      delete process.env['POMERIUM_JWKS_URL'];
    }
  });

  test('is kept under this version’s own name', () => {
    shared('test', () => 'x');
    assert.isTrue(Symbol.for(`pomerium-edge ${manifest.version}`) in globalThis);
  });

  test('an error of another bundle’s copy is known as ours, with all it says', () => {
    const strange = Object.assign(new Error('why'), {
      name: 'PomeriumError',
      code: 'keys_unavailable',
      status: 503,
      expected: 'e',
      received: 'r',
      retryAfter: 7,
    });
    const own = toOwnError(strange) as PomeriumError;
    assert.instanceOf(own, PomeriumError);
    const { code, status, message, expected, received, retryAfter } = own;
    const said = { code: 'keys_unavailable', status: 503, message: 'why', expected: 'e', received: 'r', retryAfter: 7 };
    assert.deepEqual({ code, status, message, expected, received, retryAfter }, said as never);
    const other = new TypeError('mine');
    assert.equal(toOwnError(other), other);
  });
});
