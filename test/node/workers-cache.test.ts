import { assert, describe, test } from 'vitest';
import { type WorkersCacheEntries, type WorkersCacheOptions, workersCache } from '../support/workers-cache.ts';
import { zoneCache } from '../support/zone-cache.ts';

type Send = (request: Request) => Promise<Response>;
type Answer = { status?: number; headers?: Record<string, string> } | Error;
type Ask = RequestInit & { url?: string };

const HOUR = 3600;
const ALICE = { 'x-pomerium-jwt-assertion': 'alice' };
const BOB = { 'x-pomerium-jwt-assertion': 'bob' };

/** A Worker or an origin that gives these answers, the last one again and again; the body says how often it ran. */
function server(...answers: [Answer, ...Answer[]]) {
  const requests: Request[] = [];
  const send: Send = async (request) => {
    requests.push(request);
    const next = answers[Math.min(requests.length, answers.length) - 1];
    if (next instanceof Error) throw next;
    const isEmpty = [204, 304].includes(next?.status ?? 200);
    return new Response(isEmpty ? null : `run ${requests.length}`, next ?? {});
  };
  return { send, requests };
}

async function ask(send: Send, { url = '/a', ...init }: Ask = {}) {
  const response = await send(new Request(new URL(url, 'https://one.example'), init));
  return { response, cache: response.headers.get('cf-cache-status'), body: await response.text() };
}

/** A Worker behind the cache, with a clock that the test turns. */
function cached(answers: [Answer, ...Answer[]], options: Partial<WorkersCacheOptions> = {}) {
  const clock = { now: 1_795_000_000 };
  const { send, requests } = server(...answers);
  return { clock, requests, send: workersCache(send, { now: () => clock.now, ...options }) };
}

const keep = (value: string, more: Answer = {}): Answer => ({ ...more, headers: { 'cache-control': value } });

describe('Workers Cache', () => {
  test('answers a hit without the Worker', async () => {
    const { send, requests } = cached([{ headers: { 'x-app': '1' } }]);
    const first = await ask(send);
    const second = await ask(send);
    assert.deepEqual([first.cache, second.cache], ['MISS', 'HIT']);
    assert.deepEqual([first.body, second.body], ['run 1', 'run 1']);
    assert.equal(second.response.headers.get('x-app'), '1');
    assert.lengthOf(requests, 1);
  });

  describe('finds what is stored', () => {
    const cases: [name: string, first: Ask, second: Ask, expected: string][] = [
      ['for the same path and query', { url: '/a?x=1' }, { url: '/a?x=1' }, 'HIT'],
      ['not for another path', { url: '/a' }, { url: '/b' }, 'MISS'],
      ['not for another query', { url: '/a?x=1' }, { url: '/a?x=2' }, 'MISS'],
      ['for another host', { url: 'https://one.example/a' }, { url: 'https://two.example/a' }, 'HIT'],
      ['for HEAD after GET', { method: 'GET' }, { method: 'HEAD' }, 'HIT'],
      ['for GET after HEAD', { method: 'HEAD' }, { method: 'GET' }, 'HIT'],
      ['for another assertion', { headers: ALICE }, { headers: BOB }, 'HIT'],
      ['without an assertion', { headers: ALICE }, {}, 'HIT'],
      ['for another cookie', { headers: { cookie: 'a=1' } }, { headers: { cookie: 'a=2' } }, 'HIT'],
      ['for Authorization, where it was stored without', {}, { headers: { authorization: 'Bearer x' } }, 'HIT'],
    ];
    for (const [name, first, second, expected] of cases) {
      test(name, async () => {
        const { send } = cached([{}]);
        assert.equal((await ask(send, first)).cache, 'MISS');
        assert.equal((await ask(send, second)).cache, expected);
      });
    }
  });

  test('answers HEAD without the body, and runs the Worker with GET', async () => {
    const { send, requests } = cached([{}]);
    assert.equal((await ask(send, { method: 'HEAD' })).body, '');
    assert.equal((await ask(send)).body, 'run 1');
    assert.deepEqual(
      requests.map(({ method }) => method),
      ['GET'],
    );
  });

  describe('with one store for a whole Worker, finds what is stored', () => {
    const cases: [name: string, options: Partial<WorkersCacheOptions>, expected: string][] = [
      ['for the same entrypoint, props and version', {}, 'HIT'],
      ['not for other props', { props: { sub: 'bob' } }, 'MISS'],
      ['not without props', { props: undefined }, 'MISS'],
      ['not for another entrypoint', { entrypoint: 'Other' }, 'MISS'],
      ['not for another version', { version: '2' }, 'MISS'],
    ];
    for (const [name, options, expected] of cases) {
      test(name, async () => {
        const entries: WorkersCacheEntries = new Map();
        const common = { entries, props: { sub: 'alice' }, entrypoint: 'Inner', version: '1' };
        await ask(cached([{}], common).send);
        assert.equal((await ask(cached([{}], { ...common, ...options }).send)).cache, expected);
      });
    }
  });

  describe('with Vary, finds what is stored', () => {
    const vary = 'Accept-Encoding, X-Pomerium-Jwt-Assertion';
    const both = { ...ALICE, 'accept-encoding': 'gzip, br' };
    const cases: [name: string, second: Record<string, string>, expected: string][] = [
      ['for the same values', both, 'HIT'],
      ['for another value of a header that is not named', { ...both, cookie: 'a=1' }, 'HIT'],
      ['not for another value', { ...both, ...BOB }, 'MISS'],
      ['not without the value', ALICE, 'MISS'],
      ['not for the same in other words', { ...both, 'accept-encoding': 'br, gzip' }, 'MISS'],
    ];
    for (const [name, headers, expected] of cases) {
      test(name, async () => {
        const { send } = cached([{ headers: { vary } }]);
        await ask(send, { headers: both });
        assert.equal((await ask(send, { headers })).cache, expected);
      });
    }

    test('for each of several values', async () => {
      const { send } = cached([{ headers: { vary } }]);
      for (const headers of [ALICE, BOB]) await ask(send, { headers });
      const bodies = [await ask(send, { headers: ALICE }), await ask(send, { headers: BOB })].map(({ body }) => body);
      assert.deepEqual(bodies, ['run 1', 'run 2']);
    });
  });

  describe('never stores', () => {
    const cases: [name: string, answer: Answer, request?: Ask][] = [
      ['private', keep('private, max-age=60')],
      ['no-store', keep('no-store')],
      ['a directive in capitals', keep('Private')],
      ['Set-Cookie', { headers: { 'set-cookie': 'a=1', 'cache-control': 'public, max-age=60' } }],
      ['Vary: *', { headers: { vary: '*' } }],
      ['an answer to Authorization', keep('max-age=60'), { headers: { authorization: 'Bearer x' } }],
      ['an answer to POST', keep('public, max-age=60'), { method: 'POST' }],
      ['an answer to a WebSocket upgrade', {}, { headers: { upgrade: 'websocket' } }],
      ['206', keep('public, max-age=60', { status: 206 })],
      ['520, which is Cloudflare’s own failure', keep('public, max-age=60', { status: 520 })],
      ['401 without Cache-Control', { status: 401 }],
      ['403 without Cache-Control', { status: 403 }],
      ['500 without Cache-Control', { status: 500 }],
      [
        'what Cloudflare-CDN-Cache-Control forbids, whatever the others say',
        {
          headers: {
            'cloudflare-cdn-cache-control': 'no-store',
            'cdn-cache-control': 'max-age=60',
            'cache-control': 'public, max-age=60',
          },
        },
      ],
      [
        'what CDN-Cache-Control forbids, whatever Cache-Control says',
        { headers: { 'cdn-cache-control': 'no-store', 'cache-control': 'public, max-age=60' } },
      ],
    ];
    for (const [name, answer, request] of cases) {
      test(name, async () => {
        const { send } = cached([answer]);
        assert.equal((await ask(send, request)).cache, 'BYPASS');
        const second = await ask(send, request);
        assert.deepEqual([second.cache, second.body], ['BYPASS', 'run 2']);
      });
    }
  });

  describe('stores', () => {
    const withAuthorization: Ask = { headers: { authorization: 'Bearer x' } };
    const cases: [name: string, seconds: number, answer: Answer, request?: Ask][] = [
      ['a 200 without Cache-Control for two hours', 2 * HOUR, {}],
      ['a 204 without Cache-Control for two hours', 2 * HOUR, { status: 204 }],
      ['a 301 without Cache-Control for twenty minutes', 1200, { status: 301 }],
      ['a 404 without Cache-Control for three minutes', 180, { status: 404 }],
      ['a 200 that only says public for two hours', 2 * HOUR, keep('public')],
      ['a 401 that has a max-age', 60, keep('max-age=60', { status: 401 })],
      ['for the max-age', 60, keep('public, max-age=60')],
      ['for the s-maxage before the max-age', 90, keep('max-age=60, s-maxage=90')],
      ['until Expires', 60, { headers: { expires: new Date((1_795_000_000 + 60) * 1000).toUTCString() } }],
      [
        'by CDN-Cache-Control before Cache-Control',
        30,
        { headers: { 'cdn-cache-control': 'max-age=30', 'cache-control': 'no-store' } },
      ],
      [
        'by Cloudflare-CDN-Cache-Control before both',
        10,
        {
          headers: {
            'cloudflare-cdn-cache-control': 'max-age=10',
            'cdn-cache-control': 'no-store',
            'cache-control': 'private',
          },
        },
      ],
      ['an answer to Authorization that is public', 60, keep('public, max-age=60'), withAuthorization],
      ['an answer to Authorization that has an s-maxage', 60, keep('s-maxage=60'), withAuthorization],
    ];
    for (const [name, seconds, answer, request] of cases) {
      test(name, async () => {
        const { send, clock } = cached([answer]);
        assert.equal((await ask(send, request)).cache, 'MISS');
        clock.now += seconds - 1;
        assert.equal((await ask(send, request)).cache, 'HIT');
        clock.now += 1;
        assert.equal((await ask(send, request)).cache, 'EXPIRED');
      });
    }

    const staleFromTheStart: [name: string, answer: Answer][] = [
      ['no-cache', keep('no-cache')],
      ['a 403 that only says public', keep('public', { status: 403 })],
    ];
    for (const [name, answer] of staleFromTheStart) {
      test(`${name} too, but asks the Worker each time`, async () => {
        const { send } = cached([answer]);
        const first = await ask(send);
        const second = await ask(send);
        assert.deepEqual([first.cache, first.body], ['MISS', 'run 1']);
        assert.deepEqual([second.cache, second.body], ['EXPIRED', 'run 2']);
      });
    }

    for (const directive of ['private="set-cookie"', 'no-cache="set-cookie"']) {
      test(`what says ${directive}, without that header`, async () => {
        const { send } = cached([{ headers: { 'set-cookie': 'a=1', 'cache-control': `max-age=60, ${directive}` } }]);
        assert.equal((await ask(send)).response.headers.get('set-cookie'), 'a=1');
        const { cache, response } = await ask(send);
        assert.deepEqual([cache, response.headers.get('set-cookie')], ['HIT', null]);
      });
    }
  });

  test('takes Cloudflare-CDN-Cache-Control out of every answer, and no other header', async () => {
    for (const value of ['no-store', 'max-age=60']) {
      const headers = { 'cloudflare-cdn-cache-control': value, 'cdn-cache-control': 'b', 'cache-control': 'c' };
      const { send } = cached([{ headers }]);
      for (const { response } of [await ask(send), await ask(send)]) {
        assert.isNull(response.headers.get('cloudflare-cdn-cache-control'));
        assert.equal(response.headers.get('cdn-cache-control'), 'b');
        assert.equal(response.headers.get('cache-control'), 'c');
      }
    }
  });

  describe('when the Worker fails after the answer has expired', () => {
    const DAY = 24 * HOUR;
    const failed = new Error('the Worker failed');
    const cases: [name: string, value: string | undefined, failure: Answer, expected: string][] = [
      ['serves it for ever', 'max-age=60', failed, 'STALE'],
      ['serves it for ever where nothing was said', undefined, failed, 'STALE'],
      ['serves it in place of a 500', 'max-age=60', { status: 500 }, 'STALE'],
      ['serves it in place of a 503', 'max-age=60', { status: 503 }, 'STALE'],
      ['serves it in place of a 501 that may be kept', 'max-age=60', keep('max-age=60', { status: 501 }), 'STALE'],
      ['serves it where it said no-cache', 'no-cache', failed, 'STALE'],
      ['serves it for the time of stale-if-error', `max-age=60, stale-if-error=${DAY}`, failed, 'STALE'],
      ['fails after the time of stale-if-error', 'max-age=60, stale-if-error=60', failed, 'failed'],
      ['fails at once with stale-if-error=0', 'max-age=60, stale-if-error=0', failed, 'failed'],
      ['fails with s-maxage', 's-maxage=60, stale-if-error=86400', failed, 'failed'],
      ['fails with must-revalidate', 'max-age=60, must-revalidate', failed, 'failed'],
      ['fails with proxy-revalidate', 'max-age=60, proxy-revalidate', failed, 'failed'],
      ['gives a refusal, which is no failure', 'max-age=60', { status: 401 }, 'BYPASS'],
    ];
    for (const [name, value, failure, expected] of cases) {
      test(name, async () => {
        const { send, clock } = cached([value === undefined ? {} : keep(value), failure]);
        await ask(send);
        clock.now += DAY;
        const { cache, body } = await ask(send).catch((error) => ({ cache: error === failed && 'failed', body: '' }));
        assert.equal(cache, expected);
        if (expected !== 'STALE') return;
        assert.equal(body, 'run 1');
        assert.equal((await ask(send)).body, 'run 1');
      });
    }

    test('has nothing to serve where nothing is stored', async () => {
      const { send } = cached([failed]);
      assert.equal(await ask(send).catch((error) => error), failed);
    });
  });

  describe('with stale-while-revalidate', () => {
    const cases: [name: string, value: string, age: number, expected: [cache: string, body: string]][] = [
      ['serves the old answer meanwhile', 'max-age=60, stale-while-revalidate=60', 119, ['UPDATING', 'run 1']],
      ['asks the Worker after that', 'max-age=60, stale-while-revalidate=60', 120, ['EXPIRED', 'run 2']],
      ['serves the old answer with no-cache too', 'no-cache, stale-while-revalidate=60', 1, ['UPDATING', 'run 1']],
      ['asks the Worker with s-maxage', 's-maxage=60, stale-while-revalidate=60', 61, ['EXPIRED', 'run 2']],
    ];
    for (const [name, value, age, expected] of cases) {
      test(name, async () => {
        const { send, clock, requests } = cached([keep(value)]);
        await ask(send);
        clock.now += age;
        const { cache, body } = await ask(send);
        assert.deepEqual([cache, body], expected);
        assert.lengthOf(requests, 2);
      });
    }
  });
});

describe('the cache of a zone', () => {
  const PDF: Ask = { url: '/reports/mine.pdf' };

  describe('finds what is stored', () => {
    const cases: [name: string, answer: Answer, first: Ask, second: Ask, expected: string][] = [
      ['for another assertion', {}, { ...PDF, headers: ALICE }, { ...PDF, headers: BOB }, 'HIT'],
      ['whatever Vary says', { headers: { vary: 'x-pomerium-jwt-assertion' } }, { ...PDF, headers: ALICE }, PDF, 'HIT'],
      ['for HEAD after GET', {}, PDF, { ...PDF, method: 'HEAD' }, 'HIT'],
      ['for a path that only looks like a file', {}, { url: '/account/x.css' }, { url: '/account/x.css' }, 'HIT'],
      ['for an extension in capitals', {}, { url: '/a.CSV' }, { url: '/a.CSV' }, 'HIT'],
      ['for robots.txt', {}, { url: '/robots.txt' }, { url: '/robots.txt' }, 'HIT'],
      ['not for another query', {}, { url: '/a.js?v=1' }, { url: '/a.js?v=2' }, 'MISS'],
      ['not for another host', {}, PDF, { url: `https://two.example${PDF.url}` }, 'MISS'],
      ['not for cache: no-store', {}, PDF, { ...PDF, cache: 'no-store' }, 'BYPASS'],
    ];
    for (const [name, answer, first, second, expected] of cases) {
      test(name, async () => {
        const send = zoneCache(server(answer).send);
        assert.equal((await ask(send, first)).cache, 'MISS');
        assert.equal((await ask(send, second)).cache, expected);
      });
    }
  });

  describe('never stores', () => {
    const cases: [name: string, answer: Answer, request: Ask, expected: string][] = [
      ['an answer to cache: no-store', keep('public, max-age=60'), { ...PDF, cache: 'no-store' }, 'BYPASS'],
      ['an answer to POST', {}, { ...PDF, method: 'POST' }, 'BYPASS'],
      ['HTML or JSON, even if public', keep('public, max-age=60'), { url: '/inbox' }, 'DYNAMIC'],
      ['another extension', {}, { url: '/inbox.json' }, 'DYNAMIC'],
      ['an extension in the query only', {}, { url: '/inbox?x=.pdf' }, 'DYNAMIC'],
      ['private', keep('private'), PDF, 'BYPASS'],
      ['no-store', keep('no-store'), PDF, 'BYPASS'],
      [
        'what Cloudflare-CDN-Cache-Control forbids',
        { headers: { 'cloudflare-cdn-cache-control': 'no-store' } },
        PDF,
        'BYPASS',
      ],
      ['Set-Cookie', { headers: { 'set-cookie': 'a=1' } }, PDF, 'BYPASS'],
      ['an answer to Authorization', {}, { ...PDF, headers: { authorization: 'Bearer x' } }, 'BYPASS'],
      ['a 403', { status: 403 }, PDF, 'BYPASS'],
    ];
    for (const [name, answer, request, expected] of cases) {
      test(name, async () => {
        const send = zoneCache(server(answer).send);
        for (const body of ['run 1', 'run 2']) {
          const result = await ask(send, request);
          assert.deepEqual([result.cache, result.body], [expected, body]);
        }
      });
    }
  });

  const lifetimes: [name: string, seconds: number, answer: Answer][] = [
    ['a file without Cache-Control for two hours', 2 * HOUR, {}],
    ['a file for its max-age', 60, keep('max-age=60')],
    ['a 404 for three minutes', 180, { status: 404 }],
  ];
  for (const [name, seconds, answer] of lifetimes) {
    test(`keeps ${name}`, async () => {
      const clock = { now: 0 };
      const send = zoneCache(server(answer).send, { now: () => clock.now });
      await ask(send, PDF);
      clock.now += seconds - 1;
      assert.equal((await ask(send, PDF)).cache, 'HIT');
      clock.now += 1;
      assert.equal((await ask(send, PDF)).cache, 'EXPIRED');
    });
  }

  for (const value of ['no-cache', 'max-age=0']) {
    test(`asks the origin each time for a file with ${value}`, async () => {
      const send = zoneCache(server(keep(value)).send);
      assert.deepEqual([(await ask(send, PDF)).body, (await ask(send, PDF)).body], ['run 1', 'run 2']);
    });
  }
});
