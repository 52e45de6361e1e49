import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, assert, beforeAll, describe, test, vi } from 'vitest';
import { createVerifier, remoteKeys, type Verifier } from '../../core/index.ts';
import { freePort } from '../../scripts/free-port.ts';
import { type Running, startProcess } from '../../scripts/processes.ts';
import { type LocalServer, serve } from '../../scripts/start/server.ts';
import { CLI } from '../cli/run-cli.ts';
import { launchBrowser, screenshot } from './browser.ts';
import { sendRaw } from './raw-request.ts';

/** Some rules refuse it, and one cannot be checked. */
const FORGED = ['{"alg":"none","kid":"made-up"}', '{"exp":1,"aud":"app.corp.example.com","groups":["admins"]}', '']
  .map((part) => Buffer.from(part).toString('base64url'))
  .join('.');

const axe = createRequire(import.meta.url).resolve('axe-core');

describe('pomerium-edge dev', () => {
  let app: LocalServer;
  let dev: Running;
  let url: string;
  let verifier: Verifier;
  let isGuarded = true;
  let browser: Browser;

  beforeAll(async () => {
    app = await serve(async (request, response) => {
      const identity = await verifier
        .verifyRequest({ headers: request.headersDistinct as Record<string, string[]> })
        .catch(() => undefined);
      response.writeHead(identity || !isGuarded ? 200 : 401, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ email: identity?.email, host: request.headers['x-forwarded-host'] ?? request.headers.host }),
      );
    });
    app.onUpgrade(async ({ headersDistinct: headers }, socket) => {
      const { email } = await verifier.verifyRequest({ headers: headers as Record<string, string[]> });
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.on('data', (data) => socket.write(`${email}: ${data}`)).on('end', () => socket.end());
    });
    dev = startProcess(process.execPath, [CLI, 'dev', '--to', app.url, '--port', '0'], { env: { NODE_ENV: 'test' } });
    url = await dev.printed(/signed in .*(http:\/\/localhost:\d+)\//);
    const jwksUrl = await dev.printed(/POMERIUM_JWKS_URL=(\S+)/);
    verifier = createVerifier({ audience: 'app.corp.example.com', keys: remoteKeys(jwksUrl, { cooldown: 0 }) });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await dev.stop();
    await app.close();
  });

  /** What the app says to the browser of this page. */
  const whoAmI = (page: Page) =>
    page.evaluate(async () => (await fetch('/x')).json() as Promise<{ email: string; host: string }>);

  async function open(options = {}): Promise<{ page: Page; complaints: string[] }> {
    const page = await (await browser.newContext(options)).newPage();
    page.setDefaultTimeout(15_000);
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(`${url}/.pomerium/`);
    return { page, complaints };
  }

  test('signs in as whom a person chooses in this browser, and the app believes it', async () => {
    const { page } = await open();
    const other = await open();
    const { host } = new URL(url);
    // A page's policy lets its own script fetch nothing; the app's has none.
    await page.getByRole('link', { name: 'Open the app as Alice, a user' }).click();
    await page.waitForURL(`${url}/`);
    assert.deepEqual(await whoAmI(page), { email: 'alice@example.com', host });
    await page.goto(`${url}/.pomerium/`);
    await page.getByLabel('As', { exact: true }).selectOption('Bob, another user');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('bob@example.com').waitFor();
    await page.getByRole('link', { name: 'Open the app as Bob, another user' }).click();
    assert.deepEqual(await whoAmI(page), { email: 'bob@example.com', host });
    await other.page.goto(url);
    assert.deepEqual(await whoAmI(other.page), { email: 'alice@example.com', host }, 'the other browser');
    await page.goto(`${url}/.pomerium/`);
    assert.match(await page.locator('.requests').innerText(), /✓ 200\s+GET \/x\s+Bob, another user\s+(now|\d s ago)/);
    await screenshot(page, 'dev');
  });

  test('is signed in by a test with one address, and signs out to a page that signs in again', async () => {
    const context = await browser.newContext({ baseURL: url });
    await context.request.get('/.pomerium/as/bob');
    const page = await context.newPage();
    await page.goto('/x?y=1');
    assert.equal((await whoAmI(page)).email, 'bob@example.com');
    await page.goto('/.pomerium/sign_out');
    await page.goto('/x?y=1');
    assert.equal(new URL(page.url()).pathname, '/.pomerium/sign_in');
    await screenshot(page, 'dev-sign-in');
    await page.getByRole('button', { name: 'Alice, a user' }).click();
    await page.waitForURL(`${url}/x?y=1`);
    assert.equal((await whoAmI(page)).email, 'alice@example.com');
  });

  test('rotates the key: the app goes on', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'Rotate the signing key' }).click();
    await page.getByText('2 published').waitFor();
    await page.goto(url);
    assert.equal((await whoAmI(page)).email, 'alice@example.com');
  });

  test('counts the time left down', async () => {
    const { page } = await open();
    const left = async () => Number.parseInt(await page.locator('[data-ends]').innerText(), 10);
    const first = await left();
    assert.isAtMost(first, 300);
    await vi.waitFor(async () => assert.isBelow(await left(), first), { timeout: 10_000, interval: 100 });
  });

  test('explains an assertion that is pasted, without JavaScript', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    await page.getByLabel('Another assertion').fill('not.an.assertion');
    await page.getByRole('button', { name: 'Explain it' }).click();
    await page.getByText('✗ Refused').waitFor();
    assert.match(await page.getByRole('row', { name: /^form/ }).innerText(), /fails/);
  });

  test('sends every attack to the app, and shows what got in', async () => {
    const { page } = await open();
    const attack = async () => {
      await page.getByLabel('Path').fill('/x');
      await page.getByRole('button', { name: 'Send every attack to the app' }).click();
    };
    await attack();
    await page.getByText(/None of \d+ got in that must not/).waitFor();
    assert.equal(await page.getByText('This path is public').count(), 0);
    isGuarded = false;
    await attack();
    await page.getByText(/✗ \d+ got in that must not/).waitFor();
    assert.include(await page.locator('.verdict').first().innerText(), 'This path is public, or not guarded');
    assert.isAtLeast(await page.getByText('✗ let in').count(), 40);
    await screenshot(page, 'dev-attacked');
    isGuarded = true;
  });

  test('sends one attack, and shows the answer', async () => {
    const { page } = await open();
    await page.getByText('Or one of them').click();
    await page.getByRole('button', { name: 'expired', exact: true }).click();
    await page.getByText('None of 1 got in that must not').waitFor();
    assert.match(
      await page
        .getByRole('row', { name: /expired/ })
        .first()
        .innerText(),
      /as it should\s+expired\s+401/,
    );
    assert.equal(await page.locator('pre').innerText(), `{"host":"${new URL(app.url).host}"}`);
  });

  test('no other site and no other name drives it', async () => {
    const post = (headers: [string, string][]) => sendRaw(url, '/.pomerium/rotate', headers, { method: 'POST' });
    assert.equal((await post([['Origin', 'https://evil.test']])).status, 403);
    assert.equal((await post([['Origin', 'null']])).status, 403);
    assert.equal((await post([['Origin', url]])).status, 303);
    const status = await new Promise((resolve) => {
      const { hostname, port } = new URL(url);
      const options = { hostname, port, path: '/.pomerium/', headers: { host: `evil.test:${port}` } };
      request(options, (response) => resolve(response.resume().statusCode)).end();
    });
    assert.equal(status, 403);
  });

  test('lists what a person asked for, and only counts what a page fetches by itself', async () => {
    const { page } = await open({ viewport: { width: 375, height: 667 } });
    const long = `/reports/${'a-long-name-of-a-report-'.repeat(4)}?from=2026-01-01&to=2026-12-31`;
    await page.goto(url);
    await page.evaluate(
      async ([path = '']) => {
        await fetch('/_next/static/chunks/turbopack-3-ry682tkyiqk.js');
        await fetch('/logo.svg');
        await fetch(path);
      },
      [long],
    );
    await page.goto(`${url}/.pomerium/`);
    const requests = page.locator('.requests');
    assert.include(await requests.innerText(), long);
    assert.notMatch(await requests.innerText(), /turbopack|logo\.svg/);
    assert.match(await page.locator('main').innerText(), /Not listed: \d+ of scripts, styles, images/);
    const { bottom, left, right } = await requests
      .getByRole('row', { name: /reports/ })
      .getByRole('cell', { name: '✓ 200' })
      .evaluate((cell) => cell.getBoundingClientRect());
    assert.isTrue(left >= 0 && right <= 375 && bottom > 0, 'the status is on the screen');
    await page.getByText('Headers of the last one').click();
    await screenshot(page, 'dev-requests-phone');
    assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
    await page.setViewportSize({ width: 1280, height: 800 });
    const name = page.getByRole('rowheader', { name: 'x-pomerium-jwt-assertion', exact: true });
    const lines = await name.evaluate((cell) => {
      const range = cell.ownerDocument.createRange();
      range.selectNodeContents(cell);
      return range.getClientRects().length;
    });
    assert.equal(lines, 1, 'a name of a header is on one line');
    await screenshot(page, 'dev-requests');
  });

  const looks: [name: string, options: object][] = [
    ['desktop-light', {}],
    ['desktop-dark', { colorScheme: 'dark' }],
    ['phone-light', { viewport: { width: 375, height: 667 } }],
    ['phone-dark', { viewport: { width: 375, height: 667 }, colorScheme: 'dark' }],
  ];
  for (const [name, options] of looks) {
    test(`its page is accessible, and nothing sticks out (${name})`, async () => {
      const { page, complaints } = await open(options);
      await page.getByLabel('Another assertion').fill(FORGED);
      await page.getByRole('button', { name: 'Explain it' }).click();
      await page.getByText('✗ Refused').waitFor();
      assert.deepEqual(complaints, []);
      await page.evaluate(readFileSync(axe, 'utf8'));
      const violations = await page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes.map(({ html }) => html)))',
      );
      assert.deepEqual(violations, []);
      const stickingOut =
        '[document.documentElement, ...document.querySelectorAll(".scroll")].filter((one) => one.scrollWidth > one.clientWidth).length';
      assert.equal(await page.evaluate(stickingOut), 0);
      await screenshot(page, `dev-${name}`);
    });
  }

  test('hands WebSockets on, with the assertion', async () => {
    const { hostname, port } = new URL(url);
    const echoed = await new Promise((resolve, reject) => {
      const outgoing = request({ hostname, port, path: '/ws', headers: { connection: 'Upgrade', upgrade: 'echo' } });
      outgoing.on('upgrade', (_, socket) => {
        socket.once('data', (data) => {
          socket.destroy();
          resolve(String(data));
        });
        socket.write('hello');
      });
      outgoing.on('error', reject).end();
    });
    assert.equal(echoed, 'alice@example.com: hello');
  });

  test('goes without the app, for identities and a host of one’s own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
    const file = join(folder, 'identities.json');
    writeFileSync(file, '{"Dave":{"sub":"u-dave"},"Carol":{"sub":"u-carol","email":"carol@example.com"}}');
    const lonely = startProcess(
      process.execPath,
      [
        CLI,
        'dev',
        '--to',
        `http://127.0.0.1:${await freePort()}`,
        '--port',
        '0',
        '--host',
        'other.example.com',
        '--identities',
        file,
        '--as',
        'carol',
      ],
      { env: { NODE_ENV: 'test' } },
    );
    try {
      const base = await lonely.printed(/signed in .*(http:\/\/localhost:\d+)\//);
      const answer = await fetch(`${base}/`);
      assert.equal(answer.status, 502);
      assert.match(await answer.text(), /cannot be reached/);
      const page = await (await fetch(`${base}/.pomerium/`)).text();
      assert.include(page, '<option selected>Carol</option>');
      for (const text of ['carol@example.com', 'other.example.com']) assert.include(page, text);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await lonely.stop('SIGINT');
    }
  });
});
