import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import type { GateOptions } from '../../core/adapter.ts';
import { PomeriumError, type PomeriumErrorCode } from '../../core/index.ts';
import { type LocalServer, serve } from '../../scripts/start/server.ts';
import { makeGateRig } from '../support/gate.ts';
import { launchBrowser, screenshot } from './browser.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');

const LONG = 'a-host-name-that-is-as-long-as-people-make-them.department.corp.example.com';
const TEXTS = {
  nl: {
    401: ['Log in', 'Open deze site op het gewone adres, waar u kunt inloggen.'],
    403: ['Geen toegang', 'U bent ingelogd, maar deze pagina is niet voor u.'],
    home: 'Startpagina',
    account: 'Wie ben ik?',
    signOut: 'Uitloggen',
    help: 'Hulp',
    operator: 'Voor de beheerder:',
  },
  ar: {
    403: ['لا يمكن الوصول', 'هذه الصفحة ليست لك.'],
    home: 'الصفحة الرئيسية',
    account: 'من أنا؟',
    signOut: 'تسجيل الخروج',
    operator: 'لمن يدير هذا الموقع:',
  },
} as const;

const PAGES: Readonly<
  Record<string, { code: PomeriumErrorCode; options?: GateOptions; locale?: string; link: string }>
> = {
  'sign-in': { code: 'missing_assertion', link: 'Open app.corp.example.com' },
  'sign-in-long': { code: 'missing_assertion', options: { audience: LONG }, link: `Open ${LONG}` },
  'no-access': { code: 'policy_denied', link: 'Home page' },
  'no-access-nl': {
    code: 'policy_denied',
    options: { refusalPage: { siteName: 'Wiki', helpUrl: 'mailto:help@example.com', texts: TEXTS } },
    locale: 'nl-NL',
    link: 'Startpagina',
  },
  'no-access-ar': {
    code: 'policy_denied',
    options: { refusalPage: { siteName: 'Wiki', texts: TEXTS } },
    locale: 'ar',
    link: 'الصفحة الرئيسية',
  },
  wait: { code: 'keys_unavailable', link: 'Try again' },
  broken: {
    code: 'invalid_configuration',
    options: { audience: ['a.example.com', 'b.example.com'] },
    link: 'Try again',
  },
};

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  desktop: { viewport: { width: 1280, height: 800 } },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 375, height: 667 } },
  narrow: { viewport: { width: 320, height: 568 }, colorScheme: 'dark' },
};

describe('the page for people who are refused', () => {
  let server: LocalServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await serve(async ({ url = '/', headers }, response) => {
      const { code, options } = PAGES[url.slice(1)] ?? {};
      if (!code) return void response.writeHead(404).end();
      const request = { method: 'GET', url, headers: { ...headers, 'x-request-id': crypto.randomUUID() } };
      const answer = await makeGateRig(options).gate.refuse(
        new PomeriumError(code, ''),
        request,
        new Request(`http://localhost${url}`),
      );
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  for (const [name, { locale = 'en', link }] of Object.entries(PAGES)) {
    for (const [look, options] of Object.entries(LOOKS)) {
      test(`${name}, ${look}: everybody can read it, and nothing sticks out`, async () => {
        // axe has to be let in past the page's own policy.
        const context = await browser.newContext({ ...options, locale, bypassCSP: true });
        const page = await context.newPage();
        await page.goto(`${server.url}/${name}`);
        const first = page.getByRole('navigation').getByRole('link').first();
        assert.equal(await first.innerText(), link);
        const width = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        assert.equal(width, 0);
        await page.evaluate(axe);
        const violations = await page.evaluate(
          'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes.map(({ html }) => html)))',
        );
        assert.deepEqual(violations, []);
        await screenshot(page, `refused-${name}-${look}`);
        await context.close();
      });
    }
  }
});
