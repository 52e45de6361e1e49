import { assert, describe, test } from 'vitest';
import type { GateOptions, OnRefused } from '../../core/adapter.ts';
import { PomeriumError } from '../../core/index.ts';
import { type GateRig, makeGateRig, ORIGIN } from '../support/gate.ts';
import { HOST } from '../support/issuer.ts';

const PAGE = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const denied = new PomeriumError('policy_denied', 'for the operator', { received: 'secret-value' });
const missing = new PomeriumError('missing_assertion', 'for the operator');

interface Asked {
  error?: PomeriumError;
  method?: string;
  url?: string;
  headers?: Record<string, string>;
}

/** How the gate answers a refused request. */
function refuse({ gate }: GateRig, { error = missing, method = 'GET', url = `${ORIGIN}/`, headers = {} }: Asked = {}) {
  const native = new Request(`${ORIGIN}/native`);
  return gate.refuse(error, { method, url, headers }, native);
}

const NO_RESPONSE = /onRefused must return a Response/;
/** Somebody's constant, after its first use. */
const READ = new Response('read');
await READ.text();

describe('a refusal', () => {
  const types: [name: string, accept: string | undefined, type: string][] = [
    ['a browser', PAGE.accept, 'text/html; charset=utf-8'],
    ['a program that names nothing', undefined, 'application/problem+json'],
    ['a program that takes anything', '*/*', 'application/problem+json'],
    ['a program that prefers JSON', 'application/json, text/html;q=0.5', 'application/problem+json'],
    ['a program that takes no page', 'text/html;q=0, */*', 'application/problem+json'],
    ['who writes it in capitals', 'TEXT/HTML', 'text/html; charset=utf-8'],
    ['who gives no weight that is one', 'text/html;q=x', 'application/problem+json'],
    ['who sends as many types as a header can hold', `${','.repeat(130_000)}text/html`, 'text/html; charset=utf-8'],
  ];
  for (const [name, accept, type] of types) {
    test(`for ${name} is ${type}, and varies with Accept`, async () => {
      const response = await refuse(makeGateRig(), { headers: accept === undefined ? {} : { accept } });
      assert.equal(response.status, 401);
      assert.equal(response.headers.get('content-type'), type);
      assert.equal(response.headers.get('vary'), 'accept');
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.equal(response.headers.get('www-authenticate'), 'Pomerium error="missing_assertion"');
    });
  }

  test('by a policy is a page that says so, and tells nothing of the rule', async () => {
    const response = await refuse(makeGateRig(), { error: denied, headers: PAGE });
    assert.equal(response.status, 403);
    const page = await response.text();
    assert.include(page, '<h1>No access</h1>');
    assert.include(page, '<code>policy_denied</code>');
    assert.notInclude(page, 'secret');
    assert.notInclude(page, 'operator');
  });

  for (const [type, headers] of [
    ['text/html; charset=utf-8', PAGE],
    ['application/problem+json', {}],
  ] as const) {
    test(`of a HEAD request is ${type} without its body`, async () => {
      const response = await refuse(makeGateRig(), { method: 'HEAD', headers });
      assert.equal(response.status, 401);
      assert.equal(response.headers.get('content-type'), type);
      assert.equal(await response.text(), '');
    });
  }

  test('has the headers that the platform gives every answer, also where its answers are shared', async () => {
    const noStoreHeaders = { 'x-cdn-cache-control': 'no-store' };
    for (const shared of [true, false]) {
      const response = await refuse(makeGateRig({ shared }, { noStoreHeaders }));
      assert.equal(response.headers.get('x-cdn-cache-control'), 'no-store');
    }
  });
});

describe('the page', () => {
  const links: [name: string, options: GateOptions, url: string, link: string | undefined][] = [
    ['leads to the same place', {}, 'https://edge.example/a/b?c=d&e', `https://${HOST}/a/b?c=d&#38;e`],
    ['leads there from a target, too', {}, '/a?b', `https://${HOST}/a?b`],
    ['leads to no other host', {}, '//evil.test/a', `https://${HOST}/a`],
    ['leads to no other host', {}, 'https://edge.example//evil.test', `https://${HOST}//evil.test`],
    [
      'leads to a path that holds no markup',
      {},
      `https://edge.example/"><script>alert(1)</script>?'"><b>`,
      `https://${HOST}/%22%3E%3Cscript%3Ealert(1)%3C/script%3E?%27%22%3E%3Cb%3E`,
    ],
    ['leads to the host alone from what is no URL', {}, 'https://', undefined],
    ['leads nowhere from a URL whose path is none', {}, 'mailto:@evil.test/', undefined],
    ['leads nowhere from a URL that would not make one', {}, 'x:[', undefined],
    ['leads to the one audience of a list', { audience: ['a.example.com'] }, '/x', 'https://a.example.com/x'],
    ['leads nowhere where there are several audiences', { audience: ['a.example.com', HOST] }, '/x', undefined],
    ['leads nowhere from an audience that is an IPv6 address', { audience: '::1' }, '/x', undefined],
  ];
  for (const [name, options, url, link] of links) {
    test(`${name}: ${url.slice(0, 40)}`, async () => {
      const response = await refuse(makeGateRig(options), { url, headers: PAGE });
      assert.equal(response.status, 401);
      const page = await response.text();
      assert.equal(/<a href="([^"]*)">/.exec(page)?.[1], link ?? '');
      assert.notMatch(page, /<(script|b)>/);
    });
  }
});

describe('a refusal with CORS', () => {
  const APP = 'https://app.test';
  const cases: [
    name: string,
    corsOrigins: string[],
    origin: string | undefined,
    expected: Record<string, string | null>,
  ][] = [
    [
      'for an origin in the list may be read, with credentials',
      ['https://other.test', APP],
      APP,
      { 'access-control-allow-origin': APP, 'access-control-allow-credentials': 'true', vary: 'origin, accept' },
    ],
    [
      'for another origin may not',
      [APP],
      'https://evil.test',
      { 'access-control-allow-origin': null, vary: 'origin, accept' },
    ],
    [
      'for any origin may be read without credentials',
      ['*'],
      APP,
      { 'access-control-allow-origin': '*', 'access-control-allow-credentials': null },
    ],
    ['without an origin has no such header', [APP], undefined, { 'access-control-allow-origin': null, vary: 'accept' }],
    ['where no origin is allowed has no such header', [], APP, { 'access-control-allow-origin': null, vary: 'accept' }],
  ];
  for (const [name, corsOrigins, origin, expected] of cases) {
    test(name, async () => {
      const rig = makeGateRig({ corsOrigins });
      const { headers } = await refuse(rig, { headers: origin === undefined ? {} : { origin } });
      for (const [header, value] of Object.entries(expected)) assert.equal(headers.get(header), value, header);
      const exposed = expected['access-control-allow-origin'] ? 'retry-after, www-authenticate' : null;
      assert.equal(headers.get('access-control-expose-headers'), exposed);
    });
  }

  test('has these headers on an answer of one’s own, too', async () => {
    const rig = makeGateRig({ corsOrigins: [APP], onRefused: () => new Response('mine', { status: 418 }) });
    const response = await refuse(rig, { headers: { origin: APP } });
    assert.equal(response.status, 418);
    assert.equal(response.headers.get('access-control-allow-origin'), APP);
  });

  for (const origin of ['app.test', 'https://app.test/', 'https://app.test/x', 'https://App.test', '']) {
    test(`${JSON.stringify(origin)}, which no browser sends, is refused when it is built`, async () => {
      const rig = makeGateRig({ corsOrigins: [origin] });
      assert.equal(await rig.ask({}), 'invalid_configuration');
      assert.match(String(rig.lines[0]?.line), /corsOrigins/);
    });
  }
});

describe('onRefused', () => {
  const answers: [name: string, onRefused: OnRefused<Request>, status: number, body: string][] = [
    [
      'is given the error and the native request',
      ({ code }, { url }) => new Response(`${code} ${url}`, { status: 418 }),
      418,
      `missing_assertion ${ORIGIN}/native`,
    ],
    ['may redirect', () => Response.redirect('https://login.test/', 302), 302, ''],
    ['may take its time', async () => new Response('late', { status: 403 }), 403, 'late'],
  ];
  for (const [name, onRefused, status, body] of answers) {
    test(`${name}, and its answer is never cached`, async () => {
      const rig = makeGateRig({ onRefused });
      const response = await refuse(rig);
      assert.equal(response.status, status);
      assert.equal(await response.text(), body);
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.equal(response.headers.get('location'), status === 302 ? 'https://login.test/' : null);
      assert.deepEqual(rig.lines, []);
    });
  }

  test('keeps its answer from caches whatever that says itself, and keeps its other headers', async () => {
    const headers = { 'cache-control': 'public, max-age=600', 'set-cookie': 'a=1', 'x-mine': '1' };
    const rig = makeGateRig({ onRefused: () => new Response('mine', { status: 403, headers }) });
    const response = await refuse(rig);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(response.headers.get('x-mine'), '1');
    assert.equal(response.headers.get('set-cookie'), 'a=1');
  });

  test('answers a HEAD request without a body', async () => {
    const rig = makeGateRig({ onRefused: () => new Response('mine', { status: 403 }) });
    const response = await refuse(rig, { method: 'HEAD' });
    assert.equal(response.status, 403);
    assert.equal(await response.text(), '');
  });

  test('leaves it to the gate with undefined', async () => {
    const rig = makeGateRig({ onRefused: () => undefined });
    assert.include(await (await refuse(rig)).json(), { code: 'missing_assertion' });
    assert.deepEqual(rig.lines, []);
  });

  /** What is no answer, whatever its type says. */
  const broken: [name: string, onRefused: () => unknown, line: RegExp][] = [
    [
      'throws',
      () => {
        throw new TypeError('a mistake in onRefused');
      },
      /a mistake in onRefused/,
    ],
    ['rejects', () => Promise.reject(new TypeError('a mistake in onRefused')), /a mistake in onRefused/],
    ['returns text', () => 'no', NO_RESPONSE],
    ['returns null', () => null, NO_RESPONSE],
    ['returns an object', () => ({}), NO_RESPONSE],
    ['returns an object with headers', () => ({ headers: new Headers() }), NO_RESPONSE],
    ['returns a network error', () => Response.error(), NO_RESPONSE],
    ['returns an answer that was read before', () => READ, NO_RESPONSE],
  ];
  for (const [name, onRefused, line] of broken) {
    test(`that ${name}: the gate answers, and the log says why`, async () => {
      const rig = makeGateRig({ onRefused: onRefused as OnRefused<Request> });
      const response = await refuse(rig);
      assert.equal(response.status, 401);
      assert.include(await response.json(), { code: 'missing_assertion' });
      assert.lengthOf(rig.lines, 1);
      assert.match(String(rig.lines[0]?.line), line);
    });
  }
});
