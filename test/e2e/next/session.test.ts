import type { Browser, Page } from 'playwright-core';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { HOST } from '../../support/issuer.ts';
import { launchBrowser, screenshot } from '../browser.ts';
import { type App, makeExample, type Variant } from './apps.ts';
import { type Sessions, startSessions } from './sessions.ts';

const VARIANTS: readonly Variant[] = [
  { next: '16', file: 'proxy' },
  { next: '15', file: 'middleware', runtime: 'nodejs' },
];

describe.each(VARIANTS)('what a browser knows of a session, with Next.js $next:', (variant) => {
  let app: App;
  let browser: Browser;
  const open: { stop(): Promise<unknown> }[] = [];

  beforeAll(async () => {
    app = makeExample(variant, { overlay: false, inBrowser: true });
    const { code, output } = await app.build();
    assert.equal(code, 0, output);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all(open.map((one) => one.stop()));
    app.remove();
  });

  /** The app behind a Pomerium of its own. */
  async function start(options: { isPublic: boolean }): Promise<Sessions> {
    const sessions = await startSessions(options);
    const server = await app.start({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: sessions.jwksUrl });
    sessions.proxyTo(server.url);
    open.push({ stop: () => Promise.all([server.stop(), sessions.close()]) });
    return sessions;
  }

  async function signIn(sessions: Sessions, person: string): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    await page.goto(sessions.signInUrl(person));
    await page.locator('[data-hydrated=true]').waitFor();
    return page;
  }

  /** Elsewhere, as in another tab. */
  async function signOut(page: Page): Promise<void> {
    const { origin } = new URL(page.url());
    await page.context().request.get(`${origin}/.pomerium/sign_out`);
  }

  async function saveNote(page: Page): Promise<void> {
    await page.getByRole('textbox').fill('milk');
    await page.getByRole('button', { name: 'Save' }).click();
  }

  describe('where Pomerium asks everybody to sign in,', () => {
    let sessions: Sessions;
    beforeAll(async () => {
      sessions = await start({ isPublic: false });
    });

    test('two people at once are told apart, and only what a page shows is sent', async () => {
      const [alice, bob] = await Promise.all([signIn(sessions, 'alice'), signIn(sessions, 'bob')]);
      const keys = '(user,email,name)';
      assert.include(await alice.getByRole('banner').innerText(), `Alice Liddell ${keys}`);
      assert.include(await bob.getByRole('banner').innerText(), `Bob Dodgson ${keys}`);
      for (const [page, own, other] of [
        [alice, 'alice', 'bob'],
        [bob, 'bob', 'alice'],
      ] as const) {
        const document = await (await page.context().request.get(`${sessions.url}/session`)).text();
        assert.include(document, `u-${own}`);
        for (const secret of [`s-${own}`, `u-${other}`, 'engineering', HOST]) assert.notInclude(document, secret);
        await page.goto(`${sessions.url}/account`);
        await saveNote(page);
        await page.getByText(`Saved “milk” for ${own}@example.com.`).waitFor();
        await page.context().close();
      }
    });

    test('the link signs out', async () => {
      const page = await signIn(sessions, 'alice');
      await page.getByRole('link', { name: 'Sign out' }).click();
      await page.waitForURL(`${sessions.authenticateUrl}/.pomerium/sign_out`);
      await page.goto(`${sessions.url}/session`);
      assert.equal(page.url(), `${sessions.authenticateUrl}/.pomerium/sign_in`);
      await page.context().close();
    });

    test('a server action fails as a connection does, which isSignedOut() tells from others; signing in again is a reload', async () => {
      const page = await signIn(sessions, 'alice');
      await page.goto(`${sessions.url}/account`);
      await page.locator('[data-hydrated=true]').waitFor();
      await signOut(page);
      await saveNote(page);
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      assert.equal(await page.getByRole('status').innerText(), 'Failed to fetch');
      await page.getByRole('button', { name: 'Sign in again' }).click();
      await page.waitForURL(`${sessions.authenticateUrl}/.pomerium/sign_in`);
      await page.context().close();
    });

    test('a fetch fails in the same way; for JSON Pomerium answers 401', async () => {
      const page = await signIn(sessions, 'alice');
      const ask = async (name: string) => {
        await page.getByRole('button', { name, exact: true }).click();
        await page.getByRole('status').filter({ hasText: /./ }).waitFor();
      };
      await ask('Ask');
      assert.equal(await page.getByRole('status').innerText(), 'answered 200');
      await signOut(page);
      await ask('Ask for JSON');
      await page.getByText('answered 401').waitFor();
      await ask('Ask');
      await page.getByText('TypeError: Failed to fetch, signed out: true').waitFor();
      await page.context().close();
    });

    test('a click on a link becomes a full load, which leads to the sign-in', async () => {
      const page = await signIn(sessions, 'alice');
      await signOut(page);
      await page.getByRole('link', { name: 'Go to your account' }).click();
      await page.waitForURL(`${sessions.authenticateUrl}/.pomerium/sign_in`);
      await page.context().close();
    });
  });

  describe('where Pomerium lets everybody through,', () => {
    let sessions: Sessions;
    beforeAll(async () => {
      sessions = await start({ isPublic: true });
    });

    async function actSignedOut(path: string): Promise<Page> {
      const page = await signIn(sessions, 'alice');
      await page.goto(sessions.url + path);
      await page.locator('[data-hydrated=true]').waitFor();
      await signOut(page);
      await saveNote(page);
      return page;
    }

    test('a server action that the gate refuses says that somebody is signed out', async () => {
      const page = await actSignedOut('/account');
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      assert.equal(await page.getByRole('status').innerText(), 'You are signed out: reload this page to sign in.');
      await screenshot(page, `next-${variant.next}-signed-out`);
      await page.getByRole('button', { name: 'Sign in again' }).click();
      await page.getByRole('heading', { name: 'Please sign in' }).waitFor();
      await page.context().close();
    });

    test('a server action that refuses by itself tells isSignedOut() where its caller catches the error', async () => {
      const page = await signIn(sessions, 'alice');
      await page.goto(sessions.url);
      await page.locator('[data-hydrated=true]').waitFor();
      await page.getByRole('button', { name: 'Call' }).click();
      await page.getByText('Saved by alice@example.com.').waitFor();
      await signOut(page);
      await page.getByRole('button', { name: 'Call' }).click();
      await page.getByText('Signed out: true').waitFor();
      await page.context().close();
    });

    test('a server action that refuses by itself shows unauthorized.tsx', async () => {
      const page = await actSignedOut('/');
      await page.getByRole('heading', { name: 'Please sign in' }).waitFor();
      await page.context().close();
    });
  });

  test('an app that cannot be reached is no sign-out', async () => {
    const sessions = await start({ isPublic: false });
    const page = await signIn(sessions, 'alice');
    await sessions.close();
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.getByText('TypeError: Failed to fetch, signed out: false').waitFor();
    await page.context().close();
  });
});
