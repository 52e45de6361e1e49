import type { JwksStore } from './store.ts';

const NAME = 'pomerium-edge';
/** No site is served from .invalid (RFC 2606 section 2), so nothing else that is cached has these URLs. */
const ORIGIN = 'https://pomerium-edge.invalid/';

/** Milliseconds in which whoever else saw that there is no claim has written one, too. The last to write holds it. */
const CLAIM_SETTLES = 50;

/**
 * The Cache API, as Cloudflare Workers (one cache a data centre), Deno and browsers have it. Where nothing is kept, as older
 * documentation says of `*.workers.dev`, every read is a miss: then each isolate asks the origin.
 *
 * @param options `name`: of the cache. Not `caches.default`, which a zone shares with its own requests.
 * @defaultValue `{ name: 'pomerium-edge' }`
 */
export function cacheStore({ name = NAME }: { name?: string } = {}): JwksStore {
  const put = async (key: string, value: string, ttl: number) => {
    // The entry itself says how fresh it is; this only says when the cache may forget it.
    const headers = {
      'content-type': 'application/json',
      'cache-control': `s-maxage=${Math.ceil(ttl)}, max-age=${Math.ceil(ttl)}`,
    };
    await (await caches.open(name)).put(urlOf(key), new Response(value, { headers }));
  };
  const get = async (key: string) => (await (await caches.open(name)).match(urlOf(key)))?.text() ?? null;
  return {
    getItem: get,
    setItem: (key, value, { ttl = 3600 } = {}) => put(key, value, ttl),
    /** There is no lock in a cache: all who find no claim write one, and once that has settled, one of them reads its own. */
    async claim(key, { now, ttl }) {
      const isHeld = (claim: string | null) => claim !== null && Math.abs(now - Number.parseFloat(claim)) < ttl;
      if (isHeld(await get(key))) return false;
      const claim = `${now} ${crypto.randomUUID()}`;
      await put(key, claim, ttl);
      await new Promise((resolve) => setTimeout(resolve, CLAIM_SETTLES));
      const holder = await get(key);
      return holder === claim || !isHeld(holder);
    },
  };
}

function urlOf(key: string): string {
  return ORIGIN + encodeURIComponent(key);
}
