import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import compression from 'compression';
import express from 'express';
import { assert, describe, test } from 'vitest';
import { type PomeriumOptions, pomerium } from '../../../adapters/node/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { sendRaw } from '../../e2e/raw-request.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';
import { whileListening } from './servers.ts';

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
