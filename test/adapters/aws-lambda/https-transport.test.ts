import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, assert, beforeAll, describe, test, vi } from 'vitest';
import { httpsTransport } from '../../../adapters/aws-lambda/https-transport.ts';
import { platformKeys } from '../../../core/keys/remote/remote.ts';
import { serve } from '../../../scripts/start/server.ts';
import { HOST, jwks, makeKey, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { startTlsOrigin, type TlsOrigin } from '../../support/tls-origin.ts';
import { errorOf, makeRig } from '../../support/verifying.ts';
import { http2 } from './events.ts';
import { bundleFunction } from './functions/bundle.ts';

// All that core asks of an origin without a fetch of its own is asked by this transport here: the same tests hold for it.
vi.mock('../../../core/keys/remote/fetch-transport.ts', async (load) => {
  const { fetchTransport } = await load<typeof import('../../../core/keys/remote/fetch-transport.ts')>();
  return { fetchTransport: (fetch?: typeof globalThis.fetch) => (fetch ? fetchTransport(fetch) : httpsTransport) };
});
await import('../../core/origin-games.test.ts');
await import('../../core/remote-keys.test.ts');
await import('../../node/fetch-failure.test.ts');

const key = await makeKey();
const document = JSON.stringify(jwks(key));
const token = await sign(key, { exp: 9e9 });
const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
const file = join(folder, 'authorizer.mjs');
const servers: Server[] = [];
beforeAll(() => bundleFunction('authorizer', file));
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

const rigAt = (url: string, timeout = 5) => makeRig(platformKeys(url, { transport: httpsTransport, timeout }));

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

describe('the transport over node:https', () => {
  test('asks for what is not compressed, by its own name, and closes the connection', async () => {
    const origin = await Origin.start(jwksAnswer(document));
    await rigAt(origin.url).verify(token);
    const [{ headers } = { headers: {} }] = await origin.hits();
    assert.include(headers, { 'accept-encoding': 'identity', connection: 'close', accept: 'application/json' });
  });

  test('of several Age headers, as of one with several, the greatest counts', async () => {
    const origin = await serve((_, response) => response.setHeader('age', ['5', '1000']).end(document));
    const rig = rigAt(origin.url);
    await rig.verify(token);
    assert.isTrue(rig.events.some((event) => event.type === 'keys_refresh_failed' && event.reason === 'aged_answer'));
    await origin.close();
  });

  test('what is compressed all the same is no key set, and its size is what was sent', async () => {
    for (const body of [document, ' '.repeat(10_000_000)]) {
      const origin = await serve((_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body));
      });
      const error = await errorOf(() => rigAt(origin.url).verify(token));
      assert.equal(error?.received, 'unusable_document');
      assert.match(error?.message ?? '', /compressed.*ignores Accept-Encoding/);
      await origin.close();
    }
  });

  test('what says that it is not compressed is read, in whatever case', async () => {
    for (const encoding of ['identity', 'Identity', '']) {
      const origin = await serve((_, response) => response.setHeader('content-encoding', encoding).end(document));
      await rigAt(origin.url).verify(token);
      await origin.close();
    }
    const origin = await serve((_, response) =>
      response.setHeader('content-encoding', ['identity', 'gzip']).end(document),
    );
    assert.equal((await errorOf(() => rigAt(origin.url).verify(token)))?.received, 'unusable_document');
    await origin.close();
  });

  test('nothing is sent for a signal that was aborted while the transport was loaded', async () => {
    let hits = 0;
    const origin = await serve((_, response) => {
      hits += 1;
      response.end(document);
    });
    const aborted = new AbortController();
    const answer = httpsTransport(origin.url, { headers: {}, signal: aborted.signal });
    aborted.abort(new RangeError('late'));
    assert.instanceOf(await answer.catch((error) => error), RangeError);
    await rigAt(origin.url).verify(token);
    assert.equal(hits, 1);
    await origin.close();
  });

  test('an origin that changes to another protocol is refused by its status', async () => {
    const server = createServer((socket) =>
      socket.on('error', () => {}).end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    );
    const error = await errorOf(async () => rigAt(`http://127.0.0.1:${await portOf(server)}/`).verify(token));
    assert.match(error?.message ?? '', /answers with status 101/);
  });

  const cuts: [name: string, head: string, timeout: number][] = [
    ['after the timeout, while nothing came', '', 0.2],
    ['after the timeout, in the middle of the body', 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{', 0.2],
    ['at once, where the status says enough', 'HTTP/1.1 404 Not Found\r\ncontent-length: 99\r\n\r\n', 20],
    ['at once, where the body is too large', `HTTP/1.1 200 OK\r\n\r\n${' '.repeat(70_000)}`, 20],
  ];
  for (const [name, head, timeout] of cuts) {
    test(`the connection is cut ${name}`, async () => {
      let cut: () => void = () => {};
      const isCut = new Promise<void>((resolve) => {
        cut = resolve;
      });
      const server = createServer((socket) => {
        socket.on('error', () => {}).on('close', cut);
        socket.once('data', () => socket.write(head));
      });
      const url = `http://127.0.0.1:${await portOf(server)}/`;
      assert.equal((await errorOf(() => rigAt(url, timeout).verify(token)))?.code, 'keys_unavailable');
      await isCut;
    });
  }
});

describe('a function whose keys are behind TLS', () => {
  let pomerium: TlsOrigin;
  beforeAll(async () => {
    pomerium = await startTlsOrigin(folder, (_, response) => response.end(document));
  });
  afterAll(() => pomerium.close());

  const TEST_EVENT = JSON.stringify(http2({ 'x-pomerium-jwt-assertion': token }));

  /** What the function answers to the event, if there is one, and what it logs, once nothing keeps its process. */
  async function run(variables: Record<string, string>) {
    const TMPDIR = mkdtempSync(join(folder, 'tmp-'));
    const child = spawn(process.execPath, [file], {
      env: { TMPDIR, POMERIUM_AUDIENCE: HOST, ...variables },
    });
    const exited = once(child, 'exit');
    const [output, log] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
    assert.deepEqual(await exited, [0, null]);
    return { ...JSON.parse(Buffer.concat(output).toString()), log: Buffer.concat(log).toString() };
  }

  test('lets people in by a private CA, which NODE_EXTRA_CA_CERTS names, and says what to do without', async () => {
    const POMERIUM_JWKS_URL = pomerium.url;
    const { answer } = await run({ TEST_EVENT, POMERIUM_JWKS_URL, ...pomerium.variables });
    assert.include(answer, { isAuthorized: true });
    const { log } = await run({ POMERIUM_JWKS_URL });
    assert.match(log, /certificate is not trusted.*NODE_EXTRA_CA_CERTS/);
  });

  test('asks by way of HTTPS_PROXY, where Node.js is told to use it', async () => {
    const { host, port } = new URL(pomerium.url);
    const tunnels: string[] = [];
    const proxy = createServer((socket) => {
      socket.once('data', (head) => {
        tunnels.push(head.toString().split('\r\n')[0] ?? '');
        const origin = connect(Number(port), '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
        socket.pipe(origin).pipe(socket);
        for (const one of [socket, origin]) one.on('error', () => one.destroy());
      });
    });
    const { answer } = await run({
      TEST_EVENT,
      POMERIUM_JWKS_URL: pomerium.url,
      HTTPS_PROXY: `http://127.0.0.1:${await portOf(proxy)}`,
      NODE_USE_ENV_PROXY: '1',
      ...pomerium.variables,
    });
    assert.include(answer, { isAuthorized: true });
    assert.include(tunnels, `CONNECT ${host} HTTP/1.1`);
  });
});
