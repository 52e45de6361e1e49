import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { bundleWorker } from '../../scripts/bundle-worker.ts';
import { startProcess } from '../../scripts/processes.ts';
import { must, ROOT, run, tool } from '../../scripts/run.ts';
import { oldestNode } from '../support/oldest-node.ts';
import { SEED_CERTIFICATE, SEED_TOKEN } from '../support/seed.ts';

/** In a bundle, what tells the engines apart. */
const NODE_ENGINE = /createPublicKey/;
const WEB_ENGINE = /subtle\.verify/;

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
const smoke = join(folder, 'smoke.mjs');

/** A project that has installed the packed package, as `npm install` would leave it. */
beforeAll(async () => {
  const name = (await must('npm', ['pack', '--silent', '--pack-destination', folder], { capture: true })).trim();
  const target = join(folder, 'node_modules', 'pomerium-edge');
  mkdirSync(target, { recursive: true });
  await must('tar', ['-xzf', join(folder, name.split('\n').at(-1) ?? ''), '-C', target, '--strip-components=1']);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const constants = { SEED_CERTIFICATE, SEED_TOKEN };
  const lines = Object.entries(constants).map(([key, value]) => `export const ${key} = ${JSON.stringify(value)};`);
  writeFileSync(join(folder, 'seed.mjs'), lines.join('\n'));
  writeFileSync(join(folder, 'workers.mjs'), 'export class WorkerEntrypoint {}');
  // Its one dependency.
  cpSync(`${ROOT}node_modules/jose`, join(folder, 'node_modules', 'jose'), { recursive: true });
  cpSync(`${ROOT}test/e2e/smoke.mjs`, smoke);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function assertSmoke(output: string, engine: 'node:crypto' | 'WebCrypto'): void {
  const line = output.split('\n').find((one) => one.startsWith('{"subject"'));
  assert.deepEqual(JSON.parse(line ?? output), {
    subject: 'u-alice',
    refusal: 'invalid_signature',
    guard: 500,
    engine,
  });
}

describe('the packed package', () => {
  test('holds the built files, their sources, the documents and examples that these name, and nothing of tests, tools or the tool-chain', () => {
    const files = globSync('**/*', { cwd: join(folder, 'node_modules', 'pomerium-edge') });
    assert.include(files, 'dist/core/index.js');
    assert.include(files, 'dist/core/index.d.ts');
    const strange = files.filter(
      (file) =>
        !/^((dist|docs|examples|deploy\/terraform)(\/|$)|deploy$|LICENSE$|README\.md$|(CHANGELOG|CONTRIBUTING|SECURITY)\.md$|package\.json$)/.test(
          file,
        ),
    );
    assert.deepEqual(strange, []);
    const readme = readFileSync(join(folder, 'node_modules', 'pomerium-edge', 'README.md'), 'utf8');
    const links = Array.from(readme.matchAll(/\]\(((?:docs|examples)[^)#]*)/g), ([, path = '']) => path);
    assert.isAbove(links.length, 10);
    assert.includeMembers(files, links);
    assert.notInclude(files, 'dist/lambda', 'what serverless.yml deploys is not for importing');
    assert.includeMembers(
      files,
      ['dist/pomerium-authorizer.zip', 'deploy/terraform/main.tf'],
      'what Terraform deploys',
    );
    assert.include(files, 'dist/cli/THIRD-PARTY-LICENSES');
    const manifest = JSON.parse(readFileSync(join(folder, 'node_modules', 'pomerium-edge', 'package.json'), 'utf8'));
    assert.deepEqual(Object.keys(manifest.dependencies), ['jose']);
    assert.isUndefined(manifest.optionalDependencies);
  });

  for (const [kind, from] of [
    ['d.ts', 'an editor from each declaration'],
    ['js', 'a debugger from each module'],
  ] as const) {
    test(`leads ${from} to the source`, () => {
      const root = join(folder, 'node_modules', 'pomerium-edge');
      const maps = globSync(`dist/**/*.${kind}.map`, { cwd: root });
      assert.isAbove(maps.length, 100);
      for (const map of maps) {
        const { sources } = JSON.parse(readFileSync(join(root, map), 'utf8'));
        for (const source of sources) assert.isTrue(existsSync(join(root, map, '..', source)), `${map}: ${source}`);
      }
    });
  }

  test('lists the packages that are in it or come with it, as CycloneDX has it', () => {
    const file = join(folder, 'node_modules', 'pomerium-edge', 'dist/pomerium-edge.cdx.json');
    const { bomFormat, components } = JSON.parse(readFileSync(file, 'utf8'));
    assert.equal(bomFormat, 'CycloneDX');
    const names = components.map(({ name }: { name: string }) => name);
    assert.includeMembers(names, ['jose', 'commander', 'yaml', '@aws-lambda-powertools/logger']);
    assert.notInclude(names, 'vitest');
  });

  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    test(`has types that its users’ compiler checks whole (${moduleResolution})`, async () => {
      const source = [
        "import { createVerifier } from 'pomerium-edge';",
        "import { createAuthorizer } from 'pomerium-edge/aws-lambda';",
        "import { createGuard } from 'pomerium-edge/cloudflare';",
        "import { createTestIssuer, type TestIssuer } from 'pomerium-edge/testing';",
        "const identity = await createVerifier({ audience: 'a' }).verify('');",
        'export const subject: string = identity.subject;',
        '// @ts-expect-error were it any, this would be allowed',
        'export const wrong: number = identity.subject;',
        'export const guard = createGuard();',
        'export const issuer: Promise<TestIssuer> = createTestIssuer();',
        'export const authorizer = createAuthorizer();',
      ];
      writeFileSync(join(folder, 'user.ts'), source.join('\n'));
      const flags = [
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        'false',
        '--target',
        'es2022',
        '--lib',
        'es2023,dom',
        '--types',
        '',
      ];
      const resolution = ['--module', module, '--moduleResolution', moduleResolution];
      await must(tool('tsc'), [...flags, ...resolution, 'user.ts'], { cwd: folder, capture: true });
    });
  }

  test('brings its command, which needs nothing beside it', async () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'node_modules', 'pomerium-edge', 'package.json'), 'utf8'));
    const bin = join(folder, 'node_modules', 'pomerium-edge', manifest.bin['pomerium-edge']);
    await must(bin, ['keygen', '--out', join(folder, 'keys')], { capture: true });
    assert.isTrue(existsSync(join(folder, 'keys', 'signing-key.pem')));
  });

  const runtimes: [string, 'node:crypto' | 'WebCrypto', () => string, string[]][] = [
    ['Node.js of the tool-chain', 'node:crypto', () => process.execPath, []],
    ['Node.js 20', 'node:crypto', oldestNode, []],
    ['Bun', 'node:crypto', () => tool('bun'), ['run']],
    ['Deno', 'WebCrypto', () => tool('deno'), ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual']],
  ];
  for (const [name, engine, command, args] of runtimes) {
    test(`runs on ${name}, with ${engine}`, async () => {
      assertSmoke(await must(command(), [...args, smoke], { capture: true, cwd: folder }), engine);
    });
  }
});

describe('#signature resolves', () => {
  const bundlers: [string, BuildOptions, RegExp, RegExp][] = [
    ['to node:crypto for Node.js', { platform: 'node' }, NODE_ENGINE, WEB_ENGINE],
    ['to WebCrypto for browsers', { platform: 'browser' }, WEB_ENGINE, NODE_ENGINE],
    ['to WebCrypto where nothing is said', { platform: 'neutral' }, WEB_ENGINE, NODE_ENGINE],
    ['to WebCrypto for workerd', { platform: 'neutral', conditions: ['workerd'] }, WEB_ENGINE, NODE_ENGINE],
    [
      'to WebCrypto for workerd, even beside node',
      { platform: 'node', conditions: ['workerd'] },
      WEB_ENGINE,
      NODE_ENGINE,
    ],
    ['to WebCrypto for Deno, even beside node', { platform: 'node', conditions: ['deno'] }, WEB_ENGINE, NODE_ENGINE],
    [
      'to WebCrypto for Vercel Edge, even beside node',
      { platform: 'node', conditions: ['edge-light'] },
      WEB_ENGINE,
      NODE_ENGINE,
    ],
  ];
  for (const [name, options, has, lacks] of bundlers) {
    test(`${name} (esbuild), and the bundle works`, async () => {
      const outfile = join(folder, 'bundle.mjs');
      // What only Workers have, for a bundle that is then run by Node.js.
      const alias = { 'cloudflare:workers': join(folder, 'workers.mjs') };
      await build({
        entryPoints: [smoke],
        bundle: true,
        format: 'esm',
        outfile,
        logLevel: 'silent',
        alias,
        ...options,
      });
      const text = readFileSync(outfile, 'utf8');
      assert.match(text, has);
      assert.notMatch(text, lacks);
      const output = await must(process.execPath, [outfile], { capture: true });
      assertSmoke(output, has === NODE_ENGINE ? 'node:crypto' : 'WebCrypto');
    });
  }

  test('to WebCrypto by wrangler, and the guard’s bundle needs no Node.js', async () => {
    const { code: text } = await bundleWorker();
    assert.match(text, WEB_ENGINE);
    assert.notMatch(text, NODE_ENGINE);
    assert.notMatch(text, /from\s*"node:/);
    assert.notInclude(text, 'LOCAL_CLOCK', 'only the local start can set the clock');
    assert.include(text, 'pass_identity_headers', 'errors keep their sentences');
  });

  test('to node:crypto in Next’s proxy and to WebCrypto in its Edge routes, and both work', async () => {
    const app = 'test/e2e/next-app';
    rmSync(`${ROOT}${app}/.next`, { recursive: true, force: true });
    const { code, output } = await run(tool('next'), ['build', app], { capture: true });
    assert.equal(code, 0, output);
    assert.notMatch(output, /warn/i);

    const edge = textOf(`${ROOT}${app}/.next/server/edge`);
    assert.match(edge, WEB_ENGINE);
    assert.notMatch(edge, NODE_ENGINE);
    assert.match(textOf(`${ROOT}${app}/.next/server`), NODE_ENGINE);

    const next = startProcess(tool('next'), ['start', app, '-H', '127.0.0.1', '-p', '0']);
    try {
      const url = await next.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
      for (const path of ['/proxy', '/edge', '/node']) {
        const response = await fetch(url + path);
        assert.equal(await response.text(), 'u-alice', path);
      }
    } finally {
      await next.stop();
    }
  });
});

/** All JavaScript below a folder. */
function textOf(path: string): string {
  assert.isTrue(existsSync(path), path);
  return globSync('**/*.js', { cwd: path })
    .map((file) => readFileSync(join(path, file), 'utf8'))
    .join('\n');
}
