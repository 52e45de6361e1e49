import { assert, describe, test } from 'vitest';
import { createMiddleware, type MiddlewareOptions } from '../../../adapters/vercel/index.ts';
import { HOST, sign } from '../../support/issuer.ts';
import { Origin } from '../../support/origin.ts';
import { ASSERTION, BROWSER, key, logOf, nextWith, options, requestWith, token } from './support.ts';

describe('a refusal', () => {
  const middleware = createMiddleware(options);
  const accepts: [accept: string | undefined, type: 'html' | 'problem'][] = [
    [BROWSER, 'html'],
    ['text/html', 'html'],
    ['TEXT/HTML;Q=0.5, */*;q=0.1', 'html'],
    ['text/html, application/json', 'html'],
    ['application/json, text/html;q=0.9', 'problem'],
    ['application/problem+json, text/html;q=0.9', 'problem'],
    ['application/json, text/plain, */*', 'problem'],
    ['*/*', 'problem'],
    ['text/*', 'problem'],
    ['text/html;q=0', 'problem'],
    ['text/html;q=x', 'problem'],
    ['text/htmlx', 'problem'],
    ['text/x-component', 'problem'],
    [undefined, 'problem'],
  ];
  for (const [accept, type] of accepts) {
    test(`for Accept: ${accept} is a ${type === 'html' ? 'page' : 'problem document'}`, async () => {
      const answer = await middleware(requestWith(accept === undefined ? {} : { accept }));
      const expected = { html: 'text/html; charset=utf-8', problem: 'application/problem+json' }[type];
      assert.equal(answer.headers.get('content-type'), expected);
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get('www-authenticate'), 'Pomerium error="missing_assertion"');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.equal(answer.headers.get('vary'), 'accept');
    });
  }

  test('as a page brings all that it needs, and its policy lets in its style alone', async () => {
    const answer = await middleware(requestWith({ accept: BROWSER }));
    const page = await answer.text();
    assert.match(page, /^<!doctype html>\n<html lang="en" dir="ltr">/);
    assert.notMatch(page, /<script|<img|<link|src=|url\(|@import| style=/);
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(page) ?? [];
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
    const policy = answer.headers.get('content-security-policy') ?? '';
    assert.include(policy, `style-src 'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`);
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  });

  test('as a page says what to do, and nothing of what was expected or came', async () => {
    const email = 'mallory@evil.test';
    const refused: [Promise<Response>, status: number, heading: string][] = [
      [middleware(requestWith({ accept: BROWSER })), 401, 'Please sign in'],
      [
        middleware(requestWith({ accept: BROWSER, [ASSERTION]: await sign(key, { aud: 'x', email }) })),
        401,
        'Please sign in',
      ],
      [
        createMiddleware({ ...options, rules: [{ path: '/other', access: 'public' }] })(
          requestWith({ accept: BROWSER, [ASSERTION]: token }),
        ),
        403,
        'No access',
      ],
    ];
    for (const [promise, status, heading] of refused) {
      const answer = await promise;
      const page = await answer.text();
      assert.equal(answer.status, status);
      assert.include(page, `<h1>${heading}</h1>`);
      for (const secret of [email, 'alice', token]) assert.notInclude(page, secret);
    }
  });

  test('as a page leads to the same place behind Pomerium, where there is one', async () => {
    const pageFor = async (audience: string | string[], path: string) => {
      const refuse = createMiddleware({ ...options, audience });
      return (await refuse(requestWith({ accept: BROWSER }, path))).text();
    };
    assert.include(
      await pageFor(HOST, '/a%20b/c?d="e&f'),
      `<a href="https://${HOST}/a%20b/c?d=%22e&#38;f">Open ${HOST}</a>`,
    );
    assert.include(await pageFor([HOST, 'other.test'], '/a'), '<a href="">Try again</a>');
  });

  test('for lack of keys is a page with Retry-After, too', async () => {
    const origin = await Origin.start({ status: 500 });
    process.env['POMERIUM_JWKS_URL'] = origin.url;
    try {
      const { keys, ...rest } = options;
      const answer = await createMiddleware(rest)(requestWith({ accept: BROWSER, [ASSERTION]: token }));
      assert.equal(answer.status, 503);
      assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
      assert.include(await answer.text(), '<h1>Please wait</h1>');
    } finally {
      delete process.env['POMERIUM_JWKS_URL'];
    }
  });

  test('to HEAD has no body', async () => {
    for (const accept of [BROWSER, '*/*']) {
      const answer = await middleware(requestWith({ accept }, '/', { method: 'HEAD' }));
      assert.equal(answer.status, 401);
      assert.equal(await answer.text(), '');
    }
  });
});

describe('a refusal for a script of another origin', () => {
  const middleware = createMiddleware({ ...options, corsOrigins: ['https://a.test'] });
  const cases: [origin: string, allowed: string | null][] = [
    ['https://a.test', 'https://a.test'],
    ['https://b.test', null],
  ];
  for (const [origin, allowed] of cases) {
    test(`from ${origin} ${allowed ? 'lets it see the 401' : 'says nothing to it'}`, async () => {
      const { status, headers } = await middleware(requestWith({ origin }));
      assert.equal(status, 401);
      assert.equal(headers.get('access-control-allow-origin'), allowed);
      assert.include(headers.get('vary') ?? '', 'origin');
    });
  }
});

describe('onRefused', () => {
  const refusedBy = async (onRefused: NonNullable<MiddlewareOptions['onRefused']>) => {
    const middleware = createMiddleware({ ...options, onRefused });
    return logOf(() => middleware(requestWith({}, '/a?b=c')));
  };

  test('redirects, and the redirect is never cached', async () => {
    const { result } = await refusedBy((_, { url }) => Response.redirect(`https://${HOST}${new URL(url).pathname}`));
    assert.equal(result.status, 302);
    assert.equal(result.headers.get('location'), `https://${HOST}/a`);
    assert.equal(result.headers.get('cache-control'), 'no-store');
  });

  test('answers with a page of its own, and knows the error and the request', async () => {
    const { result } = await refusedBy(async ({ code }, request) => {
      return new Response(`${code} ${request.method} ${request.url}`, { status: 403 });
    });
    assert.equal(result.status, 403);
    assert.equal(await result.text(), 'missing_assertion GET https://app.vercel.app/a?b=c');
  });

  test('leaves it to the gate with undefined', async () => {
    const { result, lines } = await refusedBy(() => undefined);
    assert.include(await result.json(), { code: 'missing_assertion' });
    assert.deepEqual(lines, []);
  });

  const mistakes: [name: string, onRefused: () => unknown, line: RegExp][] = [
    ['throws', () => assert.fail('mine'), /mine/],
    ['rejects', async () => assert.fail('mine'), /mine/],
    ['answers with no Response', () => 'page', /onRefused must return a Response/],
    ['lets the request on', () => nextWith({}), /onRefused would let the refused request on/],
    [
      'rewrites',
      () => new Response(null, { headers: { 'x-middleware-rewrite': 'https://app.vercel.app/open' } }),
      /onRefused would let the refused request on/,
    ],
  ];
  // A Response of another realm, as a library's own is.
  const foreign = { status: 200, headers: new Headers({ 'x-middleware-next': '1' }), body: null, bodyUsed: false };
  mistakes.push(['lets the request on by another class', () => foreign, /onRefused would let the refused request on/]);
  for (const [name, onRefused, line] of mistakes) {
    test(`that ${name} changes nothing, and the log says it`, async () => {
      const { result, lines } = await refusedBy(onRefused as never);
      assert.equal(result.status, 401);
      assert.include(await result.json(), { code: 'missing_assertion' });
      assert.isFalse(result.headers.has('x-middleware-next') || result.headers.has('x-middleware-rewrite'));
      assert.lengthOf(lines, 1);
      assert.match(String(lines), line);
    });
  }
});
