import { assert, describe, test } from 'vitest';
import { createMiddleware, type MiddlewareOptions } from '../../../adapters/vercel/index.ts';
import { ASSERTION, admin, nextWith, options, passedHeaders, requestWith, token } from './support.ts';

describe('createMiddleware()', () => {
  test('lets who came through Pomerium on, with the assertion and no unsigned header', async () => {
    const answer = await createMiddleware(options)(requestWith({ [ASSERTION]: token, 'x-kept': '1' }));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('x-middleware-next'), '1');
    assert.deepEqual(passedHeaders(answer), { [ASSERTION]: token, 'x-kept': '1' });
    assert.equal(answer.headers.get('vary'), ASSERTION);
    assert.isNull(answer.headers.get('cache-control'), 'it would override that of the page');
  });

  test('answers a request without an assertion with a 401, and does not let it on', async () => {
    const answer = await createMiddleware(options)(requestWith());
    assert.equal(answer.status, 401);
    assert.isNull(answer.headers.get('x-middleware-next'));
    assert.include(await answer.json(), { code: 'missing_assertion' });
  });

  test('lets no session of Pomerium’s on, and where rules decide no header that overrides the path', async () => {
    const overrides = { 'x-original-url': '/open', 'x-rewrite-url': '/open', 'x-forwarded-prefix': '/open' };
    const sent = { [ASSERTION]: token, authorization: 'Pomerium a.b.c', ...overrides };
    const rules: MiddlewareOptions['rules'] = [{ prefix: '/', access: 'authenticated' }];
    const behind = async (given: MiddlewareOptions) =>
      Object.keys(passedHeaders(await createMiddleware(given)(requestWith(sent))));
    assert.deepEqual(
      await behind(options),
      ['x-forwarded-prefix', 'x-original-url', ASSERTION, 'x-rewrite-url'].sort(),
    );
    assert.deepEqual(await behind({ ...options, rules }), [ASSERTION]);
    const answer = await createMiddleware(options)(requestWith({ ...sent, authorization: 'Bearer Pomerium-a.b' }));
    assert.notProperty(passedHeaders(answer), 'authorization');
    const others = await createMiddleware(options)(requestWith({ ...sent, authorization: 'Bearer mine' }));
    assert.include(passedHeaders(others), { authorization: 'Bearer mine' });
  });

  const rules: MiddlewareOptions['rules'] = [
    { prefix: '/open', access: 'public' },
    { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
    { prefix: '/in', access: 'authenticated' },
  ];
  const cases: [path: string, headers: Record<string, string>, status: number, assertion: boolean][] = [
    ['/open', {}, 200, false],
    ['/open', { [ASSERTION]: token }, 200, true],
    ['/open', { [ASSERTION]: 'not.an.assertion' }, 200, false],
    ['/in', { [ASSERTION]: token }, 200, true],
    ['/in', {}, 401, false],
    ['/admin', { [ASSERTION]: token }, 403, false],
    ['/admin', { [ASSERTION]: admin }, 200, true],
    ['/admin.ts', { [ASSERTION]: token }, 403, false],
    ['/admin/', { [ASSERTION]: token }, 403, false],
    ['/none', { [ASSERTION]: token }, 403, false],
    ['/open/%2e%2e/in', {}, 401, false],
    ['/in%2f..%2fopen', {}, 401, false],
    ['/open/..%2fin', {}, 401, false],
  ];
  for (const [path, headers, status, isPassed] of cases) {
    test(`rules: ${path} with ${headers[ASSERTION]?.length ?? 'no'} characters of assertion is ${status}`, async () => {
      const answer = await createMiddleware({ ...options, rules })(requestWith(headers, path));
      assert.equal(answer.status, status);
      assert.equal(typeof passedHeaders(answer)[ASSERTION] === 'string', isPassed);
    });
  }
});

describe('createMiddleware() with a middleware of one’s own', () => {
  const good = () => requestWith({ [ASSERTION]: token, 'x-a': '1', 'x-b': '2' });

  test('is called with a cleaned request, the context and the identity, and only for who may go on', async () => {
    const seen: unknown[] = [];
    const middleware = createMiddleware(options, (request, context, identity) => {
      seen.push(
        [...request.headers.keys()].filter((name) => /pomerium/.test(name)),
        context,
        identity?.email,
      );
    });
    const context = { waitUntil: () => {} };
    await middleware(requestWith(), context);
    assert.deepEqual(seen, []);
    const answer = await middleware(good(), context);
    assert.deepEqual(seen, [[ASSERTION], context, 'alice@example.com']);
    assert.deepEqual(Object.keys(passedHeaders(answer)), ['x-a', 'x-b', ASSERTION]);
  });

  test('its request headers are the request’s: set, kept and left out, the assertion, too', async () => {
    const wanting = (wanted: Record<string, string>) => createMiddleware(options, () => nextWith(wanted))(good());
    assert.deepEqual(passedHeaders(await wanting({ 'x-a': 'changed', 'x-c': '3' })), { 'x-a': 'changed', 'x-c': '3' });
    assert.deepEqual(passedHeaders(await wanting({ 'x-c': '3', [ASSERTION]: token })), {
      'x-c': '3',
      [ASSERTION]: token,
    });
    assert.deepEqual(passedHeaders(await wanting({})), { [ASSERTION]: null }, 'an empty list would let all on');
  });

  test('it cannot pose as Pomerium, nor let a stranger’s assertion pass', async () => {
    const forging = { x_pomerium_claim_email: 'root', 'x-pomerium-claim-user': 'root', [ASSERTION]: 'forged' };
    const answer = await createMiddleware(options, () => nextWith(forging))(good());
    assert.deepEqual(passedHeaders(answer), { [ASSERTION]: token });
    assert.isNull(answer.headers.get('x-middleware-request-x_pomerium_claim_email'));
    const open = createMiddleware({ ...options, rules: [{ prefix: '/', access: 'public' }] }, () => nextWith(forging));
    const stranger = await open(requestWith({ [ASSERTION]: 'forged' }));
    assert.deepEqual(passedHeaders(stranger), { [ASSERTION]: null }, 'an empty list would let all on');
    const claiming = createMiddleware({ ...options, claimHeaders: [] }, () => nextWith(forging));
    assert.include(passedHeaders(await claiming(good())), { 'x-pomerium-claim-user': 'u-alice' });
  });

  test('response headers, cookies and a rewrite’s target stay', async () => {
    const middleware = createMiddleware(options, () => {
      const response = nextWith({}, { 'x-middleware-rewrite': 'https://app.vercel.app/other', vary: 'cookie' });
      response.headers.append('set-cookie', 'a=1');
      response.headers.append('set-cookie', 'b=2');
      return response;
    });
    const answer = await middleware(good());
    assert.equal(answer.headers.get('x-middleware-rewrite'), 'https://app.vercel.app/other');
    assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2']);
    assert.equal(answer.headers.get('vary'), `cookie, ${ASSERTION}`);
  });

  test('an answer or a redirect of its own is the answer, for one identity alone', async () => {
    const answered = async (own: Response) => {
      const { status, headers } = await createMiddleware(options, async () => own)(good());
      return [status, headers.get('vary'), headers.get('cache-control'), headers.get('location')];
    };
    const redirect = Response.redirect('https://app.vercel.app/');
    const kept = new Response('mine', { headers: { vary: 'cookie', 'cache-control': 'max-age=60' } });
    assert.deepEqual(await answered(new Response('mine', { status: 418 })), [
      418,
      ASSERTION,
      'private, no-cache',
      null,
    ]);
    assert.deepEqual(await answered(redirect), [302, ASSERTION, 'private, no-cache', 'https://app.vercel.app/']);
    assert.deepEqual(await answered(kept), [200, `cookie, ${ASSERTION}`, 'max-age=60', null]);
  });
});
