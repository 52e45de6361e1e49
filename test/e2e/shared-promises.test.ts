import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { bundleWorker, COMPATIBILITY_DATE } from '../../scripts/bundle-worker.ts';
import { HOST, jwks, makeKey, sign } from '../support/issuer.ts';
import { startOrigin } from '../support/origin-server.ts';

/** The guard's isolate stays alive between the requests of a test; the origin's first answer never comes. */
describe('threat: promise shared across requests on Workers', () => {
  let origin: Awaited<ReturnType<typeof startOrigin>>;
  let contents: string;

  beforeAll(async () => {
    origin = await startOrigin();
    contents = (await bundleWorker()).code;
  });
  afterAll(() => origin.close());

  test('a request that waits for keys for ever keeps no other from its answer', async () => {
    const key = await makeKey();
    const now = Math.floor(Date.now() / 1000);
    const headers = { 'x-pomerium-jwt-assertion': await sign(key, { iat: now, exp: now + 3600 }) };
    const steps = [{ hang: true }, { body: JSON.stringify(jwks(key)), headers: { 'cache-control': 'max-age=60' } }];
    await fetch(`${origin.url}/scripts/hang`, { method: 'PUT', body: JSON.stringify(steps) });
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        cf: false,
        compatibilityDate: COMPATIBILITY_DATE,
        modules: [{ type: 'ESModule', path: 'worker.js', contents }],
        bindings: { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: `${origin.url}/jwks/hang` },
      }),
    );
    try {
      const guard = await miniflare.ready;
      const stuck = fetch(guard, { headers });
      await hits(1);
      const started = performance.now();
      assert.equal((await fetch(guard, { headers })).status, 200);
      // The first one's own limit is 5 s: an answer before it did not wait for it.
      assert.isBelow(performance.now() - started, 4000);
      assert.equal((await stuck).status, 200, 'and in the end it finds the keys that the other one fetched');
    } finally {
      await miniflare.dispose();
    }

    async function hits(count: number): Promise<void> {
      for (;;) {
        const response = await fetch(`${origin.url}/scripts/hang`);
        if (((await response.json()) as unknown[]).length >= count) return;
      }
    }
  });
});
