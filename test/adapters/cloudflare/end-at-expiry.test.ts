import { assert, describe, test } from 'vitest';
import { endAtExpiry, type Schedule } from '../../../adapters/cloudflare/end-at-expiry.ts';

interface WorkersWebSocket extends WebSocket {
  accept(options?: { allowHalfOpen?: boolean }): void;
}
type WorkersResponse = Response & { readonly webSocket?: WorkersWebSocket | null };
declare const WebSocketPair: new () => { 0: WorkersWebSocket; 1: WorkersWebSocket };

/** A timer that the test fires. */
function fakeTimer() {
  let clear = () => {};
  const cleared = new Promise<void>((resolve) => {
    clear = resolve;
  });
  const timer = {
    delayMs: Number.NaN,
    isSet: false,
    fire: () => {},
    cleared,
    schedule: ((callback, delayMs) => {
      Object.assign(timer, { delayMs, isSet: true, fire: callback });
      return () => {
        timer.isSet = false;
        clear();
      };
    }) satisfies Schedule,
  };
  return timer;
}

type CloseFacts = [code: number, reason: string];
const closeOf = (socket: WebSocket) =>
  new Promise<CloseFacts>((resolve) =>
    socket.addEventListener('close', ({ code, reason }) => resolve([code, reason]), { once: true }),
  );
const messageOf = (socket: WebSocket) =>
  new Promise<unknown>((resolve) => socket.addEventListener('message', ({ data }) => resolve(data), { once: true }));

/** Both ends of a WebSocket that the adapter stands between: the client's, and the one of the server behind. */
function connect(expiresInMs = 1000) {
  const { 0: upstream, 1: server } = new WebSocketPair();
  const timer = fakeTimer();
  const init = { status: 101, webSocket: upstream, headers: { 'sec-websocket-protocol': 'chat' } };
  const response: WorkersResponse = endAtExpiry(new Response(null, init), expiresInMs, timer.schedule);
  const client = response.webSocket;
  assert.isOk(client);
  for (const socket of [server, client]) {
    socket.binaryType = 'arraybuffer';
    socket.accept({ allowHalfOpen: true });
  }
  return { client, server, response, timer };
}

/** A body that stays open, and why it was cancelled. */
function openBody(...chunks: string[]) {
  const state: { cancelled?: unknown } = {};
  const body = new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
    },
    cancel: (reason) => {
      state.cancelled = reason;
    },
  });
  return { body, state };
}

describe('a WebSocket', () => {
  const bytes = Uint8Array.of(0, 1, 254, 255).buffer;
  const messages: [name: string, data: string | ArrayBuffer][] = [
    ['text', 'hello 李'],
    ['an empty text', ''],
    ['bytes', bytes],
  ];
  for (const [name, data] of messages) {
    test(`carries ${name} both ways as it was sent`, async () => {
      const { client, server } = connect();
      const received = messageOf(server);
      client.send(data);
      assert.deepEqual(await received, data);
      const answered = messageOf(client);
      server.send(data);
      assert.deepEqual(await answered, data);
    });
  }

  test('keeps the order of the messages', async () => {
    const { client, server } = connect();
    const received: unknown[] = [];
    server.addEventListener('message', ({ data }) => void received.push(data));
    const closed = closeOf(server);
    for (const data of ['1', '2', '3']) client.send(data);
    client.close(1000, 'done');
    await closed;
    assert.deepEqual(received, ['1', '2', '3']);
  });

  test('keeps the status and the protocol of the upgrade', () => {
    const { response } = connect();
    assert.equal(response.status, 101);
    assert.equal(response.headers.get('sec-websocket-protocol'), 'chat');
  });

  test('is closed on both sides when the assertion ends', async () => {
    const { client, server, timer } = connect(300_000);
    assert.equal(timer.delayMs, 300_000);
    const closes = Promise.all([closeOf(client), closeOf(server)]);
    timer.fire();
    const expected: CloseFacts = [1008, 'The assertion expired'];
    assert.deepEqual(await closes, [expected, expected]);
  });

  test('carries nothing more once the assertion has ended', async () => {
    const { client, server, timer } = connect();
    const received: unknown[] = [];
    server.addEventListener('message', ({ data }) => void received.push(data));
    client.addEventListener('message', ({ data }) => void received.push(data));
    const closes = Promise.all([closeOf(client), closeOf(server)]);
    timer.fire();
    client.send('late');
    server.send('late');
    await closes;
    assert.deepEqual(received, []);
  });

  test('is closed by the clock of the runtime where no timer is given', async () => {
    const { 0: upstream, 1: server } = new WebSocketPair();
    const closed = closeOf(server);
    server.accept();
    endAtExpiry(new Response(null, Object.assign({ status: 101 }, { webSocket: upstream })), 0);
    assert.deepEqual(await closed, [1008, 'The assertion expired']);
  });

  const closes: [name: string, close: (socket: WebSocket) => void, expected: CloseFacts][] = [
    ['with its code and reason', (socket) => socket.close(4001, 'bye'), [4001, 'bye']],
    ['with a code of the standard', (socket) => socket.close(1012, ''), [1012, '']],
    ['without a code', (socket) => socket.close(), [1005, '']],
  ];
  const directions: [name: string, from: 'client' | 'server', to: 'client' | 'server'][] = [
    ['client', 'client', 'server'],
    ['upstream', 'server', 'client'],
  ];
  for (const [side, from, to] of directions) {
    for (const [name, close, expected] of closes) {
      test(`that the ${side} closes ${name} is closed so on both sides, and clears the timer`, async () => {
        const sockets = connect();
        assert.isTrue(sockets.timer.isSet);
        const closed = Promise.all([closeOf(sockets[from]), closeOf(sockets[to])]);
        close(sockets[from]);
        assert.deepEqual(await closed, [expected, expected]);
        assert.isFalse(sockets.timer.isSet);
      });
    }
  }

  const losses: [name: string, event: () => Event][] = [
    ['is lost', () => new CloseEvent('close', { code: 1006 })],
    ['ends with a code that is never sent', () => new CloseEvent('close', { code: 1015 })],
    ['fails', () => new Event('error')],
  ];
  for (const [name, event] of losses) {
    test(`whose upstream ${name} is closed to the client as a failure, and clears the timer`, async () => {
      const closes: unknown[] = [];
      const upstream = Object.assign(new EventTarget(), {
        accept: () => {},
        close: (...facts: unknown[]) => void closes.push(facts),
      });
      const timer = fakeTimer();
      const response: WorkersResponse = endAtExpiry(
        Object.defineProperty(new Response(null), 'webSocket', { value: upstream }),
        1000,
        timer.schedule,
      );
      const client = response.webSocket;
      assert.isOk(client);
      client.accept();
      const closed = closeOf(client);
      upstream.dispatchEvent(event());
      assert.deepEqual(await closed, [1011, '']);
      assert.lengthOf(closes, 1);
      assert.isFalse(timer.isSet);
    });
  }

  test('that a client has closed carries nothing more to it, so that it cannot outlast the assertion', async () => {
    const { client, server } = connect();
    const received: unknown[] = [];
    client.addEventListener('message', ({ data }) => void received.push(data));
    const closed = closeOf(client);
    const reached = closeOf(server);
    client.close(1000, '');
    await reached;
    server.send('late');
    await closed;
    assert.deepEqual(received, []);
  });
});

describe('a body', () => {
  test('that is still open when the assertion ends fails for the client, and is cancelled at its source', async () => {
    const { body, state } = openBody('one', 'two');
    const timer = fakeTimer();
    const reader = endAtExpiry(new Response(body), 300_000, timer.schedule).body?.getReader();
    assert.equal(timer.delayMs, 300_000);
    assert.equal(new TextDecoder().decode((await reader?.read())?.value), 'one');
    timer.fire();
    const failure = await reader?.read().then(
      () => undefined,
      (error) => error,
    );
    assert.match(String(failure), /The assertion expired/);
    assert.match(String(state.cancelled), /The assertion expired/);
  });

  test('that is silent fails for a client who waits for more, too', async () => {
    const { body, state } = openBody('one');
    const timer = fakeTimer();
    const reader = endAtExpiry(new Response(body), 1, timer.schedule).body?.getReader();
    await reader?.read();
    const next = reader?.read().catch((error) => error);
    // Long enough for a pipe to be at its next read.
    await new Promise((resolve) => setTimeout(resolve, 0));
    timer.fire();
    assert.match(String(await next), /The assertion expired/);
    assert.match(String(state.cancelled), /The assertion expired/);
  });

  test('that nobody reads is cancelled at its source too', async () => {
    const { body, state } = openBody('one');
    const timer = fakeTimer();
    const response = endAtExpiry(new Response(body), 1, timer.schedule);
    timer.fire();
    assert.match(String(state.cancelled), /The assertion expired/);
    assert.match(String(await response.text().catch((error) => error)), /The assertion expired/);
  });

  test('that the client leaves is cancelled at its source, and clears the timer', async () => {
    const { body, state } = openBody('one');
    const timer = fakeTimer();
    const response = endAtExpiry(new Response(body), 1, timer.schedule);
    await response.body?.cancel(new Error('left'));
    await timer.cleared;
    assert.match(String(state.cancelled), /left/);
  });

  test('that fails at its source fails for the client, and clears the timer', async () => {
    const timer = fakeTimer();
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('broken')) });
    const response = endAtExpiry(new Response(body), 1, timer.schedule);
    assert.match(String(await response.text().catch((error) => error)), /broken/);
    await timer.cleared;
  });

  test('that ends before passes byte for byte, with status and headers, and clears the timer', async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(20_000));
    const timer = fakeTimer();
    const headers = { 'content-type': 'application/x-test', etag: '"1"', 'set-cookie': 'a=1' };
    const response = endAtExpiry(new Response(bytes, { status: 203, headers }), 1, timer.schedule);
    assert.equal(response.status, 203);
    assert.deepEqual(Object.fromEntries(response.headers), headers);
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
    await timer.cleared;
  });

  test('that is not there needs no timer, and the answer passes as it is', () => {
    const timer = fakeTimer();
    const response = new Response(null, { status: 304 });
    assert.equal(endAtExpiry(response, 1, timer.schedule), response);
    assert.isFalse(timer.isSet);
  });
});

const delays: [name: string, expiresInMs: number, delayMs: number][] = [
  ['as long as the assertion', 1000, 1000],
  ['at most as long as setTimeout can wait', 2 ** 31, 2 ** 31 - 1],
  ['that long where the assertion never ends', Number.POSITIVE_INFINITY, 2 ** 31 - 1],
];
for (const [name, expiresInMs, delayMs] of delays) {
  test(`the timer is ${name}`, () => {
    const timer = fakeTimer();
    endAtExpiry(new Response('x'), expiresInMs, timer.schedule);
    assert.equal(timer.delayMs, delayMs);
  });
}
