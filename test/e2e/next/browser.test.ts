import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { startStandIn } from '../../../scripts/start/stand-in.ts';
import { HOST } from '../../support/issuer.ts';
import { launchBrowser, screenshot } from '../browser.ts';
import { type App, makeExample, type RunningApp } from './apps.ts';

const PHONE = { viewport: { width: 375, height: 667 } };

describe('examples/nextjs in a browser', () => {
  let app: App;
  let server: RunningApp;
  let browser: Browser;
  const standIns: Awaited<ReturnType<typeof startStandIn>>[] = [];

  beforeAll(async () => {
    app = makeExample({ next: '16', file: 'proxy' }, { overlay: false });
    const { code, output } = await app.build();
    assert.equal(code, 0, output);
    const standIn = await startStandIn({});
    standIns.push(standIn);
    server = await app.start({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: standIn.jwksUrl() });
    standIn.proxyTo(server.url);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
    await Promise.all(standIns.map((standIn) => standIn.close()));
    app.remove();
  });

  /** A page of its own, that fails the test for what a browser complains about. */
  async function open(url: string, options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    // Next.js 16 redirects each prefetch whose headers are not those that its client sent.
    page.on('response', (answer) => answer.status() === 307 && complaints.push(`redirected: ${answer.url()}`));
    await page.goto(url);
    return { page, complaints };
  }

  test('who comes through Pomerium sees who they are, and can act', async () => {
    const { page, complaints } = await open(`${standIns[0]?.url}/`);
    assert.equal(await page.getByRole('heading').innerText(), 'Hello, Alice Liddell');
    await page.getByRole('link', { name: 'Your account' }).click();
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    assert.include(await page.locator('dl').innerText(), 'alice@example.com');
    await screenshot(page, 'next-account');
    await page.getByLabel('A note by Alice Liddell').fill('milk');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved “milk” for alice@example.com.').waitFor();
    assert.deepEqual(complaints, []);
    assert.notMatch(await server.log(), /⨯|error/i, 'the server complains of nothing either');
    await page.context().close();
  });

  test('who has no business on a page is told so', async () => {
    const { page } = await open(`${standIns[0]?.url}/admin`);
    assert.equal(await page.getByRole('heading').innerText(), 'No access');
    await screenshot(page, 'next-refused-403');
    await page.context().close();
  });

  const looks: [name: string, options: BrowserContextOptions][] = [
    ['light', {}],
    ['dark', { colorScheme: 'dark' }],
    ['phone', PHONE],
  ];
  for (const [name, options] of looks) {
    test(`who goes around Pomerium sees a page that says what to do (${name})`, async () => {
      const { page, complaints } = await open(`${server.url}/account`, options);
      assert.equal(await page.title(), `Please sign in – ${HOST}`);
      assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Please sign in');
      assert.include(await page.getByRole('main').innerText(), 'The request carries no Pomerium assertion.');
      assert.include(await page.getByRole('contentinfo').innerText(), 'missing_assertion');
      const width = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      assert.equal(width, 0, 'nothing sticks out');
      const style = await page.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor);
      assert.equal(style, name === 'dark' ? 'rgb(22, 22, 29)' : 'rgb(255, 255, 255)', 'its policy lets its style in');
      await screenshot(page, `next-refused-401-${name}`);
      const link = page.getByRole('link', { name: `Open ${HOST}` });
      assert.equal(await link.getAttribute('href'), `https://${HOST}/account`, 'the same page behind Pomerium');
      // The browser's own line for a 401.
      assert.deepEqual(
        complaints.filter((line) => !line.includes('401')),
        [],
      );
      await page.context().close();
    });
  }

  test('the public page is there for everybody, with its styles', async () => {
    const { page, complaints } = await open(`${server.url}/`, PHONE);
    assert.equal(await page.getByRole('heading').innerText(), 'Hello, whoever you are');
    assert.notEqual(await page.locator('main').evaluate((main) => getComputedStyle(main).maxWidth), 'none');
    await screenshot(page, 'next-public-phone');
    assert.deepEqual(
      complaints.filter((line) => !line.includes('favicon')),
      [],
    );
    await page.context().close();
  });
});
