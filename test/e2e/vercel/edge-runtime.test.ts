import { EdgeRuntime, runServer } from 'edge-runtime';
import { build } from 'esbuild';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { ROOT } from '../../../scripts/run.ts';
import { liveScenarios } from '../../../scripts/start/live.ts';
import { serve } from '../../../scripts/start/server.ts';
import { startStandIn } from '../../../scripts/start/stand-in.ts';
import { HOST, jwks, sign } from '../../support/issuer.ts';
import { startOrigin } from '../../support/origin-server.ts';
import { sendRaw } from '../raw-request.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const standIn = await startStandIn({});
const { key } = standIn;
const origin = await startOrigin();
const now = Math.floor(Date.now() / 1000);
const signed = async (claims = {}): Promise<[string, string]> => [
  ASSERTION,
  await sign(key, { iat: now, exp: now + 3600, ...claims }),
];
const alice = await signed();
const admin = await signed({ groups: ['admins'] });

/** An Edge Config without items, as its client asks for them. */
const edgeConfig = await serve((_, response) => {
  response.writeHead(404, { 'content-type': 'application/json', 'x-edge-config-digest': 'd' });
  response.end('{"error":{"code":"edge_config_item_not_found"}}');
});

afterAll(async () => {
  await Promise.all([standIn.close(), origin.close(), edgeConfig.close()]);
});

type EdgeRuntimeServer = Awaited<ReturnType<typeof runServer>>;

/** `module`'s default export as middleware in the Edge runtime, bundled as Vercel does. */
async function startMiddleware(module: string, env: Record<string, string>, cache: object): Promise<EdgeRuntimeServer> {
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

/** An environment with a JWKS URL of its own, and how often that was asked. */
async function environment(): Promise<{ env: Record<string, string>; hits(): Promise<number> }> {
  const id = crypto.randomUUID();
  const steps = [{ body: JSON.stringify(jwks(key)), headers: { 'cache-control': 'max-age=60' } }];
  await fetch(`${origin.url}/scripts/${id}`, { method: 'PUT', body: JSON.stringify(steps) });
  return {
    env: { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: `${origin.url}/jwks/${id}` },
    hits: async () => ((await (await fetch(`${origin.url}/scripts/${id}`)).json()) as unknown[]).length,
  };
}

function runtimeCache() {
  const entries = new Map<string, unknown>();
  return {
    entries,
    get: async (name: string) => entries.get(name) ?? null,
    set: async (name: string, value: unknown) => void entries.set(name, value),
  };
}

describe('examples/vercel, in the Edge runtime', () => {
  const cache = runtimeCache();
  let server: EdgeRuntimeServer;
  let origins: Awaited<ReturnType<typeof environment>>;
  beforeAll(async () => {
    origins = await environment();
    server = await startMiddleware('./examples/vercel/middleware.ts', origins.env, cache);
  });
  afterAll(() => server.close());
  const send = (path: string, ...lines: [string, string][]) => sendRaw(server.url, path, lines);

  test('lets who came through Pomerium on, with what was verified alone', async () => {
    const { status, headers } = await send('/x', alice, ['X-Pomerium-Claim-Email', 'forged'], ['X-Kept', '1']);
    assert.equal(status, 200);
    assert.equal(headers['x-middleware-next'], '1');
    assert.equal(headers[`x-middleware-request-${ASSERTION}`], alice[1]);
    assert.equal(headers['x-middleware-request-x-kept'], '1');
    assert.notInclude(JSON.stringify(headers), 'forged');
  });

  test('refuses every bad assertion, with its code', async () => {
    for (const { name, headers, expect, guard } of await liveScenarios(key)) {
      // The Node.js server that stands before this runtime here takes no more than 16 KiB of headers.
      if (guard.policy || expect === 'valid' || headers.flat().join('').length > 16_000) continue;
      const answer = await sendRaw(server.url, '/x', headers);
      assert.equal(answer.status, 401, name);
      assert.include(expect.split('|'), JSON.parse(answer.body).code, name);
      assert.notProperty(answer.headers, 'x-middleware-next', name);
    }
  });

  test('heeds its rules, and gives browsers a page', async () => {
    assert.equal((await send('/healthz')).headers['x-middleware-next'], '1');
    assert.equal((await send('/admin', alice)).status, 403);
    assert.equal((await send('/admin', admin)).status, 200);
    assert.include((await send('/', ['Accept', 'text/html'])).body, '<h1>Please sign in</h1>');
  });

  test('without a configuration refuses everything, public paths, too', async () => {
    const broken = await startMiddleware('./examples/vercel/middleware.ts', {}, cache);
    try {
      for (const lines of [[], [alice]]) {
        const { status, body } = await sendRaw(broken.url, '/healthz', lines);
        assert.equal(status, 500);
        assert.include(JSON.parse(body), { code: 'invalid_configuration' });
      }
    } finally {
      await broken.close();
    }
  });

  test('instances share the keys through the Runtime Cache', async () => {
    const before = await origins.hits();
    const another = await startMiddleware('./examples/vercel/middleware.ts', origins.env, cache);
    try {
      assert.equal((await sendRaw(another.url, '/x', [alice])).status, 200);
      assert.equal(await origins.hits(), before);
      assert.lengthOf([...cache.entries], 1);
    } finally {
      await another.close();
    }
  });
});

test('runtimeCacheStore() and edgeConfigStore() work in the Edge runtime, with Vercel’s own clients', async () => {
  const { env, hits } = await environment();
  const cache = runtimeCache();
  const config = { ...env, EDGE_CONFIG: `${edgeConfig.url}/ecfg_test?token=t` };
  const server = await startMiddleware('./test/e2e/vercel/stores.ts', config, cache);
  try {
    assert.equal((await sendRaw(server.url, '/x', [alice])).status, 200);
    assert.equal(await hits(), 1);
    assert.lengthOf([...cache.entries], 1);
  } finally {
    await server.close();
  }
});

test('examples/vercel: its function verifies again, and its cron is the one that vercel.json calls', async () => {
  const { env } = await environment();
  Object.assign(process.env, env);
  try {
    const { GET } = await import('../../../examples/vercel/api/me.ts');
    const get = (headers = {}) => GET(new Request('https://app.test/api/me', { headers }));
    assert.deepEqual(await (await get(Object.fromEntries([alice]))).json(), {
      user: 'u-alice',
      email: 'alice@example.com',
      groups: ['g1', 'engineering'],
    });
    assert.equal((await get()).status, 401);
    const { default: vercel } = await import('../../../examples/vercel/vercel.json', { with: { type: 'json' } });
    const { GET: refresh } = await import('../../../examples/vercel/api/pomerium-keys.ts');
    assert.deepEqual(
      vercel.crons.map(({ path }) => path),
      ['/api/pomerium-keys'],
    );
    process.env['CRON_SECRET'] = 'c';
    assert.equal((await refresh(new Request('https://app.test/api/pomerium-keys'))).status, 401);
  } finally {
    for (const name of [...Object.keys(env), 'CRON_SECRET']) delete process.env[name];
  }
});
