import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { bundleWorker } from '../../scripts/bundle-worker.ts';
import { serve } from '../../scripts/start/server.ts';
import { startUpstream } from '../../scripts/start/upstream.ts';
import { HOST, jwks, makeKey, NOW, sign, type TestKey } from '../support/issuer.ts';
import { startWorkers, type Workers } from './workers.ts';

const ISOLATES = 20;

/** Pomerium's JWKS endpoint, with what it answers and how often it was asked. */
async function startPomerium(...keys: TestKey[]) {
  const state = { keys, isDown: false, hits: 0 };
  const server = await serve((_, response) => {
    state.hits += 1;
    if (state.isDown) response.writeHead(503).end();
    else response.writeHead(200, { 'cache-control': 'max-age=60' }).end(JSON.stringify(jwks(...state.keys)));
  });
  return { ...state, state, url: `${server.url}/jwks.json`, close: server.close };
}

interface KvListing {
  list(): Promise<{ keys: { name: string }[] }>;
  get(name: string): Promise<string | null>;
}
interface Cron {
  scheduled(options: { scheduledTime: Date; cron: string }): Promise<unknown>;
}

let contents: string;
const upstream = await startUpstream();
beforeAll(async () => {
  contents = (await bundleWorker({ entry: 'test/e2e/clocked-guard.ts' })).code;
});
afterAll(() => upstream.close());

/** Fresh isolates of the guard, and nothing in their cache or KV. */
async function withIsolates(
  use: (rig: {
    pomerium: Awaited<ReturnType<typeof startPomerium>>['state'];
    key: TestKey;
    workers: Workers;
    /** The statuses of so many requests at once, spread over all isolates, each with a token of its own. */
    burst(count: number, options: { key: TestKey; at?: number }): Promise<Map<number, number>>;
  }) => Promise<void>,
  kv = true,
): Promise<void> {
  const key = await makeKey();
  const { state: pomerium, url, close } = await startPomerium(key);
  const workers = await startWorkers(contents, ISOLATES, {
    bindings: { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: url, POMERIUM_UPSTREAM: upstream.url },
    ...(kv && { kvNamespaces: { POMERIUM_JWKS_KV: 'jwks' } }),
  });
  const burst = async (count: number, { key, at = 0 }: { key: TestKey; at?: number }) => {
    const tally = new Map<number, number>();
    const send = async (i: number) => {
      const token = await sign(key, { iat: NOW + at, exp: NOW + at + 300 });
      const headers = { 'x-pomerium-jwt-assertion': token, 'x-test-clock': String(NOW + at) };
      const response = await fetch(`${workers.urls[i % ISOLATES]}/`, { headers });
      await response.arrayBuffer();
      tally.set(response.status, (tally.get(response.status) ?? 0) + 1);
    };
    await Promise.all(Array.from({ length: count }, (_, i) => send(i)));
    return tally;
  };
  try {
    await use({ pomerium, key, workers, burst });
  } finally {
    await workers.miniflare.dispose();
    await close();
  }
}

describe('20 isolates with one cache and one KV namespace', () => {
  test('1,200 requests in five max-ages ask for the keys five times', () =>
    withIsolates(async ({ pomerium, key, burst }) => {
      for (let round = 0; round < 5; round++) {
        const hits = pomerium.hits;
        assert.deepEqual(await burst(200, { key, at: round * 61 }), new Map([[200, 200]]), `round ${round}`);
        // What is stale is used at once, and refreshed in the background: who comes later finds it fresh.
        while (pomerium.hits === hits) await new Promise((resolve) => setTimeout(resolve, 10));
        assert.deepEqual(await burst(40, { key, at: round * 61 + 1 }), new Map([[200, 40]]), `round ${round}`);
      }
      assert.equal(pomerium.hits, 5);
    }));

  test('the cache alone is enough for that', () =>
    withIsolates(async ({ pomerium, key, burst }) => {
      assert.deepEqual(await burst(200, { key }), new Map([[200, 200]]));
      assert.equal(pomerium.hits, 1);
    }, false));

  test('a rotation under load loses no request and costs three more at most', () =>
    withIsolates(async ({ pomerium, key, burst }) => {
      await burst(100, { key });
      assert.equal(pomerium.hits, 1);
      const next = await makeKey();
      pomerium.keys = [next, key];
      const [before, after] = await Promise.all([burst(200, { key, at: 5 }), burst(200, { key: next, at: 5 })]);
      assert.deepEqual([before, after], [new Map([[200, 200]]), new Map([[200, 200]])]);
      assert.isAtMost(pomerium.hits, 1 + 3);
    }));

  test('a flood of unknown key ids costs three requests, lets nobody in, and good tokens go on', () =>
    withIsolates(async ({ pomerium, key, burst }) => {
      await burst(100, { key });
      const strangers = await Promise.all(Array.from({ length: 5 }, () => makeKey()));
      const bursts = [...strangers.map((stranger) => burst(40, { key: stranger, at: 5 })), burst(200, { key, at: 5 })];
      const tallies = await Promise.all(bursts);
      assert.deepEqual(tallies.at(-1), new Map([[200, 200]]));
      for (const tally of tallies.slice(0, -1)) {
        assert.equal((tally.get(401) ?? 0) + (tally.get(503) ?? 0), 40);
      }
      assert.isAtMost(pomerium.hits, 1 + 3);
    }));

  test('an outage is bridged with old keys within staleIfError, and then everything is a 503', () =>
    withIsolates(async ({ pomerium, key, burst }) => {
      await burst(40, { key });
      pomerium.isDown = true;
      assert.deepEqual(await burst(40, { key, at: 300 }), new Map([[200, 40]]), 'stale');
      assert.deepEqual(await burst(40, { key, at: 3600 }), new Map([[200, 40]]), 'old');
      assert.deepEqual(await burst(40, { key, at: 3662 }), new Map([[503, 40]]), 'expired');
      pomerium.isDown = false;
      assert.deepEqual(await burst(40, { key, at: 3700 }), new Map([[200, 40]]), 'and back');
    }));

  test('the schedule keeps KV warm, and writes only what is new or about to be of no use', () =>
    withIsolates(async ({ pomerium, key, workers, burst }) => {
      // Miniflare's own types want those of a particular Workers runtime.
      const kv = (await workers.miniflare.getKVNamespace('POMERIUM_JWKS_KV', 'isolate-0')) as unknown as KvListing;
      const stored = async () => {
        const [{ name = '' } = {}] = (await kv.list()).keys;
        return JSON.parse((await kv.get(name)) ?? '{}').fetchedAt - NOW;
      };
      const cron = (await workers.miniflare.getWorker('isolate-0')) as unknown as Cron;
      const times: number[] = [];
      for (let at = 0; at <= 600; at += 61) {
        await cron.scheduled({ scheduledTime: new Date((NOW + at) * 1000), cron: '* * * * *' });
        times.push(await stored());
      }
      assert.deepEqual(times, [0, 0, 0, 183, 183, 183, 366, 366, 366, 549]);
      pomerium.keys = [await makeKey(), key];
      await cron.scheduled({ scheduledTime: new Date((NOW + 671) * 1000), cron: '* * * * *' });
      assert.equal(await stored(), 671, 'a changed key set is written at once');
      const hits = pomerium.hits;
      assert.deepEqual(await burst(20, { key, at: 672 }), new Map([[200, 20]]));
      assert.equal(pomerium.hits, hits, 'cold isolates take it from there');
    }));
});
