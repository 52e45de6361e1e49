import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, createServer, type Http2Server, type OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import connectApp from 'connect';
import { fastify } from 'fastify';
import Koa from 'koa';
import { assert, describe, test } from 'vitest';
import { createOnRequest, type PomeriumOptions, pomerium } from '../../../adapters/node/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';
import type { Seen } from './servers.ts';

const options: PomeriumOptions = {
  audience: HOST,
  keys: staticKeys(jwks(key)),
  rules: [
    { prefix: '/public', access: 'public' },
    { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
    { prefix: '/', access: 'authenticated' },
  ],
  now: () => NOW,
  log: false,
};
const { alice } = SENDERS;

/** The types of Connect and Koa have requests of HTTP/1 alone. */
type Listener = Parameters<typeof createServer>[1];

const SERVERS: Readonly<Record<string, (seen: Seen) => Http2Server | Promise<Http2Server>>> = {
  'node:http2': (seen) => {
    const gate = pomerium(options);
    return createServer((req, res) => gate(req, res, () => res.end(seen(req as unknown as IncomingMessage))));
  },
  Connect: (seen) => {
    const app = connectApp().use(pomerium(options));
    app.use((req, res) => {
      res.end(seen(req));
    });
    return createServer(app as unknown as Listener);
  },
  Koa: (seen) => {
    const app = new Koa().use(pomerium(options));
    app.use((ctx) => {
      ctx.body = seen(ctx.req);
    });
    return createServer(app.callback() as unknown as Listener);
  },
  Fastify: async (seen) => {
    const app = fastify({ http2: true }).addHook('onRequest', createOnRequest(options));
    app.get('*', async ({ raw }) => seen(raw as unknown as IncomingMessage));
    await app.ready();
    return app.server;
  },
};

interface Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

type Ask = (headers: OutgoingHttpHeaders, trailers?: OutgoingHttpHeaders) => Promise<Answer>;

async function whileAsking(server: Http2Server, work: (ask: Ask) => Promise<void>): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    await work(async (headers, trailers) => {
      const stream = session.request(headers, { endStream: !trailers, waitForTrailers: trailers !== undefined });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}));
      if (trailers) stream.end('body');
      const [[answer], body] = await Promise.all([once(stream, 'response'), text(stream)]);
      return { headers: answer, body };
    });
  } finally {
    session.destroy();
    server.close();
  }
}

for (const [name, start] of Object.entries(SERVERS)) {
  describe(`over HTTP/2: ${name}`, () => {
    test('rules are about :path, and answers are marked for one identity', async () => {
      await whileAsking(await start((req) => req.identity?.email ?? 'nobody'), async (ask) => {
        const open = await ask({ ':path': '/public' });
        assert.equal(open.body, 'nobody');
        const mine = await ask({ ':path': '/mine', ...alice });
        assert.equal(mine.body, 'alice@example.com');
        for (const { headers } of [open, mine]) {
          assert.include(headers, { ':status': 200, vary: ASSERTION, 'cache-control': 'private, no-cache' });
        }
        assert.include((await ask({ ':path': '/admin', ...alice })).headers, { ':status': 403 });
        assert.include((await ask({ ':path': '/public/../admin', ...alice })).headers, { ':status': 403 });
      });
    });

    test('a refusal is the one of HTTP/1, also that of HEAD', async () => {
      await whileAsking(await start(() => 'in'), async (ask) => {
        for (const method of ['GET', 'HEAD']) {
          const { headers, body } = await ask({ ':path': '/', ':method': method });
          assert.include(headers, {
            ':status': 401,
            'content-type': 'application/problem+json',
            'cache-control': 'no-store',
            'www-authenticate': 'Pomerium error="missing_assertion"',
          });
          assert.equal(body === '', method === 'HEAD');
        }
        const twice = await ask({ ':path': '/', [ASSERTION]: [alice[ASSERTION], alice[ASSERTION]] });
        assert.equal(JSON.parse(twice.body).code, 'duplicate_assertion');
      });
    });

    test('nothing forged is left, and pseudo-headers stay', async () => {
      const shown = ({ headers, rawHeaders }: IncomingMessage) => JSON.stringify({ headers, rawHeaders });
      await whileAsking(await start(shown), async (ask) => {
        const forged = { 'x-pomerium-claim-email': 'evil', x_pomerium_claim_email: 'evil', 'x-kept': 'kept' };
        const { body } = await ask({ ':path': '/mine', ...alice, ...forged });
        assert.notInclude(body, 'evil');
        const { headers, rawHeaders } = JSON.parse(body);
        assert.include(headers, { ':path': '/mine', ':method': 'GET', 'x-kept': 'kept', ...alice });
        assert.includeMembers(rawHeaders, [':path', '/mine', 'x-kept', 'kept', alice[ASSERTION]]);
      });
    });
  });
}

describe('over HTTP/2', () => {
  test('no Pomerium trailer is left', async () => {
    const gate = pomerium(options);
    const server = createServer((req, res) =>
      gate(req, res, async () => {
        await buffer(req);
        res.end(JSON.stringify([req.trailers, req.rawTrailers]));
      }),
    );
    await whileAsking(server, async (ask) => {
      const trailers = { 'x-pomerium-claim-email': 'evil', [ASSERTION]: 'evil', 'x-kept': 'kept' };
      const { body } = await ask({ ':path': '/', ':method': 'POST', ...alice }, trailers);
      assert.deepEqual(JSON.parse(body), [{ 'x-kept': 'kept' }, ['x-kept', 'kept']]);
    });
  });

  test('headers of writeHead are marked, too', async () => {
    const gate = pomerium(options);
    const list = ['Vary', 'A', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'];
    const server = createServer((req, res) => gate(req, res, () => res.writeHead(201, list as never).end('in')));
    await whileAsking(server, async (ask) => {
      const { headers } = await ask({ ':path': '/', ...alice });
      assert.include(headers, { ':status': 201, vary: `A, ${ASSERTION}`, 'cache-control': 'private, no-cache' });
      assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
    });
  });
});
