import { parseUrl } from '../../url.ts';
import { sleep } from '../timeout.ts';
import { type JwksStore, urlOfKey } from './store.ts';

const NAME = 'pomerium-edge';

/** Milliseconds in which whoever else saw that there is no claim has written one, too. The last to write holds it. */
const CLAIM_SETTLES = 50;

/** One object for each cache, so that all who use it share what they keep for a store. */
const known = new Map<string, JwksStore>();

/**
 * The Cache API, as Cloudflare Workers (one cache a data centre), Deno and browsers have it. Where nothing is kept, as older
 * documentation says of `*.workers.dev`, every read is a miss: then each isolate asks the origin.
 *
 * @param options `name`: of the cache. Not `caches.default`, which a zone shares with its own requests.
 * @defaultValue `{ name: 'pomerium-edge' }`
 */
export function cacheStore({ name = NAME }: { name?: string } = {}): JwksStore {
  const store = known.get(name) ?? makeStore(name);
  known.set(name, store);
  return store;
}

function makeStore(name: string): JwksStore {
  const get = async (key: string) => (await (await caches.open(name)).match(urlOf(key)))?.text() ?? null;
  const put = async (key: string, value: string, ttl: number) => {
    const seconds = Math.ceil(ttl);
    // The entry itself says how fresh it is; this only says when the cache may forget it.
    const headers = { 'content-type': 'application/json', 'cache-control': `s-maxage=${seconds}, max-age=${seconds}` };
    await (await caches.open(name)).put(urlOf(key), new Response(value, { headers }));
  };
  return {
    getItem: get,
    setItem: (key, value, { ttl = 3600 } = {}) => put(key, value, ttl),
    /** There is no lock in a cache: all who find no claim write one, and once that has settled, one of them reads its own. */
    async claim(key, { now, ttl }) {
      const isHeld = (claim: string | null) => claim !== null && Math.abs(now - Number.parseFloat(claim)) < ttl;
      if (isHeld(await get(key))) return false;
      const claim = `${now} ${crypto.randomUUID()}`;
      await put(key, claim, ttl);
      await sleep(CLAIM_SETTLES);
      const holder = await get(key);
      return holder === claim || !isHeld(holder);
    },
  };
}

/** For a key that is not about a URL. No site is served from .invalid (RFC 2606 section 2). */
const NO_SITE = 'https://pomerium-edge.invalid/';

/**
 * Cloudflare asks for the host of what the entry is about (developers.cloudflare.com/workers/reference/how-the-cache-works):
 * the JWKS URL itself, with a query that nobody sends to Pomerium.
 */
function urlOf(key: string): string {
  const cacheUrl = parseUrl(urlOfKey(key) ?? '') ?? new URL(NO_SITE);
  cacheUrl.hash = '';
  cacheUrl.searchParams.set('pomerium-edge', key);
  return cacheUrl.href;
}
