import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import compression from 'compression';
import express from 'express';
import { fastify } from 'fastify';
import { assert, describe, test } from 'vitest';
import { createOnRequest, type PomeriumOptions, pomerium } from '../../../adapters/node/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { sendRaw } from '../../e2e/raw-request.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';
import { SERVERS, whileListening } from './servers.ts';

const options: PomeriumOptions = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const alice = [ASSERTION, SENDERS.alice[ASSERTION]] as const;
const PRIVATE = 'private, no-cache';
const PUBLIC = 'public, max-age=60';

const serve = (handler: (req: IncomingMessage, res: ServerResponse) => unknown, given = options) => {
  const gate = pomerium(given);
  return createServer((req, res) => gate(req, res, () => handler(req, res)));
};

describe('an answer is marked as one for one identity', () => {
  const handlers: [
    name: string,
    write: (res: ServerResponse) => unknown,
    expected: { vary?: string; 'cache-control'?: string; status?: number; cookies?: string[] },
  ][] = [
    ['that is ended', (res) => res.end('in'), {}],
    ['whose headers are flushed', (res) => [res.flushHeaders(), res.end('in')], {}],
    [
      'that says how it is cached',
      (res) => res.setHeader('Cache-Control', PUBLIC).end('in'),
      { 'cache-control': PUBLIC },
    ],
    ['that varies with more', (res) => res.setHeader('Vary', ['A', 'B']).end('in'), { vary: `A, B, ${ASSERTION}` }],
    ['with a status', (res) => res.writeHead(404).end('in'), { status: 404 }],
    ['with a status and a text', (res) => res.writeHead(404, 'Gone Fishing').end('in'), { status: 404 }],
    [
      'with headers of writeHead',
      (res) => res.writeHead(201, { vary: 'A', 'Cache-Control': PUBLIC, 'Set-Cookie': ['a=1', 'b=2'] }).end('in'),
      { status: 201, vary: `A, ${ASSERTION}`, 'cache-control': PUBLIC, cookies: ['a=1', 'b=2'] },
    ],
    [
      'with a text and headers that replace others',
      (res) => res.setHeader('vary', 'X').writeHead(201, 'Made', { Vary: 'A' }).end('in'),
      { status: 201, vary: `A, ${ASSERTION}` },
    ],
    [
      'with a list of headers',
      (res) => res.writeHead(200, ['Vary', 'A', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end('in'),
      { vary: `A, ${ASSERTION}`, cookies: ['a=1', 'b=2'] },
    ],
    [
      'with pairs',
      (res) =>
        res
          .writeHead(200, [
            ['Vary', 'A'],
            ['Cache-Control', PUBLIC],
          ] as never)
          .end('in'),
      { vary: `A, ${ASSERTION}`, 'cache-control': PUBLIC },
    ],
    [
      'with one name in two spellings',
      (res) =>
        res.writeHead(200, { 'Set-Cookie': ['a=1', 'b=2'], 'set-cookie': 'c=3', Vary: 'A', vary: 'B' }).end('in'),
      { vary: `A, B, ${ASSERTION}`, cookies: ['a=1', 'b=2', 'c=3'] },
    ],
    [
      'by the old name of writeHead',
      (res) => {
        (res as ServerResponse & { writeHeader: ServerResponse['writeHead'] }).writeHeader(201, { Vary: 'A' });
        res.end('in');
      },
      { status: 201, vary: `A, ${ASSERTION}` },
    ],
  ];
  for (const [name, write, { status = 200, cookies, ...expected }] of handlers) {
    test(name, async () => {
      await whileListening(
        serve((_req, res) => write(res)),
        async (url) => {
          const answer = await sendRaw(url, '/', [alice]);
          assert.equal(answer.body, 'in');
          assert.equal(answer.status, status);
          assert.include(answer.headers, { vary: ASSERTION, 'cache-control': PRIVATE, ...expected });
          assert.deepEqual(answer.headers['set-cookie'], cookies);
        },
      );
    });
  }

  test('and a list of writeHead is left as it is: it may be a constant', async () => {
    const headers = [['Set-Cookie', ['a=1']] as const, ['Set-Cookie', ['b=2']] as const];
    const list = headers.flat() as string[];
    await whileListening(
      serve((_req, res) => res.writeHead(200, list).end('in')),
      async (url) => {
        for (const _time of ['first', 'second']) {
          assert.deepEqual((await sendRaw(url, '/', [alice])).headers['set-cookie'], ['a=1', 'b=2']);
        }
      },
    );
  });

  test("but a list that lacks a value is Node.js' own error", async () => {
    let thrown: unknown;
    const server = serve((_req, res) => {
      try {
        res.writeHead(200, ['Vary', 'A', 'X-Without-Value']);
      } catch (error) {
        thrown = error;
      }
      res.end('in');
    });
    await whileListening(server, (url) => sendRaw(url, '/', [alice]));
    assert.include(thrown, { code: 'ERR_INVALID_ARG_VALUE' });
  });

  test('once by two gates, and beside compression, whichever comes first', async () => {
    const gate = pomerium(options);
    const text = 'in '.repeat(1000);
    for (const app of [express().use(gate, gate, compression()), express().use(compression(), gate)]) {
      app.get('/', (_req, res) => void res.type('text').send(text));
      await whileListening(createServer(app), async (url) => {
        const answer = await fetch(url, { headers: SENDERS.alice });
        assert.equal(answer.headers.get('content-encoding'), 'gzip');
        assert.equal(await answer.text(), text);
        const vary = answer.headers.get('vary')?.toLowerCase().split(', ').sort();
        assert.deepEqual(vary, ['accept-encoding', ASSERTION]);
      });
    }
  });
});

test('a streamed answer goes out piece by piece, and a request comes in so', async () => {
  const server = serve(async (req, res) => {
    for await (const chunk of req) res.write(`got ${chunk}`);
    res.end();
  });
  await whileListening(server, async (url) => {
    const outgoing = request(url, { method: 'POST', headers: { [ASSERTION]: alice[1] } });
    outgoing.write('one');
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const chunks = response[Symbol.asyncIterator]();
    assert.equal(String((await chunks.next()).value), 'got one');
    outgoing.write('two');
    assert.equal(String((await chunks.next()).value), 'got two');
    outgoing.end();
    assert.isTrue((await chunks.next()).done);
  });
});

describe('a refusal of HEAD is that of GET without the body', () => {
  const refusals: [name: string, onRefused: PomeriumOptions['onRefused'], expected: Record<string, unknown>][] = [
    [
      'the problem document',
      undefined,
      {
        status: 401,
        type: 'application/problem+json',
        cache: 'no-store',
        challenge: 'Pomerium error="missing_assertion"',
        location: null,
      },
    ],
    [
      'a redirect',
      () => Response.redirect('https://sign.in/'),
      { status: 302, type: null, cache: 'no-store', challenge: null, location: 'https://sign.in/' },
    ],
    [
      'an answer with cookies',
      () =>
        new Response('no', {
          status: 418,
          headers: [
            ['set-cookie', 'a=1'],
            ['set-cookie', 'b=2'],
          ],
        }),
      { status: 418, type: 'text/plain;charset=UTF-8', cookies: 'a=1; b=2' },
    ],
  ];
  const shown = ({ status, headers }: Response) => ({
    status,
    type: headers.get('content-type'),
    cache: headers.get('cache-control'),
    challenge: headers.get('www-authenticate'),
    location: headers.get('location'),
    cookies: headers.getSetCookie().join('; '),
    length: headers.get('content-length'),
  });
  const withGetRoute: (typeof SERVERS)[string] = async (given) => {
    const app = fastify().addHook('onRequest', createOnRequest(given));
    app.get('/', async () => 'in');
    await app.ready();
    return app.server;
  };
  for (const [server, start] of Object.entries({ ...SERVERS, 'Fastify, whose HEAD is that of GET': withGetRoute })) {
    for (const [name, onRefused, expected] of refusals) {
      test(`${name}: ${server}`, async () => {
        const given = { ...options, ...(onRefused && { onRefused }) };
        await whileListening(await start(given, () => 'in'), async (url) => {
          const [get, head] = await Promise.all(
            ['GET', 'HEAD'].map((method) => fetch(url, { method, redirect: 'manual' })),
          );
          assert.isDefined(get);
          assert.isDefined(head);
          if (!get || !head) return;
          const { length, ...others } = shown(get);
          assert.include(others, expected, 'GET');
          assert.equal(length, String((await get.arrayBuffer()).byteLength));
          const { length: _mayBeLeftOut, ...ofHead } = shown(head);
          assert.deepEqual(ofHead, others, 'HEAD');
          assert.equal(await head.text(), '');
        });
      });
    }
  }

  test('through inject of Fastify, too', async () => {
    const app = fastify().addHook('onRequest', createOnRequest(options));
    app.get('/', async () => 'in');
    for (const method of ['GET', 'HEAD'] as const) {
      const { statusCode, headers, body } = await app.inject({ method, url: '/' });
      assert.equal(statusCode, 401);
      assert.include(headers, { 'cache-control': 'no-store', 'content-type': 'application/problem+json' });
      assert.match(String(headers['www-authenticate']), /^Pomerium/);
      assert.equal(body === '', method === 'HEAD');
    }
  });
});

describe('a refusal', () => {
  test('does not wait for the body of the request', async () => {
    await whileListening(
      serve((_req, res) => res.end('in')),
      async (url) => {
        const outgoing = request(url, { method: 'POST' });
        outgoing.write('one');
        const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
        assert.equal(response.statusCode, 401);
        outgoing.destroy();
      },
    );
  });

  test('may have a body that fails, or several cookies', async () => {
    const failing = new ReadableStream({ pull: (controller) => controller.error(new Error('mine')) });
    const cookies = [['set-cookie', 'a=1'] as const, ['set-cookie', 'b=2'] as const];
    const refusals = [
      () => new Response(failing, { status: 418 }),
      () => new Response('no', { status: 418, headers: [...cookies.map(([n, v]): [string, string] => [n, v])] }),
    ];
    for (const onRefused of refusals) {
      await whileListening(
        serve((_req, res) => res.end('in'), { ...options, onRefused }),
        async (url) => {
          const answer = await fetch(url);
          assert.equal(answer.status, 418);
          assert.notInclude(await answer.text(), 'in');
          if (onRefused === refusals[1]) assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2']);
        },
      );
    }
  });

  test('is not sent where somebody has answered meanwhile', async () => {
    let answerFirst = () => {};
    const onRefused = async () => {
      answerFirst();
      return undefined;
    };
    const gate = pomerium({ ...options, onRefused });
    const server = createServer((req, res) => {
      answerFirst = () => res.writeHead(503).end('too late');
      return gate(req, res, () => res.end('in'));
    });
    await whileListening(server, async (url) => {
      const answer = await sendRaw(url, '/');
      assert.equal(answer.status, 503);
      assert.equal(answer.body, 'too late');
    });
  });
});
