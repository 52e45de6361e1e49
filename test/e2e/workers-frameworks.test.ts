import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { startProcess } from '../../scripts/processes.ts';
import { must, ROOT, tool } from '../../scripts/run.ts';
import { startStandIn } from '../../scripts/start/stand-in.ts';
import { installProject, type Project } from '../support/example-project.ts';
import { sign } from '../support/issuer.ts';
import { startWrangler, type Wrangler } from './wrangler.ts';

const APPS = 'test/e2e/workers-frameworks';

interface Framework {
  readonly name: string;
  readonly folder: string;
  /** A tool, and its arguments. */
  readonly build: readonly [tool: string, ...args: string[]];
  /** What `.dev.vars` must have for the build. */
  readonly buildVariables?: string;
  readonly prerendered: string;
  /** Where a form of the page is sent; none where that takes a browser. */
  readonly form?: string;
  /** What the browser asks for when a link leads to the page. */
  readonly data: { readonly path: string; readonly type: string; readonly headers?: Readonly<Record<string, string>> };
  /** The folder of the browser's files, as a page names it. */
  readonly assets: string;
}

const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'React Router',
    folder: 'react-router',
    build: ['react-router', 'build'],
    buildVariables: `POMERIUM_RULES='[{"prefix":"/","access":"public"}]'\n`,
    prerendered: '/about/',
    form: '/?index',
    data: { path: '/_.data', type: 'text/x-script' },
    assets: '/assets/',
  },
  {
    name: 'Astro',
    folder: 'astro',
    build: ['astro', 'build'],
    prerendered: '/about/',
    form: '/',
    data: { path: '/?page', type: 'text/html' },
    assets: '/_astro/',
  },
  {
    name: 'SvelteKit',
    folder: 'sveltekit',
    build: ['vite', 'build'],
    prerendered: '/about',
    form: '/',
    data: { path: '/__data.json', type: 'application/json' },
    assets: '/_app/immutable/',
  },
  {
    name: 'Next.js with OpenNext',
    folder: 'opennext',
    build: ['opennextjs-cloudflare', 'build', '--noMinify'],
    prerendered: '/about',
    data: { path: '/', type: 'text/x-component', headers: { rsc: '1' } },
    assets: '/_next/static/',
  },
];

const standIn = await startStandIn({});
const now = Math.floor(Date.now() / 1000);
const signedIn = { 'x-pomerium-jwt-assertion': await sign(standIn.key, { iat: now, exp: now + 3600 }) };
const ownKeys = `POMERIUM_JWKS_URL=${standIn.jwksUrl()}\n`;
afterAll(() => standIn.close());

/** A built app. Next.js compiles nothing outside of its workspace, and the packages are links into the repository. */
async function buildApp({
  folder,
  build: [command, ...args],
  buildVariables,
}: Framework): Promise<Pick<Project, 'folder' | 'remove'>> {
  const installed = await installProject(`${APPS}/${folder}`);
  const place = join(ROOT, APPS, '.apps', folder);
  rmSync(place, { recursive: true, force: true });
  cpSync(installed.folder, place, { recursive: true, verbatimSymlinks: true });
  installed.remove();
  if (buildVariables) writeFileSync(join(place, '.dev.vars'), buildVariables);
  // `vite build` of SvelteKit leaves the workerd with which it prerenders.
  await must(tool(command), args, { cwd: place, capture: true, endGroup: true });
  return { folder: place, remove: () => rmSync(place, { recursive: true, force: true }) };
}

for (const framework of FRAMEWORKS) {
  describe(`${framework.name}, built and under wrangler dev`, () => {
    let app: Awaited<ReturnType<typeof buildApp>>;
    let wrangler: Wrangler;
    let url: string;
    let paths: string[];
    beforeAll(async () => {
      app = await buildApp(framework);
      writeFileSync(join(app.folder, '.dev.vars'), ownKeys);
      wrangler = await startWrangler(['dev'], app);
      url = wrangler.url;
      const page = await (await fetch(url, { headers: signedIn })).text();
      const asset = new RegExp(`"\\.?(${framework.assets}[^"]+)"`).exec(page)?.[1];
      assert.isDefined(asset, page);
      paths = ['/', framework.prerendered, framework.data.path, asset, '/robots.txt'];
    });
    afterAll(async () => {
      await wrangler?.stop();
      app?.remove();
    });

    test('all that it serves is for who came through Pomerium', async () => {
      for (const path of [...paths, '/nothing']) {
        for (const headers of [framework.data.headers, { 'x-pomerium-claim-email': 'root@evil.test' }]) {
          const refused = await fetch(url + path, { headers: { ...headers } });
          assert.equal(refused.status, 401, path);
          assert.equal(((await refused.json()) as { code: string }).code, 'missing_assertion', path);
        }
        const answer = await fetch(url + path, { headers: signedIn });
        assert.equal(answer.status, path === '/nothing' ? 404 : 200, path);
      }
      const prerendered = await fetch(url + framework.prerendered, { headers: signedIn });
      assert.include(await prerendered.text(), 'About us');
    });

    test("the page and its data know the assertion's identity, and no other", async () => {
      const headers = { ...signedIn, 'x-pomerium-claim-email': 'root@evil.test' };
      const page = { path: '/', type: 'text/html', headers: {} };
      for (const { path, type, headers: more } of [page, framework.data]) {
        const answer = await fetch(url + path, { headers: { ...headers, ...more } });
        assert.include(answer.headers.get('content-type') ?? '', type);
        const text = await answer.text();
        assert.include(text, 'alice@example.com');
        assert.notInclude(text, 'evil.test');
      }
    });

    const { form } = framework;
    if (form !== undefined) {
      test("takes forms from Pomerium's host, though the Worker has another one", async () => {
        const headers = { ...signedIn, origin: 'https://app.corp.example.com' };
        const answer = await fetch(url + form, { method: 'POST', headers, body: new URLSearchParams({ note: 'x' }) });
        assert.equal(answer.status, 200);
      });
    }

    if (framework.folder === 'react-router') {
      test("the rules of the build are not the deployment's", () => {
        const { vars } = JSON.parse(readFileSync(join(app.folder, 'build/server/wrangler.json'), 'utf8'));
        assert.deepEqual(Object.keys(vars), ['POMERIUM_AUDIENCE']);
      });

      test('its files fit the types that wrangler writes', async () => {
        const quietly = { cwd: app.folder, capture: true };
        await must(tool('wrangler'), ['types'], quietly);
        await must(tool('react-router'), ['typegen'], quietly);
        await must(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], quietly);
      });

      test('its development server reads .dev.vars, and serves nothing else either', async () => {
        const vite = startProcess(tool('react-router'), ['dev', '--host', '127.0.0.1', '--port', '0'], {
          cwd: app.folder,
          env: { NO_COLOR: '1' },
        });
        try {
          const local = await vite.printed(/Local: +(http:\/\/127\.0\.0\.1:\d+)/);
          for (const path of ['/', '/robots.txt', '/@vite/client', '/app/root.tsx']) {
            assert.equal((await fetch(local + path)).status, 401, path);
            assert.equal((await fetch(local + path, { headers: signedIn })).status, 200, path);
          }
          assert.include(await (await fetch(local, { headers: signedIn })).text(), 'alice@example.com');
        } finally {
          await vite.stop();
        }
      });
    }
  });
}

describe('docs/cloudflare-frameworks.md', () => {
  const FILE = /^\/\/ (\S+\.\w+)\n([\s\S]*)$/;

  test('shows the files of these apps', () => {
    const sections = readFileSync(join(ROOT, 'docs/cloudflare-frameworks.md'), 'utf8').split(/^## /m);
    for (const { name, folder } of FRAMEWORKS) {
      const section = sections.find((one) => one.startsWith(`${name}\n`));
      assert.isDefined(section, name);
      const shown = [...(section ?? '').matchAll(/^```\w+\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) => {
        const [, path, text] = FILE.exec(block) ?? [];
        return path === undefined ? [] : [[path, text] as const];
      });
      for (const [path, text] of shown) assert.equal(text, readFileSync(join(ROOT, APPS, folder, path), 'utf8'), path);
      const { main } = JSON.parse(readFileSync(join(ROOT, APPS, folder, 'wrangler.jsonc'), 'utf8'));
      assert.includeMembers(
        shown.map(([path]) => path),
        [main.replace('./', ''), 'wrangler.jsonc'],
      );
    }
  });
});
