import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import createNextApp from 'create-next-app/package.json' with { type: 'json' };
import next from 'next/package.json' with { type: 'json' };
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { ROOT } from '../../../scripts/run.ts';
import { createTestIssuer, type JwksServer } from '../../../testing/index.ts';
import { HOST } from '../../support/issuer.ts';
import { sendRaw } from '../raw-request.ts';
import { type App, makeNewApp, type RunningApp } from './apps.ts';

/** Pages that know who asks, and what they show to Alice. React puts a comment between two texts. */
const PAGES: Readonly<Record<string, RegExp>> = {
  '/': /Hello, Alice/,
  '/account': /alice@example\.com/,
  '/admin': /Welcome, (<!-- -->)?Alice/,
  '/titled': /<title>Page of alice@example\.com<\/title>/,
  '/kept': /kept for (<!-- -->)?alice@example\.com/,
  '/left-out/streamed': /secret for (<!-- -->)?u-alice/,
};

/** How Next.js's client asks for a page: when it is opened, and before. */
const RSC = ['RSC', '1'] as const;
const AS_DATA = [
  [RSC],
  [RSC, ['Next-Router-Prefetch', '1'], ['Next-Router-Segment-Prefetch', '/_tree']],
  [RSC, ['Next-Router-Prefetch', '3']],
] as const;

/** Lines that complain, but for what is not about the app: the cache, the disk, and a setting that makes the build fast. */
function complaintsIn(output: string): string[] {
  const lines = output
    .split('\n')
    .filter((line) => !/No build cache found|turbopackMinify|Slow filesystem detected/.test(line));
  return lines.filter((line) => /⚠|⨯|warn|error|unstable value/i.test(line));
}

describe('the app that create-next-app writes, with examples/nextjs in it', () => {
  let app: App;
  let jwks: JwksServer;
  let env: Record<string, string>;
  let alice: readonly [string, string];

  beforeAll(async () => {
    const issuer = await createTestIssuer({ host: HOST });
    jwks = await issuer.serve();
    env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: jwks.jwksUrl };
    const claims = { sub: 'u-alice', user: 'u-alice', email: 'alice@example.com', name: 'Alice', groups: ['admins'] };
    alice = ['x-pomerium-jwt-assertion', await issuer.sign(claims)];
    app = await makeNewApp(`${ROOT}test/e2e/next/create-next-app`);
  });
  afterAll(async () => {
    await jwks.close();
    app.remove();
  });

  test('is of the line of Next.js that is tested here, and the example has its settings', () => {
    const line = (version: string) => version.split('.').slice(0, 2);
    assert.deepEqual(line(createNextApp.version), line(next.version));
    const written = readFileSync(join(app.folder, 'next.config.ts'), 'utf8');
    const settings = written.match(/^ {2}\w+: true,$/gm) ?? [];
    assert.isNotEmpty(settings);
    const ours = readFileSync(`${ROOT}examples/nextjs/next.config.ts`, 'utf8');
    for (const setting of settings) assert.include(ours, setting);
  });

  for (const bundler of ['--webpack', '--turbopack']) {
    test(`builds and type-checks with ${bundler}`, async () => {
      const { code, output } = await app.build(bundler);
      assert.equal(code, 0, output);
      assert.include(output, 'Cache Components enabled');
      assert.deepEqual(complaintsIn(output), []);
    });
  }

  // Each page is compiled when it is first asked for: under next dev, one of each kind.
  const paths = { start: Object.keys(PAGES), dev: ['/account', '/titled', '/kept', '/left-out/streamed'] };
  for (const command of ['start', 'dev'] as const) {
    describe(`under next ${command}`, () => {
      let server: RunningApp;
      beforeAll(async () => {
        server = await app.start(env, command);
      });
      afterAll(() => server.stop());

      const get = (path: string, ...lines: (readonly [string, string])[]) => sendRaw(server.url, path, lines);

      test('pages, metadata, route handlers and private caches know who asks, and nothing is wrong in the log', async () => {
        const before = (await server.log()).length;
        for (const path of paths[command]) {
          const page = await get(path, alice);
          assert.equal(page.status, 200, path);
          assert.match(page.body, PAGES[path] ?? /nowhere/, path);
          for (const lines of AS_DATA) {
            // Next.js first sends them to the URL that has these headers in it.
            const { headers } = await get(path, alice, ...lines);
            const { status, body } = await get(headers.location ?? path, alice, ...lines);
            assert.equal(status, 200, path);
            assert.isNotEmpty(body, path);
          }
        }
        assert.include(JSON.parse((await get('/api/me', alice)).body), { email: 'alice@example.com' });
        assert.deepEqual(complaintsIn((await server.log()).slice(before)), []);
      });

      test('a wrapped route handler gets Next.js’s own request, without unverified headers, and its params', async () => {
        const { status, body } = await get(
          '/wrapped/7',
          alice,
          ['Cookie', 'c=1'],
          ['X-Pomerium-Claim-Email', 'forged'],
        );
        assert.equal(status, 200, body);
        const { headers, ...answer } = JSON.parse(body);
        assert.deepEqual(answer, { id: '7', subject: 'u-alice', cookie: '1', path: '/wrapped/7' });
        assert.notInclude(JSON.stringify(headers), 'forged');
        assert.equal((await get('/left-out/wrapped')).status, 401);
      });

      test('a page that streams has sent 200 before it refuses, and no secret after', async () => {
        const { status, body } = await get('/left-out/streamed');
        assert.equal(status, 200);
        assert.notInclude(body, 'secret');
        assert.include(body, 'Please sign in');
        assert.equal((await get('/account')).status, 401, 'where the gate stands');
      });

      test('in ‘use cache’ the log says what to do instead', async () => {
        assert.equal((await get('/everybody', alice)).status, 500);
        await server.printed(/cannot be called in 'use cache'.*'use cache: private'/);
      });
    });
  }
});
