import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, assert, describe, test } from 'vitest';
import { bundleWorker, COMPATIBILITY_DATE } from '../../scripts/bundle-worker.ts';
import { startProcess } from '../../scripts/processes.ts';
import { ROOT, tool } from '../../scripts/run.ts';
import { startStandIn } from '../../scripts/start/stand-in.ts';
import { HOST, sign } from '../support/issuer.ts';

const standIn = await startStandIn({});
const now = Math.floor(Date.now() / 1000);
const headers = { 'x-pomerium-jwt-assertion': await sign(standIn.key, { iat: now, exp: now + 3600 }) };
afterAll(() => standIn.close());

/** An example in a folder of its own, as whoever copies it has it, under its own tool and with the stand-in's keys. */
async function withWrangler(
  example: string,
  args: readonly string[],
  use: (url: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  cpSync(`${ROOT}examples/${example}`, folder, { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules', 'pomerium-edge'));
  const flags = ['--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0'];
  const wrangler = startProcess(tool('wrangler'), [...args, ...flags], folder);
  try {
    await use(await wrangler.printed(/Ready on (http:\/\/127\.0\.0\.1:\d+)/));
  } finally {
    await wrangler.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('examples/cloudflare-workers, under wrangler dev', () => {
  test('greets who came through Pomerium, and nobody else', () =>
    withWrangler('cloudflare-workers', ['dev', '--var', `POMERIUM_JWKS_URL:${standIn.jwksUrl()}`], async (url) => {
      assert.equal((await fetch(url)).status, 401);
      const answer = await fetch(url, { headers });
      assert.deepEqual(await answer.json(), { email: 'alice@example.com', groups: ['g1', 'engineering'] });
      assert.equal(await (await fetch(`${url}/greeting`, { headers })).text(), 'Hello, Alice Liddell!');
    }));
});

describe('examples/cloudflare-pages, under wrangler pages dev', () => {
  test('keeps functions and assets for who came through Pomerium', () =>
    withWrangler(
      'cloudflare-pages',
      ['pages', 'dev', '--binding', `POMERIUM_JWKS_URL=${standIn.jwksUrl()}`],
      async (url) => {
        for (const path of ['/', '/whoami', '/nothing']) assert.equal((await fetch(url + path)).status, 401, path);
        assert.include(await (await fetch(url, { headers })).text(), 'Only who came through Pomerium');
        assert.deepEqual(await (await fetch(`${url}/whoami`, { headers })).json(), { email: 'alice@example.com' });
      },
    ));
});

describe('examples/cloudflare-service, with the guard that wrangler.toml deploys', () => {
  test('verifies over the service binding', async () => {
    const config = 'examples/cloudflare-service/wrangler.toml';
    const { code: service } = await bundleWorker({ entry: 'examples/cloudflare-service/index.ts', config });
    const { code: guard } = await bundleWorker();
    const worker = (name: string, contents: string) => ({
      name,
      compatibilityDate: COMPATIBILITY_DATE,
      modules: [{ type: 'ESModule' as const, path: `${name}.js`, contents }],
    });
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        cf: false,
        workers: [
          {
            ...worker('my-app', service),
            serviceBindings: { AUTH: { name: 'pomerium-guard', entrypoint: 'PomeriumAuth' } },
          },
          {
            ...worker('pomerium-guard', guard),
            bindings: { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: standIn.jwksUrl() },
          },
        ],
      }),
    );
    try {
      const url = await miniflare.ready;
      assert.equal(await (await fetch(url, { headers })).text(), 'Hello, alice@example.com!');
      const refused = await fetch(url);
      assert.equal(refused.status, 401);
      assert.deepEqual(await refused.json(), { code: 'missing_assertion' });
    } finally {
      await miniflare.dispose();
    }
  });
});
