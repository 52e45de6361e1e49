import { Hono } from 'hono';
import { upgradeWebSocket } from 'hono/cloudflare-workers';
import { assert, test } from 'vitest';
import { pomerium } from '../../../adapters/hono/index.ts';
import { type PomeriumEvent, staticKeys } from '../../../core/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';

const key = await makeKey();

/** Only on Workers does the environment come with the request. */
test('an environment on Workers is told apart by what it holds, and not by being another object', async () => {
  const origin = await Origin.start(jwksAnswer(jwks(key)));
  const cached: boolean[] = [];
  const onEvent = (event: PomeriumEvent) => {
    if (event.type === 'assertion_verified') cached.push(event.cached);
  };
  const app = new Hono().use(pomerium({ now: () => NOW, onEvent })).get('/', (c) => c.text('in'));
  const headers = { 'x-pomerium-jwt-assertion': await sign(key) };
  const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url };
  for (let i = 0; i < 3; i++) assert.equal((await app.request('/', { headers }, { ...env })).status, 200);
  assert.deepEqual(cached, [false, true, true], 'one verifier, with what it verified in memory');
  const { result: other } = await withConsoleLines(async () =>
    app.request('/', { headers }, { ...env, POMERIUM_AUDIENCE: 'other.example.com' }),
  );
  assert.include(await other.json(), { code: 'audience_mismatch' });
});

declare const WebSocketPair: new () => { 0: WebSocket; 1: WebSocket };

test('the answer to a WebSocket upgrade stays the very one of the handler', async () => {
  const { 0: client } = new WebSocketPair();
  const upgraded = new Response(null, Object.assign({ status: 101 }, { webSocket: client }));
  const app = new Hono().use(pomerium({ audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW }));
  app.get('/', () => upgraded);
  const headers = { 'x-pomerium-jwt-assertion': await sign(key), upgrade: 'websocket' };
  const response: Response & { webSocket?: unknown } = await app.request('/', { headers });
  assert.equal(response.status, 101);
  assert.equal(response.webSocket, client);
  assert.isNull(response.headers.get('vary'));
});

test('a WebSocket of Hono’s own helper knows for whom it is', async () => {
  const app = new Hono().use(pomerium({ audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW }));
  app.get('/', (c) => {
    const { identity } = c.var;
    return upgradeWebSocket(c, { onMessage: ({ data }, socket) => socket.send(`${data} ${identity?.subject}`) });
  });
  const headers = { 'x-pomerium-jwt-assertion': await sign(key), upgrade: 'websocket' };
  const response: Response & { webSocket?: WebSocket & { accept?(): void } } = await app.request('/', { headers });
  assert.equal(response.status, 101);
  const socket = response.webSocket;
  const answer = new Promise((resolve) => socket?.addEventListener('message', ({ data }) => resolve(data)));
  socket?.accept?.();
  socket?.send('hello');
  assert.equal(await answer, 'hello u-alice');
  socket?.close();
});
