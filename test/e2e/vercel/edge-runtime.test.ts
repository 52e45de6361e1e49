import { join } from 'node:path';
import { EdgeRuntime, runServer } from 'edge-runtime';
import { build } from 'esbuild';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { ROOT } from '../../../scripts/run.ts';
import { serve } from '../../../scripts/start/server.ts';
import { installProject, type Project } from '../../support/example-project.ts';
import { sendRaw } from '../raw-request.ts';
import { alice, makeEnvironment, testMiddleware, testUnconfigured } from './fixtures.ts';

let project: Project;
beforeAll(async () => {
  project = await installProject('examples/vercel');
});
afterAll(() => project.remove());

type EdgeRuntimeServer = Awaited<ReturnType<typeof runServer>>;

/** `module`'s default export as middleware in the Edge runtime, bundled as Vercel does. */
async function startMiddleware(
  module: string,
  env: Record<string, string>,
  cache: object = runtimeCache(),
): Promise<EdgeRuntimeServer> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import middleware from ${JSON.stringify(module)};
        addEventListener('fetch', (event) => event.respondWith(middleware(event.request, event)));`,
      resolveDir: ROOT,
    },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    conditions: ['edge-light'],
    logLevel: 'silent',
  });
  const context = { get: () => ({ cache }) };
  return runServer({
    port: 0,
    host: '127.0.0.1',
    runtime: new EdgeRuntime({
      extend: (globals) =>
        Object.assign(globals, { process: { env }, [Symbol.for('@vercel/request-context')]: context }),
      initialCode: outputFiles[0]?.text ?? '',
    }),
  });
}

function runtimeCache() {
  const entries = new Map<string, unknown>();
  return {
    entries,
    get: async (name: string) => entries.get(name) ?? null,
    set: async (name: string, value: unknown) => void entries.set(name, value),
  };
}

describe('the middleware of examples/vercel, in the Edge runtime', () => {
  const start = (env: Record<string, string>, cache?: object) =>
    startMiddleware(join(project.folder, 'middleware.ts'), env, cache);
  testMiddleware(start);
  testUnconfigured(start);

  test('instances share the keys through the Runtime Cache', async () => {
    const { env, hits } = await makeEnvironment();
    const cache = runtimeCache();
    for (let instance = 0; instance < 2; instance += 1) {
      const server = await start(env, cache);
      try {
        assert.equal((await sendRaw(server.url, '/x', [alice])).status, 200);
      } finally {
        await server.close();
      }
    }
    assert.equal(await hits(), 1);
    assert.lengthOf([...cache.entries], 1);
  });
});

test('runtimeCacheStore() and edgeConfigStore() work in the Edge runtime, with Vercel’s own client', async () => {
  let reads = 0;
  // An Edge Config without items, as its client asks for them.
  const edgeConfig = await serve((_, response) => {
    reads += 1;
    response.writeHead(404, { 'content-type': 'application/json', 'x-edge-config-digest': 'd' });
    response.end('{"error":{"code":"edge_config_item_not_found"}}');
  });
  const { env, hits } = await makeEnvironment();
  const cache = runtimeCache();
  const config = { ...env, EDGE_CONFIG: `${edgeConfig.url}/ecfg_test?token=t` };
  const server = await startMiddleware('./test/e2e/vercel/stores.ts', config, cache);
  try {
    assert.equal((await sendRaw(server.url, '/x', [alice])).status, 200);
    assert.equal(await hits(), 1);
    assert.isAbove(reads, 0);
    assert.lengthOf([...cache.entries], 1);
  } finally {
    await server.close();
    await edgeConfig.close();
  }
});
