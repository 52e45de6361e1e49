import { createHash } from 'node:crypto';
import { getCache } from '@vercel/functions';
import { afterAll, afterEach, assert, describe, test } from 'vitest';
import {
  createMiddleware,
  createRefreshRoute,
  edgeConfigStore,
  type RefreshRouteOptions,
  runtimeCacheStore,
} from '../../../adapters/vercel/index.ts';
import { type PomeriumEvent, tieredStore } from '../../../core/index.ts';
import { freePort } from '../../../scripts/free-port.ts';
import { serve } from '../../../scripts/start/server.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';

const key = await makeKey();
const token = await sign(key, { exp: 9e9 });
const request = () => new Request('https://app.vercel.app/', { headers: { 'x-pomerium-jwt-assertion': token } });

const closed = `http://127.0.0.1:${await freePort()}`;
const CONTEXT = Symbol.for('@vercel/request-context');
const environment = new Set<string>();
function setEnvironment(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    process.env[name] = value;
    environment.add(name);
  }
}
afterEach(() => {
  for (const name of environment) delete process.env[name];
  Reflect.deleteProperty(globalThis, CONTEXT);
});

/** A Runtime Cache as Vercel lends it to requests. */
class RuntimeCache {
  readonly entries = new Map<string, unknown>();
  readonly options: unknown[] = [];
  async get(name: string) {
    return this.entries.get(name) ?? null;
  }
  async set(name: string, value: unknown, options?: object) {
    this.entries.set(name, value);
    this.options.push(options);
  }
}

function lend(cache: RuntimeCache): void {
  Object.assign(globalThis, { [CONTEXT]: { get: () => ({ cache }) } });
}

describe('runtimeCacheStore()', () => {
  test('keeps values under a namespace and a strong hash of the key, for as long as they are of use', async () => {
    const cache = new RuntimeCache();
    lend(cache);
    const store = runtimeCacheStore();
    assert.isNull(await store.getItem('a'));
    await store.setItem('a', 'value', { ttl: 59.5 });
    assert.equal(await store.getItem('a'), 'value');
    assert.isNull(await store.getItem('b'));
    assert.match([...cache.entries.keys()].join(), /^pomerium-edge\$[0-9a-f]{64}$/);
    assert.deepEqual(cache.options, [{ ttl: 60, name: 'Pomerium key set' }]);
  });

  test('keeps namespaces apart', async () => {
    lend(new RuntimeCache());
    await runtimeCacheStore({ namespace: 'one' }).setItem('a', '1');
    assert.isNull(await runtimeCacheStore({ namespace: 'two' }).getItem('a'));
    assert.equal(await runtimeCacheStore({ namespace: 'one' }).getItem('a'), '1');
  });

  test('keeps apart two keys that the platform’s own hash takes for one', async () => {
    // Two strings with the same 32-bit hash under @vercel/functions' default.
    const weak = (text: string) => [...text].reduce((hash, c) => Math.imul(hash, 33) ^ c.charCodeAt(0), 5381) >>> 0;
    const [one, other] = collision(weak);
    assert.equal(weak(one), weak(other));
    lend(new RuntimeCache());
    const store = runtimeCacheStore();
    await store.setItem(one, 'mine');
    assert.isNull(await store.getItem(other));
  });

  test('is the cache that @vercel/functions reads', async () => {
    lend(new RuntimeCache());
    await runtimeCacheStore().setItem('a', 'value');
    const hash = createHash('sha256').update('a').digest('hex');
    const vercels = getCache({ namespace: 'pomerium-edge', keyHashFunction: (name) => name });
    assert.equal(await vercels.get(hash), 'value');
  });

  test('where Vercel lends none, holds nothing', async () => {
    const store = runtimeCacheStore();
    await store.setItem('a', 'value');
    assert.isNull(await store.getItem('a'));
  });
});

describe('on Vercel, without options', () => {
  test('instances share the keys through the Runtime Cache that the request brings', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const cache = new RuntimeCache();
    lend(cache);
    setEnvironment({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url });
    for (let i = 0; i < 5; i++) {
      // With a clock of its own none shares its memory with another.
      const answer = await createMiddleware({ now: () => NOW })(request());
      assert.equal(answer.status, 200);
    }
    assert.equal(await origin.count(), 1);
    assert.include(String([...cache.entries.values()]), key.kid);
  });

  test('what another has put there under our key is a miss: it is bound to the URL', async () => {
    const [mine, strange] = [await Origin.start(jwksAnswer(jwks(key))), await makeKey()];
    const cache = new RuntimeCache();
    lend(cache);
    setEnvironment({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: mine.url });
    await createMiddleware({ now: () => NOW })(request());
    const [[name, held] = []] = cache.entries;
    const forged = { ...JSON.parse(String(held)), url: 'https://other.test/', document: JSON.stringify(jwks(strange)) };
    cache.entries.set(String(name), JSON.stringify(forged));
    assert.equal((await createMiddleware({ now: () => NOW, log: false })(request())).status, 200);
    assert.equal(await mine.count(), 2);
  });
});

/** An Edge Config as its client reads it, and Vercel's API as it is written through, in one. */
const items = new Map<string, string>();
interface Patch {
  url: string;
  authorization: string | undefined;
  body: { items: { operation: string; key: string; value: string }[] };
}
const patches: Patch[] = [];
const WRITTEN = { status: 200, body: { status: 'ok' } as unknown };
let apiAnswer = WRITTEN;
const vercel = await serve(async (incoming, response) => {
  let body = '';
  for await (const chunk of incoming) body += chunk;
  const url = new URL(incoming.url ?? '', 'http://a');
  const json = (status: number, value: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (incoming.method === 'PATCH') {
    const { authorization } = incoming.headers;
    patches.push({ url: url.pathname + url.search, authorization, body: JSON.parse(body) });
    if (apiAnswer === WRITTEN) for (const item of JSON.parse(body).items) items.set(item.key, item.value);
    json(apiAnswer.status, apiAnswer.body);
  } else if (url.pathname.startsWith('/unauthorized')) {
    json(401, {});
  } else {
    const item = items.get(url.pathname.split('/').at(-1) ?? '');
    response.setHeader('x-edge-config-digest', 'd');
    json(item === undefined ? 404 : 200, item ?? { error: { code: 'edge_config_item_not_found' } });
  }
});
afterAll(() => vercel.close());
const connection = { EDGE_CONFIG: `${vercel.url}/ecfg_test?token=read-token` };

describe('edgeConfigStore(), over the real client', () => {
  test('reads what the refresh route wrote, and writes nothing', async () => {
    setEnvironment(connection);
    const store = edgeConfigStore();
    await store.setItem('a', 'value');
    assert.isNull(await store.getItem('a'));
    assert.lengthOf(patches, 0);
  });

  test('without a connection string is an event and a miss', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    setEnvironment({ POMERIUM_JWKS_URL: origin.url });
    const events: PomeriumEvent[] = [];
    const options = {
      audience: HOST,
      now: () => NOW,
      onEvent: (event: PomeriumEvent) => events.push(event),
      log: false,
    };
    const answer = await createMiddleware({ ...options, store: edgeConfigStore() })(request());
    assert.equal(answer.status, 200);
    assert.deepInclude(
      events.find(({ type }) => type === 'store_failed'),
      { operation: 'get', reason: 'threw', message: 'EDGE_CONFIG is not set: connect an Edge Config to the project.' },
    );
  });
});

describe('createRefreshRoute()', () => {
  const cron = { ...connection, CRON_SECRET: 's'.repeat(32), POMERIUM_EDGE_CONFIG_TOKEN: 'write-token' };
  const call = (route: (request: Request) => Promise<Response>, authorization = `Bearer ${cron.CRON_SECRET}`) =>
    route(new Request('https://app.vercel.app/api/pomerium-keys', { headers: { authorization } }));
  /** What it tells the cron's log. */
  async function logged(work: () => Promise<Response>): Promise<{ response: Response; log: string }> {
    const lines: unknown[] = [];
    const { error } = console;
    console.error = (line: unknown) => lines.push(line);
    try {
      return { response: await work(), log: lines.join('\n') };
    } finally {
      console.error = error;
    }
  }

  test('writes the keys through Vercel’s API when they changed or grow old, and middleware reads them', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    setEnvironment({
      ...cron,
      POMERIUM_AUDIENCE: HOST,
      POMERIUM_JWKS_URL: origin.url,
      POMERIUM_EDGE_CONFIG_TEAM: 'team_1',
    });
    let now = NOW;
    const route = createRefreshRoute({ api: vercel.url, now: () => now });
    const written: number[] = [];
    for (let minutes = 0; minutes <= 6; minutes += 1) {
      now = NOW + minutes * 60;
      const response = await call(route);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('cache-control'), 'no-store');
      written.push((await response.json()).written);
    }
    assert.deepEqual(written, [1, 0, 0, 1, 0, 0, 1], 'every three minutes');
    assert.equal(patches[0]?.url, '/v1/edge-config/ecfg_test/items?teamId=team_1');
    assert.equal(patches[0]?.authorization, 'Bearer write-token');
    const [item] = patches[0]?.body.items ?? [];
    assert.equal(item?.operation, 'upsert');
    assert.match(item?.key ?? '', /^pomerium-edge-[0-9a-f]{64}$/);

    const before = await origin.count();
    const middleware = createMiddleware({ now: () => now, store: edgeConfigStore() });
    assert.equal((await middleware(request())).status, 200);
    assert.equal(await origin.count(), before, 'nobody asked Pomerium');

    await origin.answer(jwksAnswer(jwks(await makeKey(), key)));
    now += 120;
    assert.deepEqual(
      await (await call(route)).json(),
      { refreshed: true, written: 1 },
      'at once when the keys changed',
    );
  });

  test('is only for who knows the secret', async () => {
    setEnvironment({ ...cron, POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: (await Origin.start()).url });
    const route = createRefreshRoute({ api: vercel.url });
    const before = patches.length;
    for (const authorization of ['', 'Bearer ', 'Bearer undefined', `Bearer ${cron.CRON_SECRET}x`, cron.CRON_SECRET]) {
      const response = await call(route, authorization);
      assert.equal(response.status, 401);
      assert.deepEqual(await response.json(), { refreshed: false });
    }
    assert.lengthOf(patches, before);
  });

  test('without the secret, the token or the Edge Config lets nobody in and says what to set', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    for (const name of ['CRON_SECRET', 'POMERIUM_EDGE_CONFIG_TOKEN', 'EDGE_CONFIG']) {
      items.clear();
      setEnvironment({ ...cron, POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url });
      delete process.env[name];
      const { response, log } = await logged(() => call(createRefreshRoute({ api: vercel.url, onEvent: () => {} })));
      assert.equal(response.status, 500, name);
      assert.match(log, new RegExp(`${name} is not set`));
    }
  });

  describe('what fails is a 500 with a code, and the log says which request and why', () => {
    interface Failure {
      readonly name: string;
      readonly origin?: Parameters<typeof Origin.start>[0];
      readonly variables?: Readonly<Record<string, string>>;
      readonly options?: RefreshRouteOptions;
      readonly api?: { readonly status: number; readonly body: unknown };
      readonly code: string;
      readonly request?: RegExp;
      readonly message: RegExp;
    }
    const failures: Failure[] = [
      {
        name: 'Pomerium answers with an error',
        origin: { status: 500 },
        code: 'keys_unavailable',
        request: /^GET http:.*\/jwks\//,
        message: /^The JWKS URL answers with status 500\. Can Pomerium use its signing_key\?$/,
      },
      {
        name: 'Pomerium cannot be reached',
        variables: { POMERIUM_JWKS_URL: `${closed}/jwks` },
        code: 'keys_unavailable',
        request: /^GET http:.*\/jwks$/,
        message: /^The JWKS could not be fetched: the connection was refused \(ECONNREFUSED\)/,
      },
      {
        name: 'the Edge Config cannot be reached',
        variables: { EDGE_CONFIG: `${closed}/ecfg_test?token=read-token` },
        code: 'edge_config_unreadable',
        request: /^GET the Edge Config ecfg_test$/,
        message: /^The Edge Config could not be read: the connection was refused/,
      },
      {
        name: 'the Edge Config refuses its token',
        variables: { EDGE_CONFIG: `${vercel.url}/unauthorized/ecfg_test?token=read-token` },
        code: 'edge_config_unreadable',
        request: /^GET the Edge Config ecfg_test$/,
        message: /^The Edge Config could not be read: Error: @vercel\/edge-config: Unauthorized\.$/,
      },
      {
        name: 'Vercel’s API cannot be reached',
        options: { api: closed },
        code: 'edge_config_unwritable',
        request: /^PATCH http:.*\/v1\/edge-config\/ecfg_test\/items$/,
        message: /^Vercel's API could not be reached: the connection was refused \(ECONNREFUSED\)/,
      },
      {
        name: 'Vercel’s API refuses the token',
        api: { status: 403, body: { error: { code: 'forbidden', message: 'write-token' } } },
        code: 'edge_config_unwritable',
        request: /^PATCH http:.*\/v1\/edge-config\/ecfg_test\/items$/,
        message: /^Vercel's API answered 403 \(forbidden\): the token of POMERIUM_EDGE_CONFIG_TOKEN may not write/,
      },
      {
        name: 'Vercel’s API says no more than a status',
        api: { status: 502, body: 'Bad Gateway' },
        code: 'edge_config_unwritable',
        request: /^PATCH /,
        message: /^Vercel's API answered 502\.$/,
      },
      {
        name: 'the audience is not set',
        variables: { POMERIUM_AUDIENCE: '' },
        code: 'invalid_configuration',
        message: /POMERIUM_AUDIENCE/,
      },
    ];
    for (const { name, variables, options, api, code, request: asked, message, ...given } of failures) {
      test(name, async () => {
        items.clear();
        const origin = await Origin.start(given.origin ?? jwksAnswer(jwks(key)));
        setEnvironment({ ...cron, POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url, ...variables });
        const before = patches.length;
        apiAnswer = api ?? apiAnswer;
        try {
          const route = createRefreshRoute({ api: vercel.url, now: () => NOW, onEvent: () => {}, ...options });
          const { response, log } = await logged(() => call(route));
          assert.equal(response.status, 500);
          assert.deepEqual(await response.json(), { refreshed: false, code });
          const line = JSON.parse(log);
          assert.include(line, { type: 'edge_config_not_refreshed', code });
          assert.match(line.message, message);
          if (asked) assert.match(line.request, asked);
          for (const secret of [cron.CRON_SECRET, 'write-token', 'read-token']) assert.notInclude(log, secret);
        } finally {
          apiAnswer = WRITTEN;
        }
        assert.equal(items.size, 0);
        if (!api) assert.lengthOf(patches, before);
      });
    }
  });
});

test('several tiers: what the far one has, the near one is given', async () => {
  const origin = await Origin.start(jwksAnswer(jwks(key)));
  const cache = new RuntimeCache();
  lend(cache);
  setEnvironment({
    ...connection,
    CRON_SECRET: 'c',
    POMERIUM_EDGE_CONFIG_TOKEN: 't',
    POMERIUM_AUDIENCE: HOST,
    POMERIUM_JWKS_URL: origin.url,
  });
  const now = () => NOW;
  const headers = { authorization: 'Bearer c' };
  await createRefreshRoute({ api: vercel.url, now })(new Request('https://a.test/', { headers }));
  const before = await origin.count();
  const store = tieredStore(runtimeCacheStore(), edgeConfigStore());
  assert.equal((await createMiddleware({ now, store })(request())).status, 200);
  assert.equal(await origin.count(), before);
  assert.lengthOf([...cache.entries], 1);
});

/** Two texts that a 32-bit hash takes for one: among 300,000 there are some. */
function collision(hash: (text: string) => number): [string, string] {
  const seen = new Map<number, string>();
  for (let i = 0; i < 300_000; i++) {
    const text = `https://${(i * 2654435761).toString(36)}.example.com/`;
    const other = seen.get(hash(text));
    if (other !== undefined) return [other, text];
    seen.set(hash(text), text);
  }
  throw new Error('no collision');
}
