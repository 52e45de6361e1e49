import { NextRequest, NextResponse } from 'next/server.js';
import { assert, describe, test } from 'vitest';
import { createProxy, type NextProxy, type ProxyOptions } from '../../../adapters/next/index.ts';
import { ASSERTION, admin, options, token } from '../vercel/support.ts';

const event = { waitUntil: () => {} } as never;

const rules: NonNullable<ProxyOptions['rules']> = [
  { prefix: '/open', access: 'public' },
  { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
  { prefix: '/_next/image', access: 'public' },
  { prefix: '/', access: 'authenticated' },
];

async function ask(path: string, given: ProxyOptions = {}, next?: NextProxy, assertion: string | null = token) {
  const nextConfig = { basePath: '/docs', i18n: { locales: ['en', 'default'], defaultLocale: 'en' } };
  const headers = assertion === null ? {} : { [ASSERTION]: assertion };
  const request = new NextRequest(`https://app.test/docs${path}`, { headers, nextConfig });
  return createProxy({ ...options, rules, ...given }, next)(request, event);
}

const NEVER = 'private, no-cache, no-store, max-age=0, must-revalidate';

describe('what createProxy() lets on, no shared cache keeps:', () => {
  const cases: [name: string, path: string, cacheControl: string | null][] = [
    ['a page', '/x', NEVER],
    ['the root', '', NEVER],
    ['a page of a locale', '/default/x', NEVER],
    ['an image, which a browser may keep and ask for again', '/logo.png', 'private, no-cache'],
    ['what is named by its content', '/_next/static/chunks/a.js', 'private, max-age=31536000, immutable'],
    ['what only looks like it', '/x/_next/static/a', NEVER],
    ['a public path, which is as Next.js says', '/open/x', null],
  ];
  for (const [name, path, cacheControl] of cases) {
    test(name, async () => {
      const { headers } = await ask(path);
      assert.equal(headers.get('x-middleware-next'), '1');
      assert.equal(headers.get('cache-control'), cacheControl);
      assert.equal(headers.get('vary'), ASSERTION);
    });
  }

  test('unless `shared` or `optional` say that it is the same for everybody, or one’s own proxy says something', async () => {
    const cacheControl = async (given: ProxyOptions, next?: NextProxy) =>
      (await ask('/x', given, next)).headers.get('cache-control');
    assert.isNull(await cacheControl({ shared: true }));
    assert.isNull(await cacheControl({ rules: undefined, optional: true } as never));
    const own = () => NextResponse.next({ headers: { 'cache-control': 'private, max-age=60' } });
    assert.equal(await cacheControl({}, own), 'private, max-age=60');
    assert.equal(await cacheControl({}, () => NextResponse.next()), NEVER);
  });
});

describe('an image of the optimiser is for whom the image itself is:', () => {
  const cases: [path: string, assertion: string | null, status: number][] = [
    ['/_next/image?url=%2Fdocs%2Fadmin%2Fpic.png&w=64&q=75', null, 401],
    ['/_next/image?url=%2Fdocs%2Fadmin%2Fpic.png&w=64&q=75', token, 403],
    ['/_next/image?url=%2Fdocs%2Fadmin%2Fpic.png&w=64&q=75', admin, 200],
    ['/_next/image?url=%2Fadmin%2Fpic.png&w=64&q=75', token, 403],
    ['/_next/image?url=%2Fdocs%2Fopen%2Fpic.png&w=64&q=75', null, 200],
    ['/_next/image?url=%2Fopen%2Fpic.png&w=64&q=75', null, 200],
    ['/_next/image?url=%2Fdocs%2Fopen%2F..%2Fadmin%2Fpic.png&w=64&q=75', admin, 403],
    ['/_next/image?url=https%3A%2F%2Fapp.test%2Fdocs%2Fadmin%2Fpic.png&w=64&q=75', token, 403],
  ];
  for (const [path, assertion, status] of cases) {
    const who = assertion === null ? 'nobody' : assertion === admin ? 'an admin' : 'Alice';
    test(`${path} is ${status} for ${who}`, async () => {
      assert.equal((await ask(path, {}, undefined, assertion)).status, status);
    });
  }
});

describe('paths of Next.js that serve another page:', () => {
  const cases: [path: string, status: number][] = [
    ['/(.)admin', 403],
    ['/open/(..)admin', 403],
    ['/open/%28...%29admin', 403],
    ['/default/admin', 403],
    ['/_next/data/ID/default/admin.json', 403],
    ['/open/(c)', 200],
  ];
  for (const [path, status] of cases) {
    test(`${path} is ${status}`, async () => assert.equal((await ask(path)).status, status));
  }
});
