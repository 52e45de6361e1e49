import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Response as MiniflareResponse } from 'miniflare';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { bundleWorker } from '../../scripts/bundle-worker.ts';
import { serve } from '../../scripts/start/server.ts';
import { startStandIn } from '../../scripts/start/stand-in.ts';
import { HOST, sign } from '../support/issuer.ts';
import { startWorkers, type Workers } from './workers.ts';

const MEGABYTE = 1_048_576;
const SIZE = 50 * MEGABYTE;

/** A service of the usual kinds. `go` is how a test tells it to go on with a stream. */
const upstream = await serve((request, response) => void answer(request, response));
const waiting = new Map<string, () => void>();

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://upstream');
  switch (pathname) {
    case '/upload': {
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of request) {
        if (size === 0) waiting.get('upload')?.();
        size += chunk.length;
        hash.update(chunk);
      }
      response.end(JSON.stringify({ method: request.method, size, hash: hash.digest('hex') }));
      return;
    }
    case '/download':
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      for (let sent = 0; sent < SIZE; sent += MEGABYTE) {
        if (sent === MEGABYTE) await new Promise<void>((resolve) => waiting.set('download', resolve));
        if (!response.write(Buffer.alloc(MEGABYTE, sent / MEGABYTE))) {
          await new Promise((resolve) => response.once('drain', resolve));
        }
      }
      response.end();
      return;
    case '/events':
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      response.write('data: one\n\n');
      await new Promise<void>((resolve) => waiting.set('events', resolve));
      response.end('data: two\n\n');
      return;
    case '/redirect':
      response.writeHead(302, { location: '/elsewhere', 'set-cookie': ['a=1', 'b=2'] }).end();
      return;
    case '/range':
      response.writeHead(206, { 'content-range': 'bytes 2-4/10', 'accept-ranges': 'bytes', vary: 'accept' });
      response.end(JSON.stringify({ range: request.headers.range, ifRange: request.headers['if-range'] }));
      return;
    case '/status':
      response.writeHead(Number(searchParams.get('code')), { etag: '"x"' }).end();
      return;
    case '/hang-up':
      request.socket.destroy();
      return;
    default:
      response.end(request.method);
  }
}

/** Echoes over a WebSocket, with what it knows of the user. */
const ECHO = `export default { fetch(request) {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.addEventListener('message', ({ data }) => server.send(request.headers.get('x-pomerium-claim-email') + ': ' + data));
  return new Response(null, { status: 101, webSocket: client, headers: { 'sec-websocket-protocol': 'chat' } });
} }`;

/** What the guard must not be: it takes a body in before it passes it on. */
const BUFFERING = `export default { async fetch(request, env) {
  return fetch(env.UPSTREAM + new URL(request.url).pathname, { method: 'POST', body: await request.arrayBuffer() });
} }`;

const standIn = await startStandIn({});
const now = Math.floor(Date.now() / 1000);
const headers = { 'x-pomerium-jwt-assertion': await sign(standIn.key, { iat: now, exp: now + 3600 }) };
const bindings = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: standIn.jwksUrl() };
let guard: Workers;
let echo: Workers;
let echoGuard: Workers;
let boundGuard: Workers;

beforeAll(async () => {
  const contents = (await bundleWorker()).code;
  guard = await startWorkers(contents, 1, { bindings: { ...bindings, POMERIUM_UPSTREAM: upstream.url } });
  echo = await startWorkers(ECHO, 1, { bindings: {} });
  echoGuard = await startWorkers(contents, 1, { bindings: { ...bindings, POMERIUM_UPSTREAM: echo.urls[0] ?? '' } });
  boundGuard = await startWorkers(contents, 1, {
    bindings,
    serviceBindings: {
      POMERIUM_UPSTREAM: (request: Request) =>
        MiniflareResponse.json({ url: request.url, email: request.headers.get('x-pomerium-claim-email') }),
    },
  });
});
afterAll(async () => {
  for (const { miniflare } of [guard, echo, echoGuard, boundGuard]) await miniflare.dispose();
  await Promise.all([standIn.close(), upstream.close()]);
});

const at = (path: string, init: RequestInit = {}) =>
  fetch(`${guard.urls[0]}${path}`, { redirect: 'manual', ...init, headers: { ...headers, ...init.headers } });

describe('the guard leaves alone', () => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    test(`the method ${method}`, async () => assert.equal(await (await at('/', { method })).text(), method));
  }

  for (const code of [200, 204, 304, 404, 418, 500]) {
    test(`the status ${code}`, async () => {
      const response = await at(`/status?code=${code}`);
      assert.equal(response.status, code);
      assert.equal(response.headers.get('etag'), '"x"');
      assert.equal(response.headers.get('vary'), 'x-pomerium-jwt-assertion');
    });
  }

  test('a redirect, which the client follows through Pomerium', async () => {
    const response = await at('/redirect');
    assert.equal(response.status, 302);
    assert.equal(response.headers.get('location'), '/elsewhere');
    assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
  });

  test('a range request and its answer', async () => {
    const response = await at('/range', { headers: { range: 'bytes=2-4', 'if-range': '"x"' } });
    assert.equal(response.status, 206);
    assert.equal(response.headers.get('content-range'), 'bytes 2-4/10');
    assert.equal(response.headers.get('vary'), 'accept, x-pomerium-jwt-assertion');
    assert.deepEqual(await response.json(), { range: 'bytes=2-4', ifRange: '"x"' });
  });

  test('server-sent events: the first arrives before the second is sent', async () => {
    const reader = (await at('/events')).body?.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader?.read())?.value, 'data: one\n\n');
    waiting.get('events')?.();
    assert.equal((await reader?.read())?.value, 'data: two\n\n');
  });

  test('50 MB up, in a stream: the upstream has the first before the last is sent, and memory does not grow', async () => {
    const peak = peakMemory();
    const hash = createHash('sha256');
    const arrived = new Promise<void>((resolve) => waiting.set('upload', resolve));
    const body = megabytes(async (chunk, i) => {
      if (i === 2) await arrived;
      hash.update(chunk);
    });
    const response = await at('/upload', { method: 'POST', body, duplex: 'half' } as RequestInit);
    assert.deepEqual(await response.json(), { method: 'POST', size: SIZE, hash: hash.digest('hex') });
    assert.isBelow(peakMemory() - peak, 25, 'megabytes');
  });

  test('control: a Worker that buffers is seen by the measure for streams', async () => {
    const peak = peakMemory();
    const twin = await startWorkers(BUFFERING, 1, { bindings: { UPSTREAM: upstream.url } });
    try {
      const init = { method: 'POST', body: megabytes(async () => {}), duplex: 'half' } as RequestInit;
      assert.include(await (await fetch(`${twin.urls[0]}/upload`, init)).json(), { size: SIZE });
      assert.isAbove(peakMemory() - peak, 25, 'megabytes');
    } finally {
      await twin.miniflare.dispose();
    }
  });

  test('50 MB down, in a stream: the client has the first before the second is sent, and memory does not grow', async () => {
    const peak = peakMemory();
    const response = await at('/download');
    let size = 0;
    for await (const chunk of response.body ?? []) {
      if (size === 0) waiting.get('download')?.();
      size += chunk.length;
    }
    assert.equal(size, SIZE);
    assert.isBelow(peakMemory() - peak, 25, 'megabytes');
  });

  test('a WebSocket, with its protocol', async () => {
    const { socket, opened } = connect(echoGuard.urls[0] ?? '', headers);
    assert.equal(await opened, 'open');
    assert.equal(socket.protocol, 'chat');
    const answered = new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)));
    socket.send('hello');
    assert.equal(await answered, 'alice@example.com: hello');
    socket.close();
  });
});

describe('the guard', () => {
  test('refuses a WebSocket that came around Pomerium', async () => {
    assert.equal(await connect(echoGuard.urls[0] ?? '', {}).opened, 'error');
  });

  test('passes on over a service binding, with the URL as it came', async () => {
    const response = await fetch(`${boundGuard.urls[0]}/x?y=1`, { headers });
    assert.deepEqual(await response.json(), { url: `${boundGuard.urls[0]}/x?y=1`, email: 'alice@example.com' });
    assert.equal((await fetch(`${boundGuard.urls[0]}/`)).status, 401);
  });

  test('answers 502, and nothing of why, when the upstream cannot be reached', async () => {
    const response = await at('/hang-up');
    assert.equal(response.status, 502);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(await response.text(), '');
  });
});

/** A body of `SIZE`, made as it is read. */
function megabytes(onChunk: (chunk: Buffer, i: number) => Promise<void>): ReadableStream {
  let i = 0;
  return new ReadableStream({
    async pull(controller) {
      const chunk = Buffer.alloc(MEGABYTE, i);
      await onChunk(chunk, i);
      controller.enqueue(chunk);
      i += 1;
      if (i * MEGABYTE === SIZE) controller.close();
    },
  });
}

/** Node.js' WebSocket takes headers, which the standard one does not. */
function connect(url: string, headers: Record<string, string>): { socket: WebSocket; opened: Promise<string> } {
  const options = { headers, protocols: ['chat'] } as unknown as string[];
  const socket = new WebSocket(url.replace('http', 'ws'), options);
  const opened = new Promise<string>((resolve) => {
    for (const type of ['open', 'error']) socket.addEventListener(type, () => resolve(type));
  });
  return { socket, opened };
}

/** The most memory, in megabytes, that any workerd of ours has ever had resident. */
function peakMemory(): number {
  const peaks = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && isOurWorkerd(pid))
    .map((pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
  return Math.max(...peaks);
}

function isOurWorkerd(pid: string): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return /^Name:\s+workerd$/m.test(status) && new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(status);
  } catch {
    return false;
  }
}
