import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Running, startProcess } from '../../scripts/processes.ts';
import { ROOT, tool } from '../../scripts/run.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { APPS, type BuiltApp, buildApp } from './frameworks/build-app.ts';
import { sendRaw } from './raw-request.ts';

const PRINT_PORT = join(ROOT, APPS, 'print-port.mjs');

interface Framework {
  /** As its section in docs/frameworks.md is called. */
  readonly name: string;
  readonly folder: string;
  /** A tool and its arguments. */
  readonly build?: readonly [tool: string, ...args: string[]];
  /** The file that is started. */
  readonly server: string;
  /** What runs it, where that is not Node.js. */
  readonly runtime?: string;
  readonly files?: readonly string[];
  /** A page that is prerendered, and where the build has put it. */
  readonly prerendered?: readonly [path: string, file: string];
  /** What the browser asks for when a link leads to the page. */
  readonly data?: string;
  /** Where a form of the page is sent; none where that takes a browser. */
  readonly form?: string;
  /** What asks the server itself while it is made. */
  readonly fromWithin?: string;
}

const ROBOTS = '/robots.txt';

const FRAMEWORKS: readonly Framework[] = [
  { name: 'Express', folder: 'express', server: 'server.ts', files: [ROBOTS] },
  { name: 'Fastify', folder: 'fastify', server: 'server.ts' },
  { name: 'Koa', folder: 'koa', server: 'server.ts' },
  { name: 'h3', folder: 'h3', server: 'server.ts' },
  { name: 'Elysia', folder: 'elysia', server: 'server.ts', runtime: 'bun' },
  {
    name: 'SvelteKit',
    folder: 'sveltekit',
    build: ['vite', 'build'],
    server: 'server.js',
    files: [ROBOTS],
    prerendered: ['/about', 'build/prerendered/about.html'],
    data: '/__data.json',
    form: '/',
  },
  {
    name: 'Astro',
    folder: 'astro',
    build: ['astro', 'build'],
    server: 'server.js',
    files: [ROBOTS],
    prerendered: ['/about/', 'dist/client/about/index.html'],
    form: '/',
  },
  {
    name: 'React Router',
    folder: 'react-router',
    build: ['react-router', 'build'],
    server: 'server.js',
    files: [ROBOTS],
    prerendered: ['/about/', 'build/client/about/index.html'],
    data: '/_.data',
    form: '/?index',
  },
  {
    name: 'Nuxt and Nitro',
    folder: 'nitro',
    build: ['nitropack', 'build'],
    server: 'server.js',
    files: [ROBOTS],
    prerendered: ['/about/', '.output/public/about/index.html'],
    fromWithin: '/from-within',
  },
  {
    name: 'TanStack Start',
    folder: 'tanstack-start',
    build: ['vite', 'build'],
    server: 'server.js',
    files: [ROBOTS],
    prerendered: ['/about/', 'dist/client/about/index.html'],
  },
];

const issuer = await createTestIssuer({ host: 'app.corp.example.com' });
const ENVIRONMENT = { POMERIUM_AUDIENCE: issuer.host, POMERIUM_JWKS: JSON.stringify(issuer.jwks()) };
const signedIn = {
  'x-pomerium-jwt-assertion': await issuer.sign({ email: 'alice@example.com' }),
  'x-pomerium-claim-email': 'root@evil.test',
};

/** Starts a server on a port that is free, which it prints. */
function startServer(file: string, folder: string, runtime?: string): Running {
  const command = runtime === undefined ? process.execPath : tool(runtime);
  const args = runtime === undefined ? ['--import', PRINT_PORT, file] : ['run', file];
  return startProcess(command, args, { cwd: folder, env: { ...ENVIRONMENT, PORT: '0', NODE_ENV: 'production' } });
}

for (const framework of FRAMEWORKS) {
  const { name, folder, build, server, runtime, files = [], prerendered: [page, file] = [], data, form } = framework;
  const { fromWithin } = framework;
  describe(`${name}, as docs/frameworks.md has it`, () => {
    let app: BuiltApp;
    let running: Running;
    let url: string;
    beforeAll(async () => {
      app = await buildApp(folder, build);
      assert.equal(app.code, 0, app.output);
      running = startServer(server, app.folder, runtime);
      url = `http://127.0.0.1:${await running.printed(/port (\d+)/)}`;
    });
    afterAll(async () => {
      await running?.stop();
      app?.remove();
    });

    const paths = ['/', ...files, ...[page, data, fromWithin].filter((path) => path !== undefined)];
    for (const path of paths) {
      test(`${path} is for who came through Pomerium`, async () => {
        for (const headers of [{}, { 'x-pomerium-claim-email': 'root@evil.test' }]) {
          const refused = await fetch(url + path, { headers });
          assert.equal(refused.status, 401);
          assert.equal(refused.headers.get('content-type'), 'application/problem+json');
          assert.equal(refused.headers.get('cache-control'), 'no-store');
          assert.include(await refused.json(), { code: 'missing_assertion' });
        }
        const answer = await fetch(url + path, { headers: signedIn });
        assert.equal(answer.status, 200);
        const text = await answer.text();
        assert.include(text, path === page ? 'About us' : path === ROBOTS ? 'Disallow' : 'alice@example.com');
        assert.notInclude(text, 'evil.test');
        assert.include(answer.headers.get('vary')?.toLowerCase() ?? '', 'x-pomerium-jwt-assertion');
      });
    }

    test('every kind of bad assertion is refused', async () => {
      for (const { name: kind, headers, codes } of await issuer.bad()) {
        // Servers refuse by themselves what is longer.
        if (headers.some(([, value]) => value.length > 16_000)) continue;
        const { status, body } = await sendRaw(url, '/', headers);
        assert.equal(status, 401, kind);
        assert.include(codes, JSON.parse(body).code, kind);
      }
    });

    if (form !== undefined) {
      test("takes forms from Pomerium's host, though the server has another one", async () => {
        const headers = { ...signedIn, origin: `https://${issuer.host}` };
        const answer = await fetch(url + form, { method: 'POST', headers, body: new URLSearchParams({ note: 'x' }) });
        assert.equal(answer.status, 200);
      });
    }

    if (file !== undefined) {
      test('prerendering ran without the gate, and baked no refusal into the page', () => {
        const text = readFileSync(join(app.folder, file), 'utf8');
        assert.include(text, 'About us');
        assert.notInclude(text, 'missing_assertion');
      });
    }
  });
}

describe('WebSockets, as docs/frameworks.md has them', () => {
  let app: BuiltApp;
  let running: Running;
  let url: string;
  beforeAll(async () => {
    app = await buildApp('express', undefined);
    running = startServer('sockets.ts', app.folder);
    url = `ws://127.0.0.1:${await running.printed(/port (\d+)/)}`;
  });
  afterAll(async () => {
    await running?.stop();
    app?.remove();
  });

  test('are for who came through Pomerium', async () => {
    const [, refusal] = await once(new WebSocket(url), 'unexpected-response');
    assert.equal(refusal.statusCode, 401);
    const socket = new WebSocket(url, { headers: signedIn });
    const [message] = await once(socket, 'message');
    assert.equal(String(message), 'Hello alice@example.com');
    socket.terminate();
  });

  test('are in docs/frameworks.md', () => {
    const docs = readFileSync(join(ROOT, 'docs/frameworks.md'), 'utf8');
    assert.include(docs, readFileSync(join(ROOT, APPS, 'express/sockets.ts'), 'utf8'));
  });
});

describe('docs/frameworks.md', () => {
  const sections = readFileSync(join(ROOT, 'docs/frameworks.md'), 'utf8').split(/^## /m);
  for (const { name, folder, server } of FRAMEWORKS) {
    test(`shows the files of the app: ${name}`, () => {
      const section = sections.find((one) => one.startsWith(`${name}\n`)) ?? '';
      const blocks = [...section.matchAll(/^```\w+\n\/\/ (\S+\.\w+)\n([\s\S]*?)^```$/gm)];
      const shown = blocks.map(([, path = '', text]) => ({ path, text }));
      assert.include(
        shown.map(({ path }) => path),
        server,
      );
      for (const { path, text } of shown) {
        const file = join(ROOT, APPS, folder, path);
        if (existsSync(file)) assert.equal(text, readFileSync(file, 'utf8'), path);
        else assert.equal(path, 'nuxt.config.ts');
      }
      const packages = Object.keys(
        JSON.parse(readFileSync(join(ROOT, APPS, folder, 'package.json'), 'utf8')).dependencies,
      );
      const installs = /^npm i (.*)$/m.exec(section)?.[1]?.split(' ') ?? [];
      for (const one of installs) assert.include([...packages, 'nitropack', '@sveltejs/adapter-node'], one);
      assert.include(installs, 'pomerium-edge');
    });
  }

  test('has a section for every app', () => {
    const folders = readdirSync(join(ROOT, APPS), { withFileTypes: true }).filter((one) => one.isDirectory());
    const names = folders.map(({ name }) => name).filter((name) => !name.startsWith('.'));
    assert.sameMembers(
      names,
      FRAMEWORKS.map(({ folder }) => folder),
    );
  });
});
