import { Hono } from 'hono';
import { afterEach, assert, describe, test } from 'vitest';
import { createGuard, type GuardOptions } from '../../../adapters/cloudflare/index.ts';
import { pomerium } from '../../../adapters/hono/index.ts';
import type { GateOptions } from '../../../core/adapter.ts';
import { type Identity, staticKeys } from '../../../core/index.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW, sign } from '../../support/issuer.ts';
import { type WorkersCacheEntries, workersCache } from '../../support/workers-cache.ts';
import { zoneCache } from '../../support/zone-cache.ts';
import { type Code, PROTECT, type Protected } from './protected.ts';

const options: GateOptions<Request> = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const bob = { [ASSERTION]: await sign(key, { sub: 'u-bob', user: 'u-bob' }) };

/** All that a cache of Cloudflare's may stand before. */
const ALL: typeof PROTECT = {
  ...PROTECT,
  'pomerium() of Hono': (code, given) => {
    const app = new Hono<{ Variables: { identity: Identity | undefined } }>().use(pomerium(() => given));
    app.all('*', (c) => code(c.req.raw, c.var.identity?.subject ?? 'nobody'));
    return async (request, env) => app.fetch(request, env);
  },
};

/** What the code sets on its answers: each would let a shared cache keep them. */
const ANSWERS: [name: string, status: number, headers: Record<string, string>][] = [
  ['nothing', 200, {}],
  ['nothing, on a 404', 404, {}],
  ['nothing, on a 301', 301, { location: '/' }],
  ['public', 200, { 'cache-control': 'public, max-age=600' }],
  ['s-maxage', 200, { 'cache-control': 's-maxage=600' }],
  ['immutable', 200, { 'cache-control': 'public, max-age=31536000, immutable' }],
  ['stale-while-revalidate', 200, { 'cache-control': 'max-age=60, stale-while-revalidate=600, stale-if-error=600' }],
  ['no-cache, which is kept for errors', 200, { 'cache-control': 'no-cache' }],
  ['Expires', 200, { expires: new Date((NOW + 600) * 1000).toUTCString() }],
  ['CDN-Cache-Control', 200, { 'cdn-cache-control': 'max-age=600' }],
  ['Cloudflare-CDN-Cache-Control', 200, { 'cloudflare-cdn-cache-control': 'max-age=600' }],
  ['a Vary of its own', 200, { vary: 'accept-encoding', 'cache-control': 'public, max-age=600' }],
];

/** A Worker, behind a cache, that says for whom it answers. */
function behindCache(
  protect: (typeof PROTECT)[string],
  status: number,
  headers: Record<string, string>,
  more: GateOptions<Request> = {},
) {
  const entries: WorkersCacheEntries = new Map();
  const code: Code = (_request, who) => new Response(who, { status, headers });
  const worker = protect(code, { ...options, ...more });
  const cached = workersCache((request) => worker(request, {}), { now: () => NOW, entries });
  const ask = async (sent: Record<string, string>, path = '/statement.pdf') => {
    const response = await cached(new Request(`https://${HOST}${path}`, { headers: sent, redirect: 'manual' }));
    return { status: response.status, body: await response.text(), cache: response.headers.get('cf-cache-status') };
  };
  return { ask, entries, worker };
}

for (const [name, protect] of Object.entries(ALL)) {
  describe(`${name}, behind Workers Cache:`, () => {
    for (const [what, status, headers] of ANSWERS) {
      test(`what Alice got is for nobody else, where the code sets ${what}`, async () => {
        const { ask, entries } = behindCache(protect, status, headers);
        for (const [sender, who] of [
          [SENDERS.alice, 'u-alice'],
          [bob, 'u-bob'],
          [SENDERS.alice, 'u-alice'],
        ] as const) {
          assert.deepEqual(await ask(sender), { status, body: who, cache: 'BYPASS' });
        }
        assert.equal((await ask({})).status, 401);
        assert.equal((await ask(SENDERS.expired)).status, 401);
        assert.equal(entries.size, 0);
      });
    }

    test('what nobody got on a public path is not for Alice', async () => {
      const { ask } = behindCache(
        protect,
        200,
        { 'cache-control': 'public, max-age=600' },
        { rules: [{ prefix: '/', access: 'public' }] },
      );
      assert.equal((await ask({})).body, 'nobody');
      assert.equal((await ask(SENDERS.alice)).body, 'u-alice');
    });

    test('control: what is shared is for everybody', async () => {
      const { ask } = behindCache(protect, 200, {}, { shared: true });
      assert.equal((await ask(SENDERS.alice)).cache, 'MISS');
      for (const sender of [bob, {}, SENDERS.expired]) {
        assert.deepEqual(await ask(sender), { status: 200, body: 'u-alice', cache: 'HIT' });
      }
    });

    const refusals: [what: string, more: GateOptions<Request>, sender: Record<string, string>, status: number][] = [
      ['a refusal', {}, {}, 401],
      ['a refusal where the answers are shared', { shared: true }, {}, 401],
      ['the page', {}, { accept: 'text/html' }, 401],
      ['a refusal by rules', { rules: [{ path: '/other', access: 'public' }] }, SENDERS.alice, 403],
      [
        'an answer of onRefused that says it may be kept',
        {
          onRefused: () =>
            new Response('mine', {
              status: 404,
              headers: { 'cache-control': 'public', 'cdn-cache-control': 'max-age=600' },
            }),
        },
        {},
        404,
      ],
      ['a wrong configuration', { optional: true, rules: [] }, SENDERS.alice, 500],
      ['a mistake', { keys: { find: () => JSON.parse('no JSON'), ready: async () => {} } }, SENDERS.alice, 500],
    ];
    for (const [what, more, sender, status] of refusals) {
      test(`${what} is never stored`, async () => {
        const error = console.error;
        console.error = () => {};
        const { ask, entries } = behindCache(protect, 200, {}, more);
        const first = await ask(sender);
        console.error = error;
        assert.deepEqual([first.status, first.cache], [status, 'BYPASS']);
        assert.equal(entries.size, 0);
      });
    }
  });

  test(`${name}, behind the cache of a zone: what looks like a file is for Alice alone`, async () => {
    const worker: Protected = protect((_request, who) => new Response(who), options);
    const cached = zoneCache((request) => worker(request, {}));
    const ask = async (headers: Record<string, string>) =>
      (await cached(new Request(`https://${HOST}/statement.pdf`, { headers }))).text();
    assert.equal(await ask(SENDERS.alice), 'u-alice');
    assert.equal(await ask(bob), 'u-bob');
    assert.include(await ask({}), 'missing_assertion');
  });
}

describe('createGuard, before the cache of a zone:', () => {
  const fetchBefore = globalThis.fetch;
  afterEach(() => {
    globalThis.fetch = fetchBefore;
  });

  /** A guard whose requests go to an origin through the zone's cache. The origin tells for whom it answers. */
  function guardBeforeCache(guardOptions: GuardOptions, env: object = {}) {
    const statuses: (string | null)[] = [];
    const zone = zoneCache(async ({ url, headers, method }) => {
      const who = headers.get('x-pomerium-claim-user') ?? 'nobody';
      return new Response(method === 'HEAD' ? null : `${who} ${url}`);
    });
    globalThis.fetch = async (input, init) => {
      const response = await zone(new Request(input as Request, init as RequestInit));
      statuses.push(response.headers.get('cf-cache-status'));
      return response;
    };
    const guard = createGuard<object>({ ...options, ...guardOptions });
    const ask = async (headers: Record<string, string>) => {
      const request = new Request(`https://${HOST}/statement.pdf`, { headers });
      return (await guard.fetch(request, env, { waitUntil: () => {} })).text();
    };
    return { ask, statuses };
  }

  const guards: [name: string, options: GuardOptions, env: object, origin: string][] = [
    ['to the origin of its route', { upstream: 'route' }, {}, `https://${HOST}`],
    ['to an origin', { upstream: 'https://origin.example' }, {}, 'https://origin.example'],
    ['to an origin of the environment', {}, { POMERIUM_UPSTREAM: 'https://origin.example' }, 'https://origin.example'],
    [
      'with upstreamCache: false',
      { upstream: 'route', upstreamCache: false },
      { POMERIUM_UPSTREAM_CACHE: 'true' },
      `https://${HOST}`,
    ],
    [
      'with POMERIUM_UPSTREAM_CACHE=false',
      { upstream: 'route' },
      { POMERIUM_UPSTREAM_CACHE: 'false' },
      `https://${HOST}`,
    ],
  ];
  for (const [name, guardOptions, env, origin] of guards) {
    test(`Alice's /statement.pdf is for her alone ${name}`, async () => {
      const { ask, statuses } = guardBeforeCache(guardOptions, env);
      assert.equal(await ask(SENDERS.alice), `u-alice ${origin}/statement.pdf`);
      assert.equal(await ask(bob), `u-bob ${origin}/statement.pdf`);
      assert.deepEqual(statuses, ['BYPASS', 'BYPASS']);
    });
  }

  for (const [name, guardOptions, env] of [
    ['upstreamCache: true', { upstreamCache: true }, {}],
    ['POMERIUM_UPSTREAM_CACHE=true', {}, { POMERIUM_UPSTREAM_CACHE: 'true' }],
    ['POMERIUM_UPSTREAM_CACHE as a boolean', {}, { POMERIUM_UPSTREAM_CACHE: true }],
  ] as const) {
    test(`control: with ${name} the cache gives it to Bob, too`, async () => {
      const { ask, statuses } = guardBeforeCache({ upstream: 'route', ...guardOptions }, env);
      for (const sender of [SENDERS.alice, bob]) assert.include(await ask(sender), 'u-alice');
      assert.deepEqual(statuses, ['MISS', 'HIT']);
    });
  }
});
