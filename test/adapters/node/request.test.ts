import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import connect from 'connect';
import express from 'express';
import { fastify } from 'fastify';
import Koa from 'koa';
import { assert, describe, test } from 'vitest';
import {
  createOnRequest,
  type PomeriumMiddleware,
  type PomeriumOptions,
  pomerium,
} from '../../../adapters/node/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { sendRaw } from '../../e2e/raw-request.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';
import { mountInKoa, SERVERS, whileListening } from './servers.ts';

const options: PomeriumOptions = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const alice = [ASSERTION, SENDERS.alice[ASSERTION]] as const;

/** Everything that Node.js shows of the headers, without those of the connection. */
function shownHeaders({ headers, headersDistinct, rawHeaders }: IncomingMessage): string {
  const { host, connection, ...others } = headers;
  const { host: _host, connection: _connection, ...distinct } = headersDistinct;
  return JSON.stringify({ headers: others, headersDistinct: distinct, rawHeaders });
}

describe('what Node.js shows of the headers', () => {
  const forged: [name: string, lines: [name: string, value: string][], options?: Partial<PomeriumOptions>][] = [
    ['a claim header', [['X-Pomerium-Claim-Email', 'evil']]],
    [
      'several, in several spellings',
      [
        ['x-pomerium-claim-email', 'evil'],
        ['X_Pomerium_Claim_Email', 'evil'],
        ['x-pomerium.claim.email', 'evil'],
        ['X-POMERIUM-CLAIM-EMAIL', 'evil'],
      ],
    ],
    ['a header that the operator names', [['X-Email', 'evil']], { removeHeaders: ['x-email'] }],
    [
      "a session of Pomerium's in a second line, which req.headers does not have",
      [
        ['Authorization', 'Bearer abc'],
        ['Authorization', 'Pomerium evil'],
      ],
    ],
    [
      'a Connection that removes a claim header behind',
      [
        ['X-A', 'b'],
        ['Connection', 'x-pomerium-claim-evil'],
      ],
    ],
  ];
  for (const [server, start] of Object.entries(SERVERS)) {
    for (const [name, lines, more] of forged) {
      test(`has nothing of ${name}: ${server}`, async () => {
        const shown = await whileListening(await start({ ...options, ...more }, shownHeaders), async (url) => {
          return (await sendRaw(url, '/', [['X-Kept', 'kept'], ...lines, alice])).body;
        });
        assert.notInclude(shown, 'evil');
        const { headers, headersDistinct, rawHeaders } = JSON.parse(shown);
        assert.equal(headers['x-kept'], 'kept');
        assert.deepEqual(headersDistinct['x-kept'], ['kept']);
        assert.includeMembers(rawHeaders, ['X-Kept', 'kept', ...alice]);
      });
    }
  }

  test('has verified claims as Pomerium would have sent them', async () => {
    const server = await SERVERS['node:http']?.({ ...options, claimHeaders: { 'x-email': 'email' } }, shownHeaders);
    assert.isDefined(server);
    if (!server) return;
    await whileListening(server, async (url) => {
      const { body } = await sendRaw(url, '/', [['X-Email', 'root@evil.test'], alice]);
      assert.notInclude(body, 'evil');
      const { headers, headersDistinct, rawHeaders } = JSON.parse(body);
      assert.equal(headers['x-email'], 'alice@example.com');
      assert.deepEqual(headersDistinct['x-email'], ['alice@example.com']);
      assert.includeMembers(rawHeaders, ['x-email', 'alice@example.com']);
    });
  });
});

describe('trailers', () => {
  const shownTrailers = ({ trailers, trailersDistinct, rawTrailers }: IncomingMessage) =>
    JSON.stringify({ trailers, trailersDistinct, rawTrailers });
  const readers: [name: string, read: (req: IncomingMessage, pass: () => Promise<void>) => Promise<string>][] = [
    [
      'that come with the body',
      async (req, pass) => {
        await pass();
        await buffer(req);
        return shownTrailers(req);
      },
    ],
    [
      'that somebody has read before the gate',
      async (req, pass) => {
        await buffer(req);
        shownTrailers(req);
        await pass();
        return shownTrailers(req);
      },
    ],
    [
      'of which somebody hears who has listened before the gate',
      async (req, pass) => {
        const shown = new Promise<string>((resolve) => req.on('end', () => resolve(shownTrailers(req))));
        await pass();
        req.resume();
        return shown;
      },
    ],
  ];
  for (const [name, read] of readers) {
    test(`${name} have nothing forged, and no assertion that nobody has verified`, async () => {
      const gate = pomerium({ ...options, removeHeaders: ['x-email'] });
      let identity: unknown;
      const server = createServer(async (req, res) => {
        const shown = await read(req, () => gate(req, res, () => {}));
        identity = req.identity?.email;
        res.end(shown);
      });
      await whileListening(server, async (url) => {
        const outgoing = request(url, { method: 'POST', headers: Object.fromEntries([alice]) });
        outgoing.write('body');
        const forged = ['X-Pomerium-Claim-Email', 'x_pomerium_claim_email', ASSERTION, 'X-Email'];
        outgoing.addTrailers([...forged.map((one): [string, string] => [one, 'evil']), ['X-Kept', 'kept']]);
        outgoing.end();
        const [response] = await once(outgoing, 'response');
        assert.deepEqual(JSON.parse(await text(response)), {
          trailers: { 'x-kept': 'kept' },
          trailersDistinct: { 'x-kept': ['kept'] },
          rawTrailers: ['X-Kept', 'kept'],
        });
        assert.equal(identity, 'alice@example.com');
      });
    });
  }
});

for (const [server, start] of Object.entries(SERVERS)) {
  test(`an assertion in two lines is refused, even the same: ${server}`, async () => {
    await whileListening(await start(options, () => 'in'), async (url) => {
      for (const second of [alice[1], 'x']) {
        const { status, body } = await sendRaw(url, '/', [alice, [ASSERTION, second]]);
        assert.equal(status, 401);
        assert.equal(JSON.parse(body).code, 'duplicate_assertion');
      }
    });
  });
}

describe('the path of a rule is the one that is served', () => {
  const rules: PomeriumOptions['rules'] = [
    { prefix: '/app/public', access: 'public' },
    { prefix: '/app/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
    { prefix: '/', access: 'authenticated' },
  ];

  test('of a router of Express that is mounted', async () => {
    const router = express.Router().use(pomerium({ ...options, rules }));
    router.get('/:page', (req, res) => void res.send(req.params.page));
    await whileListening(createServer(express().use('/app', router)), async (url) => {
      assert.equal((await sendRaw(url, '/app/public')).status, 200);
      assert.equal((await sendRaw(url, '/app/other')).status, 401);
      assert.equal((await sendRaw(url, '/app/admin', [alice])).status, 403);
      assert.equal((await sendRaw(url, '/app/other', [alice])).body, 'other');
    });
  });

  const koaApps: [name: string, make: (app: Koa, gate: PomeriumMiddleware, page: Koa.Middleware) => RequestListener][] =
    [
      [
        'of Koa where the gate is mounted',
        (app, gate, page) => app.use(mountInKoa('/app', gate)).use(mountInKoa('/app', page)).callback(),
      ],
      [
        'of Koa where a Connect app before the gate is mounted, too',
        (app, gate, page) => {
          const empty = connect();
          app.use(mountInKoa('/app', (ctx, next) => new Promise((done) => empty(ctx.req, ctx.res, done)).then(next)));
          return app.use(mountInKoa('/app', gate)).use(mountInKoa('/app', page)).callback();
        },
      ],
      [
        'of Koa where the path that is left is longer',
        (app, gate, page) => {
          app.use(
            mountInKoa('/app', (ctx, next) => gate(Object.assign(ctx, { path: `/other/long${ctx.path}` }), next)),
          );
          return app.use(mountInKoa('/app', page)).callback();
        },
      ],
      [
        'of Koa where its app is mounted in Express',
        (app, gate, page) => express().use('/app', app.use(gate).use(page).callback()),
      ],
    ];
  for (const [name, make] of koaApps) {
    test(name, async () => {
      const page: Koa.Middleware = (ctx) => {
        ctx.body = ctx.path;
      };
      const own: PomeriumOptions['rules'] = [{ prefix: '/other', access: 'public' }, ...rules];
      const listener = make(new Koa(), pomerium({ ...options, rules: own }), page);
      await whileListening(createServer(listener), async (url) => {
        assert.equal((await sendRaw(url, '/app/public')).body, '/public');
        assert.equal((await sendRaw(url, '/app/other')).status, 401);
        assert.equal((await sendRaw(url, '/app/admin', [alice])).status, 403);
        assert.equal((await sendRaw(url, '/app/other', [alice])).body, '/other');
      });
    });
  }

  test('of Fastify where it rewrites URLs', async () => {
    const app = fastify({ rewriteUrl: ({ url = '' }) => url.replace('/old', '/app') });
    app.addHook('onRequest', createOnRequest({ ...options, rules }));
    app.get('/app/:page', async () => 'in');
    await app.ready();
    await whileListening(app.server, async (url) => {
      assert.equal((await sendRaw(url, '/old/public')).status, 200);
      assert.equal((await sendRaw(url, '/old/admin', [alice])).status, 403);
      assert.equal((await sendRaw(url, '/old/other', [alice])).status, 200);
    });
  });

  test('and routes of Pomerium are asked about the one that it sent', async () => {
    const routes = [{ from: `https://${HOST}`, prefix: '/old', to: 'http://a', allow_any_authenticated_user: true }];
    const { audience, ...others } = options;
    const app = fastify({ rewriteUrl: ({ url = '' }) => url.replace('/old', '/app') });
    app.addHook('onRequest', createOnRequest({ ...others, routes: { pass_identity_headers: true, routes } }));
    app.get('/app/:page', async () => 'in');
    await app.ready();
    await whileListening(app.server, async (url) => {
      assert.equal((await sendRaw(url, '/old/x', [alice])).status, 200);
      assert.equal((await sendRaw(url, '/app/x', [alice])).status, 403);
    });
  });
});
