import { kCurrentWorker } from 'miniflare';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { bundleWorker } from '../../scripts/bundle-worker.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { HOST } from '../support/issuer.ts';
import { startWorkers, type Workers } from './workers.ts';

const ISOLATES = 20;

const issuer = await createTestIssuer({ host: HOST });
let contents: string;
beforeAll(async () => {
  contents = (await bundleWorker({ entry: 'test/e2e/auth-caller.ts' })).code;
});

const STORES: [name: string, options: object][] = [
  ['one cache and one KV namespace', { kvNamespaces: { POMERIUM_JWKS_KV: 'jwks' } }],
  ['one cache', {}],
];

for (const [name, options] of STORES) {
  describe(`PomeriumAuth over a service binding, in 20 isolates with ${name}`, () => {
    let server: Awaited<ReturnType<typeof issuer.serve>>;
    let workers: Workers;
    beforeAll(async () => {
      server = await issuer.serve();
      workers = await startWorkers(contents, ISOLATES, {
        bindings: { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: server.jwksUrl },
        serviceBindings: { AUTH: { name: kCurrentWorker, entrypoint: 'PomeriumAuth' } },
        ...options,
      });
    });
    afterAll(async () => {
      await workers.miniflare.dispose();
      await server.close();
    });

    const ask = async (isolate: number) => {
      const headers = { 'x-pomerium-jwt-assertion': await issuer.sign() };
      const response = await fetch(`${workers.urls[isolate]}/`, { headers });
      return `${response.status} ${await response.json()}`;
    };

    test('the keys are fetched once, by the isolate that needs them first', async () => {
      assert.equal(await ask(0), '200 u-alice');
      assert.equal(server.hits, 1);
      for (let isolate = 1; isolate < ISOLATES; isolate++) assert.equal(await ask(isolate), '200 u-alice');
      const burst = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(i % ISOLATES)));
      assert.deepEqual(new Set(burst), new Set(['200 u-alice']));
      assert.equal(server.hits, 1);
    });
  });
}
