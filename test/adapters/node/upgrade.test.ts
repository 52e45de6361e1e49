import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import websocket from '@fastify/websocket';
import express from 'express';
import { fastify } from 'fastify';
import { assert, describe, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createOnRequest, type PomeriumOptions, pomerium } from '../../../adapters/node/index.ts';
import { type KeySource, staticKeys } from '../../../core/index.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';
import { whileListening } from './servers.ts';

const options: PomeriumOptions = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const UPGRADE = ['GET /x HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'];

/** A server whose sockets greet by name, and how many were opened. */
function socketServer(given: PomeriumOptions = options) {
  const gate = pomerium(given);
  const sockets = new WebSocketServer({ noServer: true });
  const seen: IncomingMessage[] = [];
  const server = createServer(express().use(gate)).on(
    'upgrade',
    gate.onUpgrade((req, socket, head) => {
      seen.push(req);
      sockets.handleUpgrade(req, socket, head, (open) => open.send(`Hello ${req.identity?.email}`));
    }),
  );
  return { server, seen };
}

async function greeting(url: string): Promise<string> {
  const socket = new WebSocket(url.replace('http', 'ws'), {
    headers: { ...SENDERS.alice, 'x-pomerium-claim-email': 'root@evil.test' },
  });
  const [message] = await once(socket, 'message');
  socket.close();
  await once(socket, 'close');
  return String(message);
}

async function refusedWith(url: string): Promise<number | undefined> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  const [, response] = await once(socket, 'unexpected-response');
  return (response as IncomingMessage).statusCode;
}

describe('an upgrade', () => {
  test('is for who came through Pomerium, without forged headers', async () => {
    const { server, seen } = socketServer();
    await whileListening(server, async (url) => {
      assert.equal(await greeting(url), 'Hello alice@example.com');
      assert.notInclude(JSON.stringify([seen[0]?.headers, seen[0]?.rawHeaders]), 'evil');
      assert.equal(await refusedWith(url), 401);
      assert.lengthOf(seen, 1);
    });
  });

  test('that is refused gets the whole answer, and the connection ends though the client never ends it', async () => {
    const { server } = socketServer();
    await whileListening(server, async (url) => {
      const accepted = once(server, 'connection');
      const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
      const [theirs] = await accepted;
      const closed = once(theirs, 'close');
      socket.write(`${[...UPGRADE, '', ''].join('\r\n')}`);
      const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
      assert.match(head, /^HTTP\/1\.1 401 Unauthorized\r\n/);
      for (const line of [/cache-control: no-store/, /connection: close/, /www-authenticate: Pomerium/]) {
        assert.match(head, line);
      }
      assert.equal(Number(/content-length: (\d+)/.exec(head)?.[1]), body.length);
      assert.equal(JSON.parse(body).code, 'missing_assertion');
      await closed;
      socket.destroy();
    });
  });

  test("that is refused by a status of one's own needs no phrase for it", async () => {
    const { server } = socketServer({ ...options, onRefused: () => new Response('no', { status: 499 }) });
    await whileListening(server, async (url) => {
      const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
      socket.write(`${[...UPGRADE, '', ''].join('\r\n')}`);
      assert.match(await text(socket), /^HTTP\/1\.1 499 \r\n/);
    });
  });

  test('whose client resets the connection meanwhile does no harm, and opens nothing', async () => {
    const steps = new EventEmitter();
    const given = staticKeys(jwks(key));
    const keys: KeySource = {
      async find(...wanted) {
        steps.emit('asked');
        await once(steps, 'released');
        return given.find(...wanted);
      },
      ready: (context) => given.ready(context),
    };
    const { server, seen } = socketServer({ ...options, keys });
    await whileListening(server, async (url) => {
      const accepted = once(server, 'connection');
      const asked = once(steps, 'asked');
      const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
      socket.write(`${[...UPGRADE, `${ASSERTION}: ${SENDERS.alice[ASSERTION]}`, '', ''].join('\r\n')}`);
      const [theirs] = await accepted;
      await asked;
      const closed = new Promise((resolve) => theirs.on('close', resolve));
      socket.resetAndDestroy();
      await closed;
      steps.emit('released');
      assert.equal(await refusedWith(url), 401);
      assert.lengthOf(seen, 0);
    });
  });

  test('of @fastify/websocket meets the hook, as every route', async () => {
    const app = fastify();
    await app.register(websocket);
    app.addHook('onRequest', createOnRequest(options));
    app.get('/', { websocket: true }, (open, request) => open.send(`Hello ${request.raw.identity?.email}`));
    await app.listen({ port: 0, host: '127.0.0.1' });
    try {
      const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
      assert.equal(await greeting(url), 'Hello alice@example.com');
      assert.equal(await refusedWith(url), 401);
    } finally {
      await app.close();
    }
  });
});
