import { afterEach, assert, beforeEach, describe, test, vi } from 'vitest';
import { cacheStore } from '../../core/keys/stores/cache.ts';
import { storeKey } from '../../core/keys/stores/store.ts';

/** The Cache API as far as the store uses it, which Node.js does not have. The real one is in test/adapters/cloudflare. */
class MemoryCaches {
  readonly entries = new Map<string, Map<string, { body: string; headers: Headers }>>();

  async open(name: string) {
    const entries = this.entries.get(name) ?? new Map<string, { body: string; headers: Headers }>();
    this.entries.set(name, entries);
    return {
      match: async (url: string) => {
        const entry = entries.get(url);
        return entry && new Response(entry.body);
      },
      put: async (url: string, response: Response) => {
        entries.set(url, { body: await response.text(), headers: response.headers });
      },
    };
  }
}

let memory: MemoryCaches;
beforeEach(() => {
  memory = new MemoryCaches();
  vi.stubGlobal('caches', memory);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('cacheStore', () => {
  test('keeps a value in a cache of its own, and gives null for what is not there', async () => {
    const store = cacheStore();
    await store.setItem('k', 'a');
    assert.equal(await store.getItem('k'), 'a');
    assert.isNull(await store.getItem('l'));
    assert.deepEqual([...memory.entries.keys()], ['pomerium-edge']);
    await cacheStore({ name: 'another' }).setItem('k', 'b');
    assert.equal(await store.getItem('k'), 'a');
  });

  test('is the same for all who use a cache', () => {
    assert.strictEqual(cacheStore(), cacheStore({ name: 'pomerium-edge' }));
    assert.notStrictEqual(cacheStore(), cacheStore({ name: 'another' }));
  });

  const times: [name: string, options: { ttl?: number } | undefined, seconds: number][] = [
    ['an hour', undefined, 3600],
    ['an hour, where it is not said', {}, 3600],
    ['whole seconds', { ttl: 3.5 }, 4],
  ];
  for (const [name, options, seconds] of times) {
    test(`lets the cache forget a value after ${name}`, async () => {
      await cacheStore().setItem('k', 'a', options);
      const [entry] = memory.entries.get('pomerium-edge')?.values() ?? [];
      assert.equal(entry?.headers.get('cache-control'), `s-maxage=${seconds}, max-age=${seconds}`);
      assert.equal(entry?.headers.get('content-type'), 'application/json');
    });
  }

  const url = 'https://app.corp.example.com/jwks.json?a=1#b';
  const urls: [name: string, key: string, expected: string][] = [
    [
      'the JWKS URL, with a query that nobody sends to Pomerium',
      storeKey(url),
      `https://app.corp.example.com/jwks.json?a=1&pomerium-edge=${encodeURIComponent(storeKey(url))}`,
    ],
    ['one that no site has, for any other key', 'k', 'https://pomerium-edge.invalid/?pomerium-edge=k'],
    [
      'that, too, for what only looks like a key of ours',
      'pomerium-edge:jwks:%',
      'https://pomerium-edge.invalid/?pomerium-edge=pomerium-edge%3Ajwks%3A%25',
    ],
  ];
  for (const [name, key, expected] of urls) {
    test(`names an entry by ${name}`, async () => {
      await cacheStore().setItem(key, 'a');
      assert.deepEqual([...(memory.entries.get('pomerium-edge')?.keys() ?? [])], [expected]);
    });
  }
});

describe('a claim in a cache', () => {
  const claim = (now: number, ttl = 5) => cacheStore().claim?.('k', { now, ttl });

  test('is had by one of those who come at once', async () => {
    const claims = await Promise.all([claim(100), claim(100), claim(100)]);
    assert.lengthOf(claims.filter(Boolean), 1);
  });

  const cases: [name: string, now: number, isFree: boolean][] = [
    ['is held for its time', 104.5, false],
    ['is free after that', 105, true],
    ['is held by a clock that is behind', 95.5, false],
    ['is free by one that is further behind', 95, true],
  ];
  for (const [name, now, isFree] of cases) {
    test(name, async () => {
      assert.isTrue(await claim(100));
      assert.equal(await claim(now), isFree);
    });
  }

  test('is had by everybody where the cache keeps nothing', async () => {
    vi.stubGlobal('caches', { open: async () => ({ match: async () => undefined, put: async () => {} }) });
    assert.deepEqual(await Promise.all([claim(100), claim(100)]), [true, true]);
  });

  test('that somebody else wrote last is theirs, while it counts', async () => {
    for (const [other, isOurs] of [
      ['100 other', false],
      ['90 other', true],
      ['rubbish', true],
    ] as const) {
      let reads = 0;
      const match = async () => (reads++ === 0 ? undefined : new Response(other));
      vi.stubGlobal('caches', { open: async () => ({ match, put: async () => {} }) });
      assert.equal(await claim(100), isOurs, other);
    }
  });

  test('is kept no longer than it counts', async () => {
    await claim(100, 2.5);
    const [entry] = memory.entries.get('pomerium-edge')?.values() ?? [];
    assert.equal(entry?.headers.get('cache-control'), 's-maxage=3, max-age=3');
    assert.match(entry?.body ?? '', /^100 \S+$/);
  });
});
