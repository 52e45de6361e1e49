import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { afterAll, assert, describe, test } from 'vitest';
import { describeFetchFailure } from '../../core/fetch-failure.ts';
import { createVerifier, type KeysRefreshFailed, remoteKeys } from '../../core/index.ts';
import { freePort } from '../../scripts/free-port.ts';
import { costOf } from '../support/cost.ts';
import { HOST, makeKey, NOW, sign } from '../support/issuer.ts';
import { SELF_SIGNED } from '../support/tls.ts';
import { errorOf } from '../support/verifying.ts';

const servers: (Server | TcpServer)[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

async function portOf(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const token = await sign(await makeKey());

/** What the operator and the caller are told when the keys are at this URL. */
async function failureAt(
  url: string,
  timeout: number,
): Promise<{ message: string; event: KeysRefreshFailed | undefined }> {
  const events: KeysRefreshFailed[] = [];
  const verifier = createVerifier({
    audience: HOST,
    keys: remoteKeys(url, { timeout }),
    now: () => NOW,
    onEvent: (event) => event.type === 'keys_refresh_failed' && events.push(event),
  });
  const error = await errorOf(() => verifier.verify(token));
  assert.equal(error?.code, 'keys_unavailable');
  return { message: error?.message ?? '', event: events[0] };
}

describe('why the origin could not be asked is in the error and in the event', () => {
  const cases: [string, () => Promise<string>, RegExp, timeout?: number][] = [
    [
      'a certificate that is not trusted: what to do about a private CA',
      async () => `https://127.0.0.1:${await portOf(createTlsServer(SELF_SIGNED, (_, res) => res.end()))}/`,
      /certificate is not trusted here \(DEPTH_ZERO_SELF_SIGNED_CERT\).*NODE_EXTRA_CA_CERTS.*static keys.*fetch of your own/,
    ],
    [
      'a closed port',
      async () => `http://127.0.0.1:${await freePort()}/`,
      /connection was refused \(ECONNREFUSED\); nothing listens/,
    ],
    [
      'a port that fetch blocks',
      async () => 'http://127.0.0.1:1/',
      // What is not `fetch` asks it.
      /fetched: (fetch never asks this port; check the URL|the connection was refused)/,
    ],
    [
      'an unknown name',
      async () => 'https://pomerium.invalid/',
      /host name cannot be resolved \((ENOTFOUND|EAI_AGAIN)\); check the URL and the DNS/,
    ],
    [
      'a server that does not answer',
      async () => `http://127.0.0.1:${await portOf(createServer(() => {}))}/`,
      /no whole answer within 0\.2 s/,
      0.2,
    ],
    [
      'a connection that is closed',
      async () => `http://127.0.0.1:${await portOf(createTcpServer((socket) => socket.destroy()))}/`,
      /connection was closed before the whole answer came/,
    ],
    [
      'a port that does not speak TLS',
      async () => `https://127.0.0.1:${await portOf(createServer((_, res) => res.end()))}/`,
      /TLS could not be negotiated.*; check the URL and its port/,
    ],
    [
      'half an answer',
      async () => {
        const server = createServer((_, res) => {
          res.writeHead(200, { 'content-length': '1000' });
          res.write('{"keys":');
          setImmediate(() => res.destroy());
        });
        return `http://127.0.0.1:${await portOf(server)}/`;
      },
      /connection was closed before the whole answer came/,
    ],
  ];
  for (const [name, start, expected, timeout = 20] of cases) {
    test(name, async () => {
      const { message, event } = await failureAt(await start(), timeout);
      assert.match(message, expected);
      assert.match(event?.message ?? '', expected);
      assert.notMatch(message, /fetch failed/);
    });
  }
});

describe('describeFetchFailure', () => {
  const withCause = (cause: unknown) => Object.assign(new TypeError('fetch failed'), { cause });
  const coded = (code: string, message = '') => Object.assign(new Error(message), { code });
  const cases: [string, unknown, RegExp][] = [
    [
      'an expired certificate',
      withCause(coded('CERT_HAS_EXPIRED')),
      /not trusted here \(CERT_HAS_EXPIRED\); check its dates/,
    ],
    [
      'another name’s certificate',
      withCause(coded('ERR_TLS_CERT_ALTNAME_INVALID')),
      /not trusted here \(ERR_TLS_CERT_ALTNAME_INVALID\); check its dates and its host name/,
    ],
    ['a private CA', withCause(coded('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')), /NODE_EXTRA_CA_CERTS/],
    ['a connect time-out of undici', withCause(coded('UND_ERR_CONNECT_TIMEOUT')), /the host does not answer/],
    ['AbortSignal.timeout', new DOMException('aborted', 'TimeoutError'), /the host does not answer/],
    [
      'no route',
      withCause(coded('EHOSTUNREACH')),
      /the host does not answer \(EHOSTUNREACH\); check firewalls and routes/,
    ],
    [
      'a reset, in words',
      new Error('connection to 192.0.2.1 was reset'),
      /^the connection was closed before the whole answer came$/,
    ],
    [
      'words of two causes, which are no one sentence',
      Object.assign(new Error('no connection'), { cause: new RangeError('file closed') }),
      /^RangeError: file closed$/,
    ],
    [
      'every address of a host (AggregateError)',
      withCause(new AggregateError([coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:1'), coded('ECONNREFUSED')])),
      /connection was refused \(ECONNREFUSED\)/,
    ],
    [
      'workerd, a lost connection',
      new Error('Network connection lost.'),
      /^the connection was refused, or closed before the whole answer came$/,
    ],
    [
      'workerd, which says nothing',
      new Error('internal error; reference = mns8h0c4'),
      /workerd does not say why; check/,
    ],
    [
      'Deno, no TLS',
      new TypeError('received corrupt message of type InvalidContentType'),
      /TLS could not be negotiated/,
    ],
    [
      'workerd, a certificate',
      new Error("TLS peer's certificate is not trusted; reason = self signed certificate"),
      /not trusted here;/,
    ],
    [
      'Deno, in words',
      new TypeError(
        'error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)',
      ),
      /connection was refused;/,
    ],
    ['Deno, a certificate', new TypeError('invalid peer certificate: UnknownIssuer'), /not trusted here/],
    ['Bun, a code of its own', coded('ConnectionRefused', 'Unable to connect.'), /refused \(ConnectionRefused\)/],
    ['what nobody foresaw, by its name', new RangeError('Invalid port: 99999'), /^RangeError: Invalid port: 99999$/],
    ['an error without a message', { name: 'TypeError' }, /^TypeError$/],
    ['a message beyond its first 500 characters', new Error(`${'a '.repeat(250)}certificate`), /^Error: a a/],
    ['something that is no error', 'x', /^string$/],
    ['nothing', undefined, /^undefined$/],
  ];
  for (const [name, error, expected] of cases) {
    test(name, () => assert.match(describeFetchFailure(error), expected));
  }

  test('a chain of causes that is a circle ends', () => {
    const error = new Error('a');
    error.cause = error;
    assert.equal(describeFetchFailure(error), 'Error: a');
  });

  test('a chain of causes is read up to its fifth link', () => {
    const chain = ['A7', 'A6', 'A5', 'A4', 'A3', 'A2', 'A1'].reduce<unknown>(
      (cause, name) => ({ name, message: 'a', cause }),
      null,
    );
    assert.equal(describeFetchFailure(chain), 'A5: a');
  });

  test('an error that cannot be read is no error of ours', () => {
    const thrower = () => {
      throw new Error('x');
    };
    const hostile: [object, string][] = [
      [{ name: Object.create(null), message: 'a' }, 'Error: a'],
      [{ name: 'TypeError', message: { toString: thrower } }, 'object'],
      [Object.defineProperty(new TypeError('a'), 'cause', { get: thrower }), 'object'],
    ];
    for (const [error, text] of hostile) assert.equal(describeFetchFailure(error), text);
  });

  test('a message of any length takes linear time: four times the text is not sixteen times the work', () => {
    const cost = (names: number) => {
      const error = new Error('certificate connection '.repeat(names));
      return costOf(() => describeFetchFailure(error));
    };
    cost(5_000);
    assert.isBelow(cost(20_000), 9 * Math.max(cost(5_000), 0.1));
  });

  test('no token, key or control character of a message is repeated', () => {
    const text = describeFetchFailure(new TypeError(`Headers.append: "${token}" is an \x1b[31minvalid\u202e value`));
    assert.notInclude(text, token.slice(0, 20));
    const short = describeFetchFailure(new TypeError('"Bearer AbCdEfGhIjKlMnOp" is an invalid header value'));
    assert.equal(short, 'TypeError: … is an invalid header value');
    const odd = Object.assign(new Error('x'), { name: '\n{"type":"forged"}', code: 'sk_live_aaaaaaaaaaaa' });
    assert.equal(describeFetchFailure(odd), 'Error: x');
    for (const code of ['secret ABC', 'ABC secret']) {
      assert.equal(describeFetchFailure(Object.assign(new Error('x'), { name: code, code })), 'Error: x');
    }
    assert.equal(describeFetchFailure(new Error('a "Bearer AbCd')), 'Error: a …');
    assert.equal(describeFetchFailure(new Error(`a ${'Ab0_'.repeat(8)} b`)), 'Error: a … b');
    assert.lengthOf(describeFetchFailure(new Error('a '.repeat(150))), 'Error: '.length + 200);
    const cut = describeFetchFailure(new Error(`${'a '.repeat(90)}${token}`));
    assert.notInclude(cut, token.slice(0, 8));
    assert.notInclude(text, '\x1b');
    assert.notInclude(text, '\u202e');
    assert.match(text, /Headers\.append/);
  });
});
