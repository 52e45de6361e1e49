import { assert, describe, test } from 'vitest';
import { createMiddleware, type MiddlewareOptions, withPomerium } from '../../../adapters/vercel/index.ts';
import { type PomeriumEvent, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { assertMisconfigured } from '../../support/verifying.ts';

const key = await makeKey();
const ASSERTION = 'x-pomerium-jwt-assertion';
const options: MiddlewareOptions = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, onEvent: () => {} };
const token = await sign(key);
const admin = await sign(key, { groups: ['admins'] });
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

function requestWith(headers: Record<string, string> = {}, path = '/x?y=1', init: RequestInit = {}): Request {
  const spoofed = { 'x-pomerium-claim-email': 'root@evil.test', [`${ASSERTION}-for`]: 'a.b.c' };
  return new Request(`https://app.vercel.app${path}`, { headers: { ...spoofed, ...headers }, ...init });
}

/** The request headers with which an answer lets the request on. */
function passedHeaders(answer: Response): Record<string, string | null> {
  const names = answer.headers.get('x-middleware-override-headers')?.split(',') ?? [];
  return Object.fromEntries(names.map((name) => [name, answer.headers.get(`x-middleware-request-${name}`)]));
}

describe('createMiddleware()', () => {
  test('lets who came through Pomerium on, with the assertion and no unsigned header', async () => {
    const answer = await createMiddleware(options)(requestWith({ [ASSERTION]: token, 'x-kept': '1' }));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('x-middleware-next'), '1');
    assert.deepEqual(passedHeaders(answer), { [ASSERTION]: token, 'x-kept': '1' });
    assert.equal(answer.headers.get('vary'), ASSERTION);
  });

  test('answers everybody else', async () => {
    const answer = await createMiddleware(options)(requestWith());
    assert.equal(answer.status, 401);
    assert.isNull(answer.headers.get('x-middleware-next'));
    assert.include(await answer.json(), { code: 'missing_assertion' });
  });

  test('removes the headers that jwt_claims_headers names, in any spelling', async () => {
    const middleware = createMiddleware({ ...options, removeHeaders: ['X-Email'] });
    const answer = await middleware(requestWith({ [ASSERTION]: token, X_Email: 'a', 'x-email': 'b' }));
    assert.deepEqual(Object.keys(passedHeaders(answer)), [ASSERTION]);
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
    ['/none', { [ASSERTION]: token }, 403, false],
    ['/open/%2e%2e/in', {}, 401, false],
    ['/in%2f..%2fopen', {}, 401, false],
  ];
  for (const [path, headers, status, isPassed] of cases) {
    test(`rules: ${path} with ${headers[ASSERTION]?.length ?? 'no'} characters of assertion is ${status}`, async () => {
      const answer = await createMiddleware({ ...options, rules })(requestWith(headers, path));
      assert.equal(answer.status, status);
      assert.equal(typeof passedHeaders(answer)[ASSERTION] === 'string', isPassed);
    });
  }

  test('lets CORS preflights on when told to', async () => {
    const preflight = requestWith({ origin: 'https://a.test', 'access-control-request-method': 'PUT' }, '/', {
      method: 'OPTIONS',
    });
    assert.equal((await createMiddleware(options)(preflight)).status, 401);
    assert.equal((await createMiddleware({ ...options, allowPreflight: true })(preflight)).status, 200);
  });

  test('a mistake in the options is thrown at once, where the environment is not needed to see it', () => {
    assertMisconfigured(() => createMiddleware({ audience: 'https://a.test/' }), /audience/);
    assertMisconfigured(() => createMiddleware({ ...options, rules: [{ path: 'x', access: 'public' }] }), /rules/);
    assertMisconfigured(() => createMiddleware({ ...options, maxAge: 1 } as never), /maxAge/);
  });

  test('without a configuration every request is a 500, and the log says why', async () => {
    const lines: unknown[] = [];
    const { error } = console;
    console.error = (line: unknown) => lines.push(line);
    try {
      const answer = await createMiddleware()(requestWith({ [ASSERTION]: token }));
      assert.equal(answer.status, 500);
      assert.include(await answer.json(), { code: 'invalid_configuration' });
    } finally {
      console.error = error;
    }
    assert.match(String(lines), /POMERIUM_AUDIENCE is not set/);
  });
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

  /** As `next({ request: { headers } })` of `@vercel/functions` writes it. */
  const nextWith = (wanted: Record<string, string>, more: Record<string, string> = {}) => {
    const values = Object.entries(wanted).map(([name, value]) => [`x-middleware-request-${name}`, value]);
    const names = Object.keys(wanted).join(',');
    return new Response(null, {
      headers: {
        'x-middleware-next': '1',
        'x-middleware-override-headers': names,
        ...Object.fromEntries(values),
        ...more,
      },
    });
  };

  test('its request headers are the request’s: set, kept and left out', async () => {
    const middleware = createMiddleware(options, () => nextWith({ 'x-a': 'changed', 'x-c': '3' }));
    assert.deepEqual(passedHeaders(await middleware(good())), { 'x-a': 'changed', 'x-c': '3', [ASSERTION]: token });
  });

  test('it cannot pose as Pomerium, nor lose the assertion, nor let a stranger’s pass', async () => {
    const forging = { x_pomerium_claim_email: 'root', 'x-pomerium-claim-user': 'root', [ASSERTION]: 'forged' };
    const answer = await createMiddleware(options, () => nextWith(forging))(good());
    assert.deepEqual(passedHeaders(answer), { [ASSERTION]: token });
    assert.isNull(answer.headers.get('x-middleware-request-x_pomerium_claim_email'));
    const open = createMiddleware({ ...options, rules: [{ prefix: '/', access: 'public' }] }, () => nextWith(forging));
    const stranger = await open(requestWith({ [ASSERTION]: 'forged' }));
    assert.deepEqual(passedHeaders(stranger), { [ASSERTION]: null }, 'an empty list would let all on');
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

  test('an answer or a redirect of its own is the answer', async () => {
    const own = new Response('mine', { status: 418 });
    assert.equal(await createMiddleware(options, () => own)(good()), own);
    const redirect = Response.redirect('https://app.vercel.app/');
    assert.equal(await createMiddleware(options, async () => redirect)(good()), redirect);
  });
});

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
    assert.match(page, /^<!doctype html>\n<html lang="en">/);
    assert.notMatch(page, /<script|<img|<link|https?:|url\(|@import| style=/);
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
        createMiddleware({ ...options, rules: [] })(requestWith({ accept: BROWSER, [ASSERTION]: token })),
        403,
        'No access',
      ],
    ];
    for (const [promise, status, heading] of refused) {
      const answer = await promise;
      const page = await answer.text();
      assert.equal(answer.status, status);
      assert.include(page, `<h1>${heading}</h1>`);
      for (const secret of [HOST, email, 'alice', token]) assert.notInclude(page, secret);
    }
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

  test('answers everything else by itself', async () => {
    const GET = withPomerium(() => assert.fail('never called'), options);
    assert.equal((await GET(requestWith())).status, 401);
    assert.equal((await GET(requestWith({ accept: BROWSER }))).headers.get('content-type'), 'text/html; charset=utf-8');
  });

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

const CONTEXT = Symbol.for('@vercel/request-context');

describe('a refresh in the background', () => {
  /** Keys that are fresh at `NOW` and stale two minutes later, and what a request then does with `context`. */
  async function refreshes(context: object | undefined, lent: object | undefined) {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    let now = NOW;
    const events: PomeriumEvent[] = [];
    process.env['POMERIUM_JWKS_URL'] = origin.url;
    Object.assign(globalThis, { [CONTEXT]: lent && { get: () => lent } });
    try {
      const middleware = createMiddleware({ audience: HOST, now: () => now, onEvent: (event) => events.push(event) });
      const late = await sign(key, { exp: NOW + 900 });
      await middleware(requestWith({ [ASSERTION]: late }), context as never);
      now += 120;
      const answer = await middleware(requestWith({ [ASSERTION]: late }), context as never);
      assert.equal(answer.status, 200);
      return { count: () => origin.count(), refreshed: events.filter(({ type }) => type === 'keys_refreshed').length };
    } finally {
      delete process.env['POMERIUM_JWKS_URL'];
      Reflect.deleteProperty(globalThis, CONTEXT);
    }
  }

  class Lender {
    readonly #promises: Promise<unknown>[] = [];
    /** Called off its object it throws, as the platform's own does. */
    waitUntil(promise: Promise<unknown>) {
      this.#promises.push(promise);
    }
    async settle() {
      const { length } = this.#promises;
      await Promise.all(this.#promises);
      return length;
    }
  }

  test('is given to the waitUntil of the context', async () => {
    const context = new Lender();
    const { count } = await refreshes(context, undefined);
    assert.isAtLeast(await context.settle(), 1);
    assert.equal(await count(), 2);
  });

  test('is given to the waitUntil that Vercel lends to the request', async () => {
    const lent = new Lender();
    const { count } = await refreshes(undefined, lent);
    assert.isAtLeast(await lent.settle(), 1);
    assert.equal(await count(), 2);
  });

  test('is waited for where nobody lends one', async () => {
    const { refreshed } = await refreshes({}, undefined);
    assert.equal(refreshed, 2, 'when the answer is there, the keys are');
  });
});
