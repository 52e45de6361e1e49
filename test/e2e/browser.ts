import { mkdirSync } from 'node:fs';
import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium, type LaunchOptions, type Page } from 'playwright-core';
import { ROOT } from '../../scripts/run.ts';

/** The Chromium that `npm ci` brings. It needs nothing of the system. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch(await launchOptions());
}

/** How Playwright starts that Chromium. */
export async function launchOptions(): Promise<LaunchOptions> {
  // In a single process, as functions need it, the whole browser ends with its first context; and people's browsers let no
  // script read the answers of another origin.
  const args = sparticuz.args.filter((one) => !['--single-process', '--disable-web-security'].includes(one));
  return { executablePath: await sparticuz.executablePath(), args, headless: true };
}

const FOLDER = `${ROOT}test/e2e/.screenshots`;

/** For a person to look at: the tests compare no pictures. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await page.screenshot({ path: `${FOLDER}/${name}.png`, fullPage: true });
}
