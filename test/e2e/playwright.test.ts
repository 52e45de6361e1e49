import type { IncomingMessage } from 'node:http';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { createVerifier, staticKeys } from '../../core/index.ts';
import { type LocalServer, serve } from '../../scripts/start/server.ts';
import { createTestIssuer, signInAs, type TestIssuer } from '../../testing/index.ts';
import { errorOf } from '../support/verifying.ts';
import { launchBrowser } from './browser.ts';

interface Seen {
  readonly path: string;
  readonly assertions: readonly string[];
}

const BOB = { email: 'bob@example.com', sub: 'u-bob', user: 'u-bob' };

describe('signInAs() signs a browser context in:', () => {
  let issuer: TestIssuer;
  let app: LocalServer;
  let elsewhere: LocalServer;
  let browser: Browser;
  const seen: Seen[] = [];
  const seenElsewhere: Seen[] = [];

  beforeAll(async () => {
    issuer = await createTestIssuer();
    const verifier = createVerifier({ audience: issuer.host, keys: staticKeys(issuer.jwks()) });
    const read = ({ url = '', headersDistinct }: IncomingMessage): Seen => ({
      path: url,
      assertions: headersDistinct['x-pomerium-jwt-assertion'] ?? [],
    });
    elsewhere = await serve((request, response) => {
      seenElsewhere.push(read(request));
      response.writeHead(200, { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }).end();
    });
    app = await serve(async (request, response) => {
      seen.push(read(request));
      const { headersDistinct } = request;
      if (request.url === '/leave') {
        response.writeHead(302, { location: `${elsewhere.url}/left` }).end();
        return;
      }
      const identity = await verifier
        .verifyRequest({ headers: headersDistinct as Record<string, string[]> })
        .catch(() => undefined);
      response.writeHead(identity ? 200 : 401, { 'content-type': 'text/html' }).end(identity?.email ?? 'nobody');
    });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([app.close(), elsewhere.close()]);
  });

  const signIn = (context: BrowserContext, claims = {}) => signInAs(context, app.url, () => issuer.sign(claims));
  const read = async (page: Page, path = '/') => {
    await page.goto(app.url + path);
    return page.locator('body').innerText();
  };
  const fetchIn = (page: Page, url: string, headers = {}) =>
    page.evaluate(async ([to, init]) => (await fetch(to, init)).text(), [url, { headers }] as const);

  test('two people in two contexts at once, and nobody in a third', async () => {
    const contexts = await Promise.all([1, 2, 3].map(() => browser.newContext()));
    const [alice, bob, nobody] = await Promise.all(contexts.map((context) => context.newPage()));
    if (!alice || !bob || !nobody) assert.fail();
    await Promise.all([signIn(alice.context()), signIn(bob.context(), BOB)]);
    const rounds = Array.from({ length: 5 }, (_, i) => `/${i}`);
    const texts = async (page: Page) => {
      const all: string[] = [];
      for (const path of rounds) all.push(await read(page, path), await fetchIn(page, `${path}/data`));
      return [...new Set(all)];
    };
    assert.deepEqual(await Promise.all([alice, bob, nobody].map(texts)), [
      ['alice@example.com'],
      ['bob@example.com'],
      ['nobody'],
    ]);
  });

  test('each request has an assertion of its own, and that alone', async () => {
    const context = await browser.newContext();
    await signIn(context);
    const page = await context.newPage();
    await read(page, '/own');
    await fetchIn(page, '/own/data', { 'X-Pomerium-Jwt-Assertion': 'forged' });
    const own = seen.filter(({ path }) => path.startsWith('/own'));
    assert.deepEqual(
      own.map(({ assertions }) => assertions.length),
      [1, 1],
    );
    assert.lengthOf(new Set(own.flatMap(({ assertions }) => assertions)), 2);
  });

  test('another origin gets no assertion', async () => {
    const context = await browser.newContext();
    await signIn(context);
    const page = await context.newPage();
    await read(page);
    await fetchIn(page, `${elsewhere.url}/data`);
    const there = seenElsewhere.filter(({ path }) => path === '/data');
    assert.deepEqual(there, [{ path: '/data', assertions: [] }]);
  });

  test('a redirect of the app takes the assertion along to another origin, as Playwright has it', async () => {
    const context = await browser.newContext();
    await signIn(context);
    const page = await context.newPage();
    await page.goto(`${app.url}/leave`);
    const left = seenElsewhere.find(({ path }) => path === '/left');
    assert.lengthOf(left?.assertions ?? [], 1);
  });

  test('somebody else from the second call on', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    for (const claims of [{}, BOB, { email: 'carol@example.com' }]) {
      await signIn(context, claims);
      assert.equal(await read(page), 'email' in claims ? claims.email : 'alice@example.com');
    }
  });

  test('answers that a test makes up before and after it are not touched', async () => {
    const context = await browser.newContext();
    await context.route('**/before', (route) => route.fulfill({ body: 'made up before' }));
    await signIn(context);
    await context.route('**/after', (route) => route.fulfill({ body: 'made up after' }));
    const page = await context.newPage();
    assert.equal(await read(page, '/before'), 'made up before');
    assert.equal(await read(page, '/after'), 'made up after');
    assert.equal(await read(page), 'alice@example.com');
  });

  test('a route of the page comes first: fallback() leaves the request signed, continue() does not', async () => {
    const context = await browser.newContext();
    await signIn(context);
    const page = await context.newPage();
    await page.route('**/fallback', (route) => route.fallback());
    await page.route('**/continue', (route) => route.continue());
    assert.equal(await read(page, '/fallback'), 'alice@example.com');
    assert.equal(await read(page, '/continue'), 'nobody');
  });

  test('page.request is not signed', async () => {
    const context = await browser.newContext();
    await signIn(context);
    const page = await context.newPage();
    assert.equal((await page.request.get(app.url)).status(), 401);
    const headers = { 'x-pomerium-jwt-assertion': await issuer.sign() };
    assert.equal((await page.request.get(app.url, { headers })).status(), 200);
  });

  for (const url of [undefined, '/account', 'file:///tmp']) {
    test(`${url} for the app is a mistake that names baseURL`, async () => {
      const context = await browser.newContext();
      const error = await errorOf(() => signInAs(context, url, () => issuer.sign()));
      assert.equal(error?.code, 'invalid_configuration');
      assert.include(error?.message, 'baseURL');
    });
  }
});
