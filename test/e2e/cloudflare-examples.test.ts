import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, assert, describe, test } from 'vitest';
import { must, tool } from '../../scripts/run.ts';
import { startStandIn } from '../../scripts/start/stand-in.ts';
import { installProject } from '../support/example-project.ts';
import { sign } from '../support/issuer.ts';
import { sendRaw } from './raw-request.ts';
import { startWrangler } from './wrangler.ts';

const standIn = await startStandIn({});
const now = Math.floor(Date.now() / 1000);
const headers = { 'x-pomerium-jwt-assertion': await sign(standIn.key, { iat: now, exp: now + 3600 }) };

interface Dev {
  readonly folder: string;
  readonly url: string;
  stop(): Promise<void>;
}

interface StartOptions {
  /** @defaultValue `.dev.vars` */
  readonly devVars?: string;
  /** What is changed in the copy before it starts. */
  change?(folder: string): void;
}

const started: Promise<Dev>[] = [];
afterAll(async () => {
  await Promise.allSettled(started.map(async (dev) => (await dev).stop()));
  await standIn.close();
});

/** Starts an example while the tests of others run: half of the time is waiting. */
function start(example: string, options: StartOptions = {}): Promise<Dev> {
  const dev = installAndRun(example, options);
  dev.catch(() => undefined); // The test that awaits it says so.
  started.push(dev);
  return dev;
}

/** What `npm run dev` runs, in an example as whoever copied and installed it has it. */
async function installAndRun(example: string, { devVars = '.dev.vars', change }: StartOptions): Promise<Dev> {
  const { folder, script, remove } = await installProject(`examples/${example}`);
  copyDevVars(join(folder, devVars));
  change?.(folder);
  const [command, ...args] = script('dev');
  assert.equal(command, 'wrangler');
  const wrangler = await startWrangler(args, { folder });
  const stop = async () => {
    await wrangler.stop();
    remove();
  };
  return { folder, url: wrangler.url, stop };
}

/** `.dev.vars.example` as `.dev.vars`, with the stand-in instead of `pomerium-edge dev`. */
function copyDevVars(path: string): void {
  const lines = readFileSync(`${path}.example`, 'utf8');
  const url = 'http://127.0.0.1:8000/.well-known/pomerium/jwks.json';
  assert.include(lines, `POMERIUM_JWKS_URL=${url}\n`);
  writeFileSync(path, lines.replace(url, standIn.jwksUrl()));
}

describe('examples/cloudflare-workers', () => {
  const app = start('cloudflare-workers');

  test('greets who came through Pomerium, and nobody else', async () => {
    const { url } = await app;
    assert.equal((await fetch(url)).status, 401);
    const answer = await fetch(url, { headers });
    assert.deepEqual(await answer.json(), { email: 'alice@example.com', groups: ['g1', 'engineering'] });
    assert.equal(await (await fetch(`${url}/greeting`, { headers })).text(), 'Hello, Alice Liddell!');
  });

  test('tests itself without a server, also beside its .dev.vars', async () => {
    const { folder } = await app;
    const output = await must(tool('vitest'), ['run'], { cwd: folder, capture: true, env: { NO_COLOR: '1' } });
    assert.isAtLeast(Number(/Tests +(\d+) passed/.exec(output)?.[1]), 40, output);
  });

  test('can be deployed', async () => {
    const { folder } = await app;
    const output = await must(tool('wrangler'), ['deploy', '--dry-run'], { cwd: folder, capture: true });
    assert.include(output, 'env.POMERIUM_AUDIENCE');
  });
});

describe('examples/cloudflare-pages', () => {
  const pages = start('cloudflare-pages');

  test('keeps functions and assets for who came through Pomerium', async () => {
    const { url } = await pages;
    for (const path of ['/', '/whoami', '/nothing']) assert.equal((await fetch(url + path)).status, 401, path);
    assert.include(await (await fetch(url, { headers })).text(), 'Only who came through Pomerium');
    assert.deepEqual(await (await fetch(`${url}/whoami`, { headers })).json(), { email: 'alice@example.com' });
  });
});

describe('examples/cloudflare-service', () => {
  const app = start('cloudflare-service', { devVars: 'guard/.dev.vars' });

  test('verifies over the service binding', async () => {
    const { url } = await app;
    assert.equal(await (await fetch(url, { headers })).text(), 'Hello, alice@example.com!');
    const refused = await fetch(url);
    assert.equal(refused.status, 401);
    assert.deepEqual(await refused.json(), { code: 'missing_assertion' });
  });

  test('reads the body afterwards', async () => {
    const answer = await fetch((await app).url, { method: 'POST', headers, body: 'my note' });
    assert.equal(await answer.text(), 'alice@example.com wrote: my note');
  });
});

describe('examples/cloudflare-static', () => {
  const site = start('cloudflare-static');
  const withoutWorkerFirst = start('cloudflare-static', {
    change(folder) {
      const path = join(folder, 'wrangler.jsonc');
      const config = readFileSync(path, 'utf8');
      const line = '"run_worker_first": true,';
      assert.include(config, line);
      writeFileSync(path, config.replace(line, ''));
    },
  });
  const files: [path: string, status: number, content: string][] = [
    ['/', 200, 'Only who came through Pomerium'],
    ['/index.html', 307, ''],
    ['/robots.txt', 200, 'Disallow: /'],
    ['/assets/app.js', 200, 'textContent'],
    ['/nothing', 200, 'Only who came through Pomerium'],
  ];
  /** As a browser opens a page: then Workers may answer for what is no file, too. `fetch` would set the header itself. */
  const open = (url: string, path: string, lines: [string, string][] = []) =>
    sendRaw(url, path, [['sec-fetch-mode', 'navigate'], ...lines]);

  test.each(files)('%s is for who came through Pomerium', async (path, status, content) => {
    const { url } = await site;
    assert.equal((await open(url, path)).status, 401);
    const answer = await open(url, path, Object.entries(headers));
    assert.equal(answer.status, status);
    assert.include(answer.body, content);
  });

  test('without run_worker_first every file is for everybody, so the example needs it', async () => {
    const { url } = await withoutWorkerFirst;
    for (const [path, status, content] of files) {
      const answer = await open(url, path);
      assert.equal(answer.status, status, path);
      assert.include(answer.body, content);
    }
  });
});
