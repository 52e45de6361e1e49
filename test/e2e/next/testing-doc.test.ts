import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { freePort } from '../../../scripts/free-port.ts';
import { ROOT, run, tool } from '../../../scripts/run.ts';
import { blocksOf, filesOf } from '../../support/page-files.ts';
import { launchOptions } from '../browser.ts';
import { makeApp, quickConfig } from './apps.ts';

/** docs/testing.md in a project: its files are what is run here, in the app of docs/nextjs.md. */
const PAGE = 'docs/testing.md';
const files = filesOf(PAGE);
const isUnitTest = (path: string) => /\.test\.tsx?$/.test(path);

const ofNext = filesOf('docs/nextjs.md');
const fromNext = (path: string) => ofNext.get(path) ?? assert.fail(`docs/nextjs.md has no ${path}`);
const TEMPLATE = `${ROOT}node_modules/create-next-app/dist/templates/app/ts`;
const project = makeApp('16', 'testing-doc', {
  'proxy.ts': fromNext('proxy.ts'),
  'app/account/page.tsx': fromNext('app/account/page.tsx'),
  'app/layout.tsx': `
    import type { ReactNode } from 'react';
    export default ({ children }: { children: ReactNode }) => <html lang="en"><body>{children}</body></html>;`,
  'next.config.mjs': quickConfig('16', 'experimental: { authInterrupts: true }'),
  // As create-next-app writes them: without "type", and with all files of the page.
  'package.json': '{ "private": true }',
  'tsconfig.json': readFileSync(`${TEMPLATE}/tsconfig.json`, 'utf8'),
  ...Object.fromEntries(files),
});
afterAll(() => project.remove());

// NODE_ENV is that of vitest, which `next` would complain of.
const inProject = (command: string, args: string[]) =>
  run(command, args, { cwd: project.folder, capture: true, env: { NODE_ENV: '' } });

test('each block of code names its file, but for what is installed', () => {
  const without = blocksOf(PAGE).filter((block) => ![...files.values()].includes(block));
  assert.lengthOf(without, 1);
  assert.match(without[0] ?? '', /^npm install -D /);
});

/** Writes a file of the page anew, with ports that nobody has at this moment. */
async function moveToFreePorts(path: string): Promise<void> {
  const text = files.get(path) ?? assert.fail(`${PAGE} has no ${path}`);
  const [app, dev] = [await freePort(), await freePort()];
  writeFileSync(join(project.folder, path), text.replaceAll('3000', `${app}`).replaceAll('8000', `${dev}`));
}

describe('vitest runs', () => {
  for (const path of [...files.keys()].filter(isUnitTest)) {
    test(path, async () => {
      const { code, output } = await inProject(tool('vitest'), ['run', '--root', '.', path]);
      assert.equal(code, 0, output);
      assert.match(output, /Tests .*\d+ passed/);
    });
  }
});

describe('with the app built,', () => {
  beforeAll(async () => {
    const bin = join(project.folder, 'node_modules', '.bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(tool('next'), join(bin, 'next'));
    symlinkSync('../pomerium-edge/dist/cli/pomerium-edge.js', join(bin, 'pomerium-edge'));
    // The compiler of Next.js checks the types of all files of the page.
    const { code, output } = await project.build();
    assert.equal(code, 0, output);
  });

  const configs: [config: string, passed: number][] = [
    ['playwright.config.mts', 4],
    ['playwright.dev.config.mts', 2],
  ];
  for (const [config, passed] of configs) {
    test(`Playwright runs ${config}, with two workers`, async () => {
      await moveToFreePorts(config);
      const launch = JSON.stringify(await launchOptions());
      // The browser that is installed here, in place of that of `npx playwright install`.
      writeFileSync(
        join(project.folder, `here.${config}`),
        `import config from './${config}';
        export default { ...config, workers: 2, use: { ...config.use, launchOptions: ${launch} } };`,
      );
      const { code, output } = await inProject(tool('playwright'), ['test', '-c', `here.${config}`]);
      assert.equal(code, 0, output);
      assert.include(output, `${passed} passed`);
      assert.include(output, 'using 2 workers');
    });
  }

  test('test/doctor.sh finds nothing, and writes its report', async () => {
    await moveToFreePorts('test/doctor.sh');
    const { code, output } = await inProject('sh', ['test/doctor.sh']);
    assert.equal(code, 0, output);
    const report = readFileSync(join(project.folder, 'doctor.xml'), 'utf8');
    assert.match(report, /<testsuites?[^>]* failures="0"/);
  });
});
