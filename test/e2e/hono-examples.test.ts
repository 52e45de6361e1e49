import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { bundleWorker } from '../../scripts/bundle-worker.ts';
import { type Running, startProcess } from '../../scripts/processes.ts';
import { ROOT, tool } from '../../scripts/run.ts';
import { HOST, jwks, makeKey, sign } from '../support/issuer.ts';
import { startOrigin } from '../support/origin-server.ts';
import { assertDoctorFindsNothing } from './doctor.ts';
import { startWorkers } from './workers.ts';

const key = await makeKey();
const now = Math.floor(Date.now() / 1000);
const signed = async (claims = {}) => ({
  'x-pomerium-jwt-assertion': await sign(key, { iat: now, exp: now + 3600, ...claims }),
});
const alice = await signed();
const admin = await signed({ groups: ['admins'] });

/** The examples in a folder of their own, as whoever copies them has them. */
const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
let origin: Awaited<ReturnType<typeof startOrigin>>;

beforeAll(async () => {
  origin = await startOrigin();
  cpSync(`${ROOT}examples/hono`, folder, { recursive: true });
  mkdirSync(join(folder, 'node_modules', '@hono'), { recursive: true });
  symlinkSync(ROOT, join(folder, 'node_modules', 'pomerium-edge'));
  for (const name of ['hono', '@hono/node-server'])
    symlinkSync(`${ROOT}node_modules/${name}`, join(folder, 'node_modules', name));
});
afterAll(async () => {
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An environment with a JWKS URL of its own, and how often that was asked. */
async function environment(): Promise<{ env: Record<string, string>; hits(): Promise<number> }> {
  const id = crypto.randomUUID();
  const steps = [{ body: JSON.stringify(jwks(key)), headers: { 'cache-control': 'max-age=60' } }];
  await fetch(`${origin.url}/scripts/${id}`, { method: 'PUT', body: JSON.stringify(steps) });
  return {
    env: { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: `${origin.url}/jwks/${id}`, PORT: '0' },
    hits: async () => ((await (await fetch(`${origin.url}/scripts/${id}`)).json()) as unknown[]).length,
  };
}

/** That the app does what it is for, however it is reached. */
async function assertApp(send: (path: string, headers?: Record<string, string>) => Promise<Response>): Promise<void> {
  assert.equal(await (await send('/healthz')).text(), 'ok');
  const refused = await send('/');
  assert.equal(refused.status, 401);
  assert.include(await refused.json(), { code: 'missing_assertion' });
  assert.deepEqual(await (await send('/', alice)).json(), {
    email: 'alice@example.com',
    groups: ['g1', 'engineering'],
  });
  assert.equal((await send('/admin', alice)).status, 403);
  assert.equal(await (await send('/admin', admin)).text(), 'Welcome, Alice Liddell');
}

describe('examples/hono', () => {
  test('on Workers: isolates that share a cache ask for the keys once', async () => {
    const { env, hits } = await environment();
    const config = 'examples/hono/wrangler.toml';
    const { code } = await bundleWorker({ entry: 'examples/hono/workers.ts', config });
    const { miniflare, urls } = await startWorkers(code, 5, { bindings: env });
    try {
      for (const url of urls) await assertApp((path, headers = {}) => fetch(url + path, { headers }));
      assert.equal(await hits(), 1);
    } finally {
      await miniflare.dispose();
    }
  });

  const servers: [string, string, string[]][] = [
    ['Node.js', process.execPath, ['node.ts']],
    ['Bun', tool('bun'), ['run', 'bun.ts']],
    [
      'Deno',
      tool('deno'),
      ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual', '--sloppy-imports', 'deno.ts'],
    ],
  ];
  for (const [name, command, args] of servers) {
    test(`on ${name}`, async () => {
      const { env, hits } = await environment();
      const server: Running = startProcess(command, args, folder, env);
      try {
        const url = await server.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
        await assertApp((path, headers = {}) => fetch(url + path, { headers }));
        assert.equal(await hits(), 1);
        if (name === 'Node.js') await assertDoctorFindsNothing(`${url}/`, key);
      } finally {
        await server.stop();
      }
    });
  }

  test('on Vercel and on AWS Lambda, called as these do', async () => {
    const { env } = await environment();
    Object.assign(process.env, env);
    try {
      const { GET } = await import('../../examples/hono/vercel.ts');
      await assertApp(async (path, headers = {}) => GET(new Request(`https://app.example${path}`, { headers })));
      const { handler } = await import('../../examples/hono/lambda.ts');
      await assertApp(async (path, headers = {}) => {
        const answer = (await handler(httpApiEvent(path, headers))) as { statusCode: number; body: string };
        return new Response(answer.body, { status: answer.statusCode });
      });
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
    }
  });

  test('has no example that is not run', () => {
    const run = ['app.ts', 'bun.ts', 'deno.ts', 'lambda.ts', 'node.ts', 'vercel.ts', 'workers.ts', 'wrangler.toml'];
    assert.deepEqual(readdirSync(`${ROOT}examples/hono`).sort(), run);
  });
});

/** An HTTP API's event, payload 2.0, as AWS documents it. */
function httpApiEvent(
  path: string,
  headers: Record<string, string>,
): Parameters<typeof import('../../examples/hono/lambda.ts').handler>[0] {
  const http = { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'app.example', ...headers },
    isBase64Encoded: false,
    requestContext: { http, domainName: 'app.example', stage: '$default', requestId: 'r', timeEpoch: now * 1000 },
  } as never;
}
