import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, assert, beforeAll, beforeEach, describe, test } from 'vitest';
import { DEFAULT_IDENTITIES } from '../../cli/dev/identities.ts';
import { type DevServer, startDevServer } from '../../cli/dev/server.ts';
import { createDevState, type DevState } from '../../cli/dev/state.ts';
import { createTestIssuer } from '../../testing/index.ts';

/** What the app does with a connection once it has read the head of a request. */
let behave: (socket: Socket, head: string) => void;
let app: Server;
let dev: DevServer;
let state: DevState;
const open = new Set<Socket>();

beforeAll(async () => {
  app = createServer((socket) => {
    open.add(socket);
    let text = '';
    // The stand-in may reset it at any time.
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    const read = (data: Buffer) => {
      text += data.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      socket.off('data', read);
      behave(socket, text);
    };
    socket.on('data', read);
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const address = app.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const to = `http://127.0.0.1:${port}`;
  state = createDevState({ issuer: await createTestIssuer(), to, identities: DEFAULT_IDENTITIES });
  dev = await startDevServer(state, 0);
});
afterAll(async () => {
  await dev.close();
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => app.close(resolve));
});
beforeEach(() => {
  state.requests.requests.length = 0;
});

const lines = (...text: string[]) => `${text.join('\r\n')}\r\n\r\n`;
const GET = lines('GET /x HTTP/1.1', 'Host: localhost');
const UPGRADE = lines('GET /ws HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket');
const SWITCH = lines('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket');

function dial(): Socket {
  return connect(Number(new URL(dev.url).port), '127.0.0.1').on('error', () => {});
}

/** All that comes back until the connection ends, or `until` is there. */
function exchange(text: string, until?: RegExp): Promise<string> {
  return new Promise((resolve) => {
    const socket = dial();
    let answer = '';
    const end = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      if (until?.test(answer)) end();
    });
    socket.on('close', end);
    socket.write(text, 'latin1');
  });
}

/** It is of use only to whom comes next. */
async function isAlive(): Promise<void> {
  behave = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalive');
  assert.match(await exchange(GET, /alive$/), /^HTTP\/1\.1 200 /);
}

const whole = /\r\n\r\n[\s\S]*\n$/;

describe('whatever the app answers, pomerium-edge dev goes on', () => {
  const APPS: [name: string, answer: (socket: Socket) => void, expected: RegExp][] = [
    ['a reset', (socket) => socket.resetAndDestroy(), /^HTTP\/1\.1 502 .*cannot be reached/s],
    ['an end without an answer', (socket) => socket.end(), /^HTTP\/1\.1 502 .*cannot be reached/s],
    ['no HTTP', (socket) => socket.end('SSH-2.0-OpenSSH\r\n'), /^HTTP\/1\.1 502 /],
    ['half a head', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-'), /^HTTP\/1\.1 502 /],
    ['the status 099', (socket) => socket.end('HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'), /^HTTP\/1\.1 502 /],
    ['the status 999', (socket) => socket.end('HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n!\n'), /^HTTP\/1\.1 999 /],
    [
      'a phrase of bytes',
      (socket) => socket.end('HTTP/1.1 200 \xe9\xff\r\nContent-Length: 2\r\n\r\n!\n', 'latin1'),
      /^HTTP\/1\.1 200 /,
    ],
    [
      'a header of bytes',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nX: \xe9\r\nContent-Length: 2\r\n\r\n!\n', 'latin1'),
      /\r\nX: \xe9\r\n/,
    ],
    ['101 to no upgrade', (socket) => socket.write(SWITCH), /^HTTP\/1\.1 502 /],
    [
      'early hints first',
      (socket) =>
        socket.end(`${lines('HTTP/1.1 103 Early Hints', 'Link: </a>')}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n!\n`),
      /^HTTP\/1\.1 200 /,
    ],
    ['an answer until the end', (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\n!\n'), /^HTTP\/1\.1 200 .*!\n/s],
  ];
  for (const [name, answer, expected] of APPS) {
    test(name, async () => {
      behave = answer;
      assert.match(await exchange(GET, whole), expected);
      assert.lengthOf(state.requests.requests, 1);
      await isAlive();
    });
  }

  test('an answer that is cut is cut for the client, and listed as such', async () => {
    behave = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    assert.match(await exchange(GET), /^HTTP\/1\.1 200 [\s\S]*half$/);
    const [request] = state.requests.requests;
    assert.equal(request?.status, 200);
    assert.isString(request?.failure);
    await isAlive();
  });

  test('an answer before the body of the request is there, and the end of the connection', async () => {
    behave = (socket) => socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\nConnection: close\r\n\r\nlarge\n');
    const post = lines('POST /x HTTP/1.1', 'Host: localhost', 'Content-Length: 1000000');
    assert.match(await exchange(`${post}${'x'.repeat(1000)}`, whole), /^HTTP\/1\.1 413 [\s\S]*large\n$/);
    await isAlive();
  });
});

describe('whatever a client sends', () => {
  test('Expect: 100-continue is answered, and no business of the app', async () => {
    let seen = '';
    behave = (socket, head) => {
      seen = head;
      const answer = () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n');
      if (head.endsWith('body')) answer();
      else socket.once('data', answer);
    };
    const answer = await new Promise<string>((resolve) => {
      const socket = dial();
      let text = '';
      socket.on('data', (data) => {
        text += data;
        if (text === lines('HTTP/1.1 100 Continue')) socket.write('body');
        if (text.endsWith('ok\n')) resolve(text);
      });
      socket.write(
        lines('POST /x HTTP/1.1', 'Host: localhost', 'Expect: 100-continue', 'Content-Length: 4', 'Connection: close'),
      );
    });
    assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    assert.notMatch(seen, /^expect:/im);
    await isAlive();
  });

  test('HTTP/1.0 without a host', async () => {
    behave = (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n0\r\n\r\n');
    assert.match(await exchange('GET /x HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 (?![\s\S]*chunked)[\s\S]*\r\n\r\nok\n$/);
    await isAlive();
  });

  const ODD = [
    'rubbish\r\n\r\n',
    lines('CONNECT a:1 HTTP/1.1', 'Host: a'),
    lines('GET /%zz HTTP/1.1', 'Host: a', 'Cookie: =;;=%'),
  ];
  for (const text of ODD) {
    test(JSON.stringify(text), async () => {
      behave = (socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n!\n');
      await exchange(text, whole);
      await isAlive();
    });
  }

  test('one that goes away ends the request to the app', async () => {
    for (const text of [GET, UPGRADE, `${lines('POST /x HTTP/1.1', 'Host: localhost', 'Content-Length: 9')}half`]) {
      const socket = dial();
      const ended = new Promise<void>((resolve) => {
        behave = (upstream) => {
          upstream.resume().on('close', resolve);
          socket.resetAndDestroy();
        };
      });
      socket.write(text);
      await ended;
      await isAlive();
    }
  });
});

describe('an upgrade', () => {
  test('has both ends’ first bytes, though they come with the heads', async () => {
    behave = (socket, head) => {
      socket.write(`${SWITCH}first `);
      const early = head.slice(head.indexOf('\r\n\r\n') + 4);
      if (early !== '') socket.end(early);
      else socket.on('data', (data) => socket.end(data));
    };
    assert.match(await exchange(`${UPGRADE}early`), /^HTTP\/1\.1 101 [\s\S]*\r\n\r\nfirst early$/);
    await isAlive();
  });

  test('that the app refuses is answered with its words', async () => {
    behave = (socket) => socket.end('HTTP/1.1 401 Unauthorized\r\nX-Why: because\r\nContent-Length: 3\r\n\r\nno\n');
    assert.match(
      await exchange(UPGRADE),
      /^HTTP\/1\.1 401 Unauthorized\r\n[\s\S]*X-Why: because\r\n[\s\S]*\r\n\r\nno\n$/,
    );
    assert.equal(state.requests.requests[0]?.status, 401);
    await isAlive();
  });

  test('that the app answers with no status of HTTP is 502', async () => {
    behave = (socket) => socket.end('HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n');
    assert.match(await exchange(UPGRADE), /^HTTP\/1\.1 502 [\s\S]*cannot be reached: .*the status 99/);
    await isAlive();
  });

  test('that the app cuts is 502', async () => {
    behave = (socket) => socket.resetAndDestroy();
    assert.match(await exchange(UPGRADE), /^HTTP\/1\.1 502 [\s\S]*cannot be reached/);
    await isAlive();
  });

  test('by who signed out leads to the sign-in, and never to the app', async () => {
    behave = () => assert.fail('the app was asked');
    const cookie = `Cookie: pomerium_dev_${new URL(dev.url).port}=`;
    const text = UPGRADE.replace('\r\n\r\n', `\r\n${cookie}\r\n\r\n`);
    assert.match(await exchange(text), /^HTTP\/1\.1 302 [\s\S]*location: \/\.pomerium\/sign_in/);
  });

  test('under another name never reaches the app (DNS rebinding)', async () => {
    behave = () => assert.fail('the app was asked');
    const text = UPGRADE.replace('localhost', 'evil.test');
    assert.match(await exchange(text), /^HTTP\/1\.1 403 [\s\S]*answers to localhost/);
  });

  test('of another site’s page never reaches the app', async () => {
    behave = () => assert.fail('the app was asked');
    for (const line of ['Origin: https://evil.test', 'Sec-Fetch-Site: cross-site']) {
      const text = UPGRADE.replace('\r\n\r\n', `\r\n${line}\r\n\r\n`);
      assert.match(await exchange(text), /^HTTP\/1\.1 302 [\s\S]*location: \/\.pomerium\/sign_in/, line);
    }
  });

  test('to a path of Pomerium’s own is not found, and never reaches the app', async () => {
    behave = () => assert.fail('the app was asked');
    for (const path of ['/.pomerium', '/.pomerium/', '/.pomerium/x?y=1']) {
      assert.match(await exchange(UPGRADE.replace('/ws', path)), /^HTTP\/1\.1 404 /, path);
    }
  });

  test('that ends by a reset of either side ends the other', async () => {
    for (const who of ['client', 'app'] as const) {
      const socket = dial();
      const ended = new Promise<unknown>((resolve) => {
        behave = (upstream) => {
          upstream.write(SWITCH);
          socket.once('data', () => (who === 'client' ? socket : upstream).resetAndDestroy());
          (who === 'client' ? upstream.resume() : socket).once('close', resolve);
        };
      });
      socket.write(UPGRADE);
      await ended;
      await isAlive();
    }
  });
});
