import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { startProcess } from '../../scripts/processes.ts';
import { must, ROOT } from '../../scripts/run.ts';
import { installProject, type Project } from '../support/example-project.ts';
import { sendRaw } from './raw-request.ts';
import { alice, makeEnvironment, type Server, testMiddleware, testUnconfigured } from './vercel/fixtures.ts';

/*
 * `examples/vercel` with `@vercel/node`, which is what `vercel build` and `vercel dev` call for middleware and functions: the CLI
 * itself is too large to install here, and would install the project's dependencies.
 */
const script = (name: string) => join(ROOT, 'test/e2e/vercel', name);

let project: Project;
const output = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
beforeAll(async () => {
  project = await installProject('examples/vercel');
  const log = await build(output, 'middleware.ts', 'api/me.ts');
  assert.notMatch(log, /warn|error|deprecated/i);
});
afterAll(() => {
  project.remove();
  rmSync(output, { recursive: true, force: true });
});

function build(folder: string, ...entrypoints: string[]): Promise<string> {
  return must(process.execPath, [script('build.mjs'), folder, ...entrypoints], { cwd: project.folder, capture: true });
}

async function start(command: string, argument: string, env: Record<string, string>): Promise<Server> {
  const running = startProcess(process.execPath, [script(command), argument], { cwd: project.folder, env });
  return { url: await running.printed(/(http:\/\/127\.0\.0\.1:\d+)/), close: () => running.stop() };
}

const functionOf = (name: string) => join(output, 'functions', `${name}.func`);

describe('vercel build, on the Node.js runtime', () => {
  const serve = (env: Record<string, string>) => start('serve.mjs', functionOf('middleware'), env);
  testMiddleware(serve);
  testUnconfigured(serve);

  test('calls the middleware for every path, before whatever is there', () => {
    const { routes } = JSON.parse(readFileSync(join(output, 'config.json'), 'utf8'));
    assert.lengthOf(routes, 1);
    const [{ src, ...route }] = routes;
    assert.deepEqual(route, { middlewareRawSrc: [], middlewarePath: 'middleware', continue: true, override: true });
    for (const path of ['/', '/index.html', '/api/me', '/api/me.ts', '/_vercel/image', '/a/b/c.png']) {
      assert.match(path, new RegExp(src));
    }
  });

  test('builds for Node.js what it says, and a function that verifies again', async () => {
    const settings = JSON.parse(readFileSync(join(functionOf('middleware'), '.vc-config.json'), 'utf8'));
    assert.include(settings, { type: 'Lambda', launcherType: 'Nodejs', useWebApi: true });
    const server = await start('serve.mjs', functionOf('api/me'), (await makeEnvironment()).env);
    try {
      const { body, headers } = await sendRaw(server.url, '/api/me', [alice]);
      assert.deepEqual(JSON.parse(body), {
        user: 'u-alice',
        email: 'alice@example.com',
        groups: ['g1', 'engineering'],
      });
      assert.equal(headers['cache-control'], 'private, no-cache');
      assert.equal((await sendRaw(server.url, '/api/me')).status, 401);
    } finally {
      await server.close();
    }
  });
});

describe('vercel dev, on the Node.js runtime', () => {
  testMiddleware((env) => start('dev.mjs', 'middleware.ts', env));
});

describe('vercel dev, on the Edge runtime', () => {
  beforeAll(() => {
    const file = join(project.folder, 'middleware.ts');
    const text = readFileSync(file, 'utf8').replace("runtime: 'nodejs'", "runtime: 'edge'");
    writeFileSync(file, text);
  });
  testMiddleware((env) => start('dev.mjs', 'middleware.ts', env));

  test('vercel build says that it is deprecated, and builds it', async () => {
    const folder = join(output, 'edge');
    assert.match(await build(folder, 'middleware.ts'), /middleware\.ts uses the deprecated "edge" runtime/);
    const settings = JSON.parse(readFileSync(join(folder, 'functions', 'middleware.func', '.vc-config.json'), 'utf8'));
    assert.include(settings, { type: 'EdgeFunction' });
  });
});
