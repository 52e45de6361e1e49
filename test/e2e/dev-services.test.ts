import type { Browser } from 'playwright-core';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { DEFAULT_IDENTITIES } from '../../cli/dev/identities.ts';
import { type DevServer, startDevServer } from '../../cli/dev/server.ts';
import { createDevState } from '../../cli/dev/state.ts';
import { type LocalServer, serve } from '../../scripts/start/server.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { launchBrowser, screenshot } from './browser.ts';

describe('what the services of npm start say, on a phone', () => {
  let service: LocalServer;
  let dev: DevServer;
  let browser: Browser;

  beforeAll(async () => {
    service = await serve(({ headers }, response) => {
      const isIn = 'x-pomerium-jwt-assertion' in headers;
      response
        .writeHead(isIn ? 200 : 401)
        .end(JSON.stringify(isIn ? { email: 'alice@example.com' } : { code: 'missing_assertion' }));
    });
    const state = createDevState({ issuer: await createTestIssuer(), to: service.url, identities: DEFAULT_IDENTITIES });
    state.services = ['Guard Worker (workerd)', 'Lambda authorizer (osls offline)'].map((name) => ({
      name,
      url: `${service.url}/`,
    }));
    dev = await startDevServer(state, 0);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await dev.close();
    await service.close();
  });

  test('each answer is on the screen, with and without the assertion', async () => {
    const page = await browser.newPage({ viewport: { width: 375, height: 667 } });
    await page.goto(`${dev.url}/.pomerium/`);
    const row = page.getByRole('row', { name: /Lambda authorizer/ });
    for (const text of ['alice@example.com', '401 missing_assertion']) {
      const { left, right } = await row.getByText(text).evaluate((cell) => cell.getBoundingClientRect());
      assert.isTrue(left >= 0 && right <= 375, `${text}: ${left} to ${right}`);
    }
    assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
    await screenshot(page, 'dev-services-phone');
    await page.setViewportSize({ width: 1280, height: 800 });
    await screenshot(page, 'dev-services');
  });
});
