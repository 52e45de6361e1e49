import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { freePort } from '../../scripts/free-port.ts';
import { type Running, startProcess } from '../../scripts/processes.ts';
import { tool } from '../../scripts/run.ts';
import { CLI } from '../cli/run-cli.ts';
import { launchBrowser } from './browser.ts';
import { type App, makeApp } from './next/apps.ts';

const FILES = {
  'next.config.js': 'export default { devIndicators: false };',
  'proxy.js': `import { createProxy } from 'pomerium-edge/next';
export const proxy = createProxy();`,
  'app/layout.js': `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}`,
  'app/page.js': `import { requireIdentity } from 'pomerium-edge/next';
import { Counter } from './counter.js';
export default async function Page() {
  const { email } = await requireIdentity();
  return <main><h1>{email}</h1><Counter /></main>;
}`,
  'app/actions.js': `'use server';
import { requireIdentity } from 'pomerium-edge/next';
export async function whoSaved() {
  return (await requireIdentity()).email;
}`,
  'app/counter.js': `'use client';
import { useActionState, useState } from 'react';
import { whoSaved } from './actions.js';
export function Counter() {
  const [count, setCount] = useState(0);
  const [saver, save] = useActionState(whoSaved, undefined);
  return (
    <form action={save}>
      <button type="button" onClick={() => setCount(count + 1)}>Count</button>
      <button type="submit">Save</button>
      <output>{'Before the edit: ' + count}</output>
      <p role="status">{saver && 'Saved by ' + saver}</p>
    </form>
  );
}`,
};

describe('next dev behind pomerium-edge dev, at the URL that it prints', () => {
  let app: App;
  let browser: Browser;
  let url: string;
  let page: Page;
  const running: Running[] = [];

  beforeAll(async () => {
    app = makeApp('16', 'dev', FILES);
    const port = await freePort();
    const args = [CLI, 'dev', '--to', `http://127.0.0.1:${port}`, '--port', '0'];
    const dev = startProcess(process.execPath, args, { cwd: app.folder, env: { NODE_ENV: 'test' } });
    running.push(dev);
    url = await dev.printed(/Your app, signed in .*?(http:\S+)/);
    const command = await dev.printed(/"npx next (dev -p \d+)"/);
    const lines = await dev.printed(/in \.env\.local.*:\n((?: {2}\S+=\S+\n)+)/);
    writeFileSync(join(app.folder, '.env.local'), lines);
    // Where it is "test", Next.js leaves .env.local out.
    const next = startProcess(tool('next'), command.split(' '), { cwd: app.folder, env: { NODE_ENV: 'development' } });
    running.push(next);
    await next.printed(/Ready in/);
    browser = await launchBrowser();
    page = await browser.newPage();
    // The first request waits for the compiler.
    await page.goto(url, { timeout: 120_000 });
  });
  afterAll(async () => {
    await browser?.close();
    for (const one of running.reverse()) await one.stop();
    app?.remove();
  });

  const heading = () => page.getByRole('heading', { level: 1 }).innerText();

  test('knows who is signed in', async () => {
    assert.equal(await heading(), 'alice@example.com');
  });

  test('hydrates: a button of a client component works', async () => {
    await page.getByRole('button', { name: 'Count' }).click();
    await page.getByText('Before the edit: 1').waitFor();
  });

  test('reloads a file that is edited, and keeps the state', async () => {
    const file = join(app.folder, 'app/counter.js');
    writeFileSync(file, readFileSync(file, 'utf8').replace('Before the edit', 'After the edit'));
    await page.getByText('After the edit: 1').waitFor();
  });

  test('runs a server action, which passes Next.js’ comparison of origins', async () => {
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved by alice@example.com').waitFor();
    assert.equal(await page.getByText('After the edit: 1').count(), 1, 'without loading the page anew');
  });
});
