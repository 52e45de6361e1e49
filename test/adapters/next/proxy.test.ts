import { NextRequest, NextResponse } from 'next/server.js';
import { assert, describe, test } from 'vitest';
import { createProxy, type ProxyOptions } from '../../../adapters/next/index.ts';
import { HOST } from '../../support/issuer.ts';
import { assertMisconfigured } from '../../support/verifying.ts';
import { TESTED_OPTIONS, testEveryOption } from '../vercel/option-cases.ts';
import { ASSERTION, logOf, loud, options, passedHeaders, token } from '../vercel/support.ts';

// What Next.js itself does with all this is shown in test/e2e/next; here is what it is given.

const event = { waitUntil: () => {} } as never;

function requestTo(
  path: string,
  headers: Record<string, string> = { [ASSERTION]: token },
  method = 'GET',
): NextRequest {
  const nextConfig = { basePath: '/docs', i18n: { locales: ['en', 'fr'], defaultLocale: 'en' } };
  const spoofed = { 'x-pomerium-claim-email': 'root@evil.test' };
  return new NextRequest(`https://app.test${path}`, { method, headers: { ...spoofed, ...headers }, nextConfig });
}

const rules: NonNullable<ProxyOptions['rules']> = [
  { path: '/open', access: 'public' },
  { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
  { prefix: '/reports', access: { allow: { or: [{ http_path: '/reports' }] } } },
  { prefix: '/', access: 'authenticated' },
];

describe('createProxy()', () => {
  testEveryOption(async (given, { path, method, headers }) => {
    const answer = await createProxy(given)(new NextRequest(`https://app.test${path}`, { method, headers }), event);
    return { status: answer.status, behind: passedHeaders(answer), answer: answer.headers };
  });

  const statuses: [path: string, headers: Record<string, string> | undefined, status: number][] = [
    ['/docs/open', undefined, 200],
    ['/docs/fr/open', undefined, 200],
    ['/docs/fr/open', {}, 200],
    ['/docs/admin', undefined, 403],
    ['/docs/fr/admin/x', undefined, 403],
    ['/docs/', undefined, 200],
    ['/docs/fr', {}, 401],
    ['/docs/reports', undefined, 200],
    ['/docs/fr/reports', undefined, 200],
    ['/docs/reports/x', undefined, 403],
  ];
  for (const [path, headers, status] of statuses) {
    test(`rules and http_path are for the app’s routes: ${path} is ${status} for ${headers ? 'nobody' : 'Alice'}`, async () => {
      assert.equal((await createProxy({ ...options, rules })(requestTo(path, headers), event)).status, status);
    });
  }

  test('the log has the path of the route, and the link of the page the whole one', async () => {
    const proxy = createProxy({ ...loud, rules });
    const { result, lines } = await logOf(() => proxy(requestTo('/docs/fr/admin?x=1', { accept: 'text/html' }), event));
    assert.deepEqual(JSON.parse(String(lines)).request, { method: 'GET', path: '/admin' });
    assert.include(await result.text(), `href="https://${HOST}/docs/fr/admin?x=1"`);
  });

  for (const [path, home] of [
    ['/docs/fr/admin', `href="https://${HOST}/docs"`],
    ['/docs', undefined],
  ] as const) {
    test(`the page for whom a policy refused on ${path} leads to ${home ? 'the app’s home page' : 'no other home page'}`, async () => {
      const proxy = createProxy({
        ...options,
        rules: [{ prefix: '/', access: { allow: { or: [{ groups: 'admins' }] } } }],
      });
      const refused = await proxy(requestTo(path, { [ASSERTION]: token, accept: 'text/html' }), event);
      assert.equal(refused.status, 403);
      const page = await refused.text();
      if (home) assert.include(page, home);
      else assert.notInclude(page, 'Home page');
    });
  }

  test('one’s own proxy gets the very NextRequest, cleaned', async () => {
    const request = requestTo('/docs/fr/x', { [ASSERTION]: token, authorization: 'Pomerium a.b.c' });
    const proxy = createProxy({ ...options, claimHeaders: { 'x-mail': 'email' } }, (given, context, identity) => {
      assert.equal(given, request);
      assert.equal(context, event);
      const { user, groups, name } = identity ?? assert.fail();
      assert.deepEqual(Object.fromEntries(given.headers), {
        [ASSERTION]: token,
        'x-mail': 'alice@example.com',
        'x-pomerium-claim-email': 'alice@example.com',
        'x-pomerium-claim-groups': groups.join(),
        'x-pomerium-claim-name': `${name}`,
        'x-pomerium-claim-user': user,
      });
      assert.deepEqual([given.nextUrl.basePath, given.nextUrl.locale], ['/docs', 'fr']);
      return NextResponse.json({ email: identity?.email });
    });
    assert.deepEqual(await (await proxy(request, event)).json(), { email: 'alice@example.com' });
  });

  test('one’s own proxy may take the assertion off', async () => {
    const proxy = createProxy(options, (request) => {
      const headers = new Headers(request.headers);
      headers.delete(ASSERTION);
      headers.set('x-own', '1');
      return NextResponse.next({ request: { headers } });
    });
    assert.deepEqual(passedHeaders(await proxy(requestTo('/docs/x'), event)), { 'x-own': '1' });
  });

  const rewrites: [target: string, isKept: boolean][] = [
    ['https://app.test/docs/other', true],
    ['https://third.test/other', false],
  ];
  for (const [target, isKept] of rewrites) {
    test(`a rewrite to ${target} ${isKept ? 'takes the assertion along' : 'takes no assertion along'}`, async () => {
      const proxy = createProxy(options, () => NextResponse.rewrite(target));
      const answer = await proxy(requestTo('/docs/x'), event);
      assert.equal(answer.headers.get('x-middleware-rewrite'), target);
      assert.deepEqual(passedHeaders(answer), { [ASSERTION]: isKept ? token : null });
    });
  }

  test('onRefused gets the NextRequest and may redirect', async () => {
    const proxy = createProxy({
      ...options,
      onRefused: ({ status }, { nextUrl }) =>
        status === 401 ? NextResponse.redirect(`https://${HOST}${nextUrl.basePath}${nextUrl.pathname}`) : undefined,
    });
    const answer = await proxy(requestTo('/docs/x', {}), event);
    assert.deepEqual([answer.status, answer.headers.get('location')], [307, `https://${HOST}/docs/x`]);
  });

  test('a mistake in the options is thrown at once, with all the names that there are', () => {
    const names = new RegExp(
      [...TESTED_OPTIONS, 'keepAssertionOnRewrite'].map((name) => `(?=.*\\b${name}\\b)`).join(''),
    );
    assertMisconfigured(() => createProxy({ audience: 'app.test:443' }), /audience/);
    assertMisconfigured(() => createProxy({ matcher: '/x' } as never), names);
    assertMisconfigured(() => createProxy({ allowAnonymous: true } as never), /optional: true.*rules/);
  });
});
