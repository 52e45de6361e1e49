import { NextRequest } from 'next/server.js';
import { assert, describe, test } from 'vitest';
import { withPomerium } from '../../../adapters/next/index.ts';
import { HOST } from '../../support/issuer.ts';
import { ASSERTION, options, requestWith, token } from '../vercel/support.ts';

const context = { params: Promise.resolve({ id: '7' }) };
const request = (headers: Record<string, string> = {}, init: { method?: string; body?: string } = {}) =>
  new NextRequest(requestWith(headers, '/docs/notes/7?x=1', init), { nextConfig: { basePath: '/docs' } });

describe('withPomerium() of pomerium-edge/next', () => {
  test('calls the handler with Next.js’s own request, without unverified headers, the identity and the params', async () => {
    const given = request({ [ASSERTION]: token, cookie: 'a=1' }, { method: 'POST', body: 'hello' });
    const POST = withPomerium(async (request, identity, { params }: typeof context) => {
      assert.equal(request, given);
      return Response.json({
        names: [...request.headers.keys()].filter((name) => /pomerium/.test(name)),
        cookie: request.cookies.get('a')?.value,
        nextUrl: [request.nextUrl.basePath, request.nextUrl.pathname, request.nextUrl.searchParams.get('x')],
        body: await request.text(),
        email: identity.email,
        id: (await params).id,
      });
    }, options);
    assert.deepEqual(await (await POST(given, context)).json(), {
      names: [ASSERTION],
      cookie: '1',
      nextUrl: ['/docs', '/notes/7', '1'],
      body: 'hello',
      email: 'alice@example.com',
      id: '7',
    });
  });

  test('answers everything else by itself, or as onRefused does', async () => {
    assert.equal((await withPomerium(() => assert.fail('never called'), options)(request())).status, 401);
    const onRefused = (_: Error, { nextUrl }: NextRequest) => new Response(nextUrl.pathname, { status: 418 });
    const GET = withPomerium(() => assert.fail('never called'), { ...options, onRefused });
    assert.equal(await (await GET(request())).text(), '/notes/7');
  });

  test('leads home to basePath whom a policy refuses', async () => {
    const rules = [{ prefix: '/', access: { allow: { or: [{ groups: 'admins' }] } } }];
    const GET = withPomerium(() => assert.fail('never called'), { ...options, rules });
    const refused = await GET(request({ [ASSERTION]: token, accept: 'text/html' }));
    assert.equal(refused.status, 403);
    assert.include(await refused.text(), `href="https://${HOST}/docs"`);
  });

  test('where it is optional, the handler is called for nobody', async () => {
    const GET = withPomerium((_, identity) => Response.json(identity?.subject ?? 'nobody'), {
      ...options,
      optional: true as boolean,
    });
    assert.equal(await (await GET(request())).json(), 'nobody');
    assert.equal(await (await GET(request({ [ASSERTION]: token }))).json(), 'u-alice');
  });
});
