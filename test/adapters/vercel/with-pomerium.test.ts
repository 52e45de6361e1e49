import { assert, describe, test } from 'vitest';
import { withPomerium } from '../../../adapters/vercel/index.ts';
import { ASSERTION, anonymous, BROWSER, options, requestWith, token } from './support.ts';

describe('withPomerium()', () => {
  test('calls the handler with a cleaned request, the identity and the rest', async () => {
    const GET = withPomerium(async (request, identity, context: { params: string }) => {
      const names = [...request.headers.keys()].filter((name) => /pomerium/.test(name));
      return Response.json({
        names,
        body: await request.text(),
        method: request.method,
        url: request.url,
        email: identity.email,
        context,
      });
    }, options);
    const request = requestWith({ [ASSERTION]: token }, '/x?y=1', { method: 'POST', body: 'hello' });
    assert.deepEqual(await (await GET(request, { params: 'p' })).json(), {
      names: [ASSERTION],
      body: 'hello',
      method: 'POST',
      url: 'https://app.vercel.app/x?y=1',
      email: 'alice@example.com',
      context: { params: 'p' },
    });
  });

  test('answers a request without a good assertion itself, and does not call the handler', async () => {
    const GET = withPomerium(() => assert.fail('never called'), options);
    assert.equal((await GET(requestWith())).status, 401);
    assert.equal((await GET(requestWith({ accept: BROWSER }))).headers.get('content-type'), 'text/html; charset=utf-8');
  });

  test('marks the answer as one for this identity alone, unless it says what caches may do', async () => {
    const answered = async (headers: Record<string, string>) => {
      const GET = withPomerium(() => new Response(null, { status: 204, headers }), options);
      const answer = await GET(requestWith({ [ASSERTION]: token }));
      return [answer.status, answer.headers.get('vary'), answer.headers.get('cache-control')];
    };
    assert.deepEqual(await answered({}), [204, ASSERTION, 'private, no-cache']);
    assert.deepEqual(await answered({ 'cache-control': 'max-age=60' }), [204, ASSERTION, 'max-age=60']);
  });

  const forNobody: [name: string, options: object, headers: Record<string, string>][] = [
    ['rules have a public path', { rules: [{ prefix: '/', access: 'public' }] }, {}],
    ['it is optional', { optional: true }, {}],
    ['it is optional, and Pomerium signed for nobody', { optional: true }, { [ASSERTION]: anonymous }],
  ];
  for (const [name, more, headers] of forNobody) {
    test(`where ${name}, the handler is called for nobody`, async () => {
      const GET = withPomerium((_, identity) => Response.json({ identity: identity ?? 'nobody' }), {
        ...options,
        optional: false,
        ...more,
      });
      assert.deepEqual(await (await GET(requestWith(headers))).json(), { identity: 'nobody' });
      assert.include(await (await GET(requestWith({ [ASSERTION]: token }))).text(), 'u-alice');
    });
  }

  test('does not take the handler’s own errors for refusals', async () => {
    const GET = withPomerium(() => {
      throw new TypeError('mine');
    }, options);
    let message: unknown;
    await GET(requestWith({ [ASSERTION]: token })).catch((error) => {
      message = error.message;
    });
    assert.equal(message, 'mine');
  });
});
