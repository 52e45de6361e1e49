import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { bundleWorker } from '../../scripts/bundle-worker.ts';
import { HOST, jwks, makeKey, sign } from '../support/issuer.ts';
import { startOrigin } from '../support/origin-server.ts';
import { startWorkers } from './workers.ts';

/** What people write: one promise for the keys, which every request awaits. */
const NAIVE = `
let keys;
export default { async fetch(request, env) {
  keys ??= fetch(env.POMERIUM_JWKS_URL).then((response) => response.text());
  await keys;
  return new Response('ok');
} }`;

describe('threat: promise shared across requests on Workers', () => {
  let origin: Awaited<ReturnType<typeof startOrigin>>;
  let contents: string;
  const key = makeKey();

  beforeAll(async () => {
    origin = await startOrigin();
    contents = (await bundleWorker()).code;
  });
  afterAll(() => origin.close());

  /** The origin's first answer never comes. Its isolate stays alive between the requests of a test. */
  async function withIsolate(
    worker: string,
    use: (isolate: {
      send(signal?: AbortSignal): Promise<Response>;
      hits(count: number): Promise<void>;
    }) => Promise<void>,
  ): Promise<void> {
    const id = crypto.randomUUID();
    const now = Math.floor(Date.now() / 1000);
    const headers = { 'x-pomerium-jwt-assertion': await sign(await key, { iat: now, exp: now + 3600 }) };
    const steps = [
      { hang: true },
      { body: JSON.stringify(jwks(await key)), headers: { 'cache-control': 'max-age=60' } },
    ];
    await fetch(`${origin.url}/scripts/${id}`, { method: 'PUT', body: JSON.stringify(steps) });
    const { miniflare, urls } = await startWorkers(worker, 1, {
      bindings: { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: `${origin.url}/jwks/${id}` },
    });
    try {
      await use({
        send: (signal) => fetch(urls[0] ?? '', { headers, ...(signal && { signal }) }),
        async hits(count) {
          for (;;) {
            const response = await fetch(`${origin.url}/scripts/${id}`);
            if (((await response.json()) as unknown[]).length >= count) return;
          }
        },
      });
    } finally {
      await miniflare.dispose();
    }
  }

  test('a request that waits for keys for ever keeps no other from its answer', () =>
    withIsolate(contents, async ({ send, hits }) => {
      const stuck = send();
      await hits(1);
      const started = performance.now();
      assert.equal((await send()).status, 200);
      // The first one's own limit is 5 s: an answer before it did not wait for it.
      assert.isBelow(performance.now() - started, 4000);
      assert.equal((await stuck).status, 200, 'and in the end it finds the keys that the other one fetched');
    }));

  /** The first client hangs up before there is an answer, and with it its request is over. Then another one comes. */
  async function secondAnswer({
    send,
    hits,
  }: Parameters<Parameters<typeof withIsolate>[1]>[0]): Promise<number | string> {
    const first = new AbortController();
    const aborted = send(first.signal).catch(() => {});
    await hits(1);
    first.abort();
    await aborted;
    return send(AbortSignal.timeout(8000)).then(
      ({ status }) => status,
      (error) => error.name,
    );
  }

  test('a client that hangs up leaves nothing behind that another one waits for', () =>
    withIsolate(contents, async (isolate) => assert.equal(await secondAnswer(isolate), 200)));

  test('control: a naive Worker that awaits another request’s promise hangs', () =>
    withIsolate(NAIVE, async (isolate) => assert.equal(await secondAnswer(isolate), 'TimeoutError')));
});
