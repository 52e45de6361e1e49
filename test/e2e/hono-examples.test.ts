import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { WebSocket } from 'ws';
import { bundleWorker } from '../../scripts/bundle-worker.ts';
import { type Running, startProcess } from '../../scripts/processes.ts';
import { tool } from '../../scripts/run.ts';
import { installProject, type Project } from '../support/example-project.ts';
import { HOST, jwks, makeKey, sign } from '../support/issuer.ts';
import { startOrigin } from '../support/origin-server.ts';
import { assertDoctorFindsNothing } from './doctor.ts';
import { startWorkers } from './workers.ts';

type Headers = Record<string, string>;

const key = await makeKey();
const now = Math.floor(Date.now() / 1000);
const signed = async (claims = {}): Promise<Headers> => ({
  'x-pomerium-jwt-assertion': await sign(key, { iat: now - 60, exp: now + 3600, ...claims }),
});
const alice = await signed();
const admin = await signed({ groups: ['admins'] });
/** Within the clock tolerance: the request is let through, and what it opened ends at once. */
const ending = await signed({ exp: now - 1 });

let project: Project;
let origin: Awaited<ReturnType<typeof startOrigin>>;

beforeAll(async () => {
  origin = await startOrigin();
  project = await installProject('examples/hono');
});
afterAll(async () => {
  await origin.close();
  project.remove();
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
async function assertApp(send: (path: string, headers?: Headers) => Promise<Response>): Promise<void> {
  assert.equal(await (await send('/status')).text(), 'ok');
  const refused = await send('/');
  assert.equal(refused.status, 401);
  assert.include(await refused.json(), { code: 'missing_assertion' });
  assert.deepEqual(await (await send('/', alice)).json(), {
    email: 'alice@example.com',
    groups: ['g1', 'engineering'],
  });
  assert.equal((await send('/admin', alice)).status, 403);
  assert.equal(await (await send('/admin', admin)).text(), 'Welcome, Alice Liddell');
  assert.deepEqual(await (await send('/account', alice)).json(), { id: 'u-alice', name: 'Alice Liddell' });
}

/** That what stays open is for who came through Pomerium, and ends with the assertion. */
async function assertOpen(url: string): Promise<void> {
  assert.equal(await echoOf(url, {}), '401');
  assert.equal(await echoOf(url, alice), 'alice@example.com: hi');
  assert.equal(await echoOf(url, ending), '1008');
  assert.equal((await fetch(`${url}/clock`)).status, 401);
  assert.match(await firstEvent(await fetch(`${url}/clock`, { headers: alice })), /^data: .*Z alice@example\.com$/);
  assert.equal(await (await fetch(`${url}/clock`, { headers: ending })).text(), '');
}

/** What the WebSocket answers to "hi", or the status with which it is refused, or the code with which it is closed. */
function echoOf(url: string, headers: Headers): Promise<string> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/echo`, { headers });
  return new Promise((resolve, reject) => {
    socket.on('open', () => socket.send('hi'));
    socket.on('message', (data) => {
      resolve(String(data));
      socket.close();
    });
    socket.on('close', (code) => resolve(String(code)));
    socket.on('unexpected-response', (_request, { statusCode }) => resolve(String(statusCode)));
    socket.on('error', reject);
  });
}

async function firstEvent({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const chunk = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(chunk?.value).trim();
}

describe('examples/hono', () => {
  test('on Workers: isolates that share a cache ask for the keys once', async () => {
    const { env, hits } = await environment();
    const { code } = await bundleWorker({
      entry: join(project.folder, 'workers.ts'),
      config: join(project.folder, 'wrangler.jsonc'),
    });
    const { miniflare, urls } = await startWorkers(code, 5, { bindings: env });
    try {
      for (const url of urls) await assertApp((path, headers = {}) => fetch(url + path, { headers }));
      assert.equal(await hits(), 1);
      await assertOpen(urls[0] ?? '');
    } finally {
      await miniflare.dispose();
    }
  });

  for (const [name, script] of [
    ['Node.js', 'start:node'],
    ['Bun', 'start:bun'],
    ['Deno', 'start:deno'],
  ] as const) {
    test(`on ${name}`, async () => {
      const { env, hits } = await environment();
      const server = startScript(script, env);
      try {
        const url = await server.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
        await assertApp((path, headers = {}) => fetch(url + path, { headers }));
        assert.equal(await hits(), 1);
        await assertOpen(url);
        if (name !== 'Node.js') return;
        const { emailOf } = await load<{ emailOf(url: string, headers: Headers): Promise<string> }>('client.ts');
        assert.equal(await emailOf(url, alice), 'alice@example.com');
        await assertDoctorFindsNothing(`${url}/`, key);
      } finally {
        await server.stop();
      }
    });
  }

  test('on Vercel and on AWS Lambda, called as these do', async () => {
    const { env } = await environment();
    Object.assign(process.env, env);
    try {
      const { GET } = await load<{ GET(request: Request): Promise<Response> }>('vercel.ts');
      await assertApp(async (path, headers = {}) => GET(new Request(`https://app.example${path}`, { headers })));
      const { handler } = await load<{ handler(event: object): Promise<LambdaAnswer> }>('lambda.ts');
      await assertApp(async (path, headers = {}) => {
        const { body, statusCode } = await handler(httpApiEvent(path, headers));
        return new Response(body, { status: statusCode });
      });
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
    }
  });

  test('has no file for a runtime that is not run', () => {
    const parts = ['account.ts', 'app.ts', 'client.ts', 'clock.ts', 'echo.ts'];
    const runtimes = ['bun.ts', 'deno.ts', 'lambda.ts', 'node.ts', 'vercel.ts', 'workers.ts'];
    const files = readdirSync(project.folder).filter((name) => name.endsWith('.ts'));
    assert.deepEqual(files.sort(), [...parts, ...runtimes].sort());
  });
});

/** As `npm run` does, with the runtimes that are installed here. */
function startScript(name: string, env: Record<string, string>): Running {
  const [command, ...args] = project.script(name);
  return startProcess(command === 'node' ? process.execPath : tool(command), args, { cwd: project.folder, env });
}

/** A module of the installed project. */
function load<Module>(name: string): Promise<Module> {
  return import(/* @vite-ignore */ pathToFileURL(join(project.folder, name)).href);
}

interface LambdaAnswer {
  readonly statusCode: number;
  readonly body: string;
}

/** An HTTP API's event, payload 2.0, as AWS documents it. */
function httpApiEvent(path: string, headers: Headers): object {
  const http = { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'app.example', ...headers },
    isBase64Encoded: false,
    requestContext: { http, domainName: 'app.example', stage: '$default', requestId: 'r', timeEpoch: now * 1000 },
  };
}
