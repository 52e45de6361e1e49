import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Format } from 'esbuild';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import webpack from 'webpack';
import { must, ROOT, tool } from '../../scripts/run.ts';
import { installProject, type Project } from '../support/example-project.ts';
import { makeApp, quickConfig } from './next/apps.ts';

const PEER = '@vercel/edge-config';
const MISSING = /^@vercel\/edge-config cannot be loaded \(\w+\): npm install @vercel\/edge-config, or pass client/;
const UNSET = /^EDGE_CONFIG is not set: connect an Edge Config to the project\.$/;

let project: Project;
beforeAll(async () => {
  project = await installProject('test/e2e/vercel/project');
});
afterAll(() => project.remove());

/** What a bundle is made with: gives its path, and what the bundler had to say. */
type Bundle = (entry: string) => Promise<{ path: string; warnings: string }>;

function withEsbuild(format: Format): Bundle {
  return async (entry) => {
    const path = join(project.folder, `esbuild.${format === 'esm' ? 'mjs' : 'cjs'}`);
    const { warnings } = await build({
      entryPoints: [join(project.folder, entry)],
      bundle: true,
      outfile: path,
      format,
      platform: 'node',
      logLevel: 'silent',
    });
    return { path, warnings: warnings.map(({ text }) => text).join('\n') };
  };
}

const withWebpack: Bundle = async (entry) => {
  const compiler = webpack({
    context: project.folder,
    mode: 'production',
    target: 'node',
    entry: `./${entry}`,
    experiments: { outputModule: true },
    output: { path: join(project.folder, 'webpack'), filename: '[name].mjs', module: true, chunkFormat: 'module' },
  });
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) =>
    compiler?.run((error, result) => (error ? reject(error) : resolve(result))),
  );
  assert.isFalse(stats?.hasErrors(), stats?.toString());
  return {
    path: join(project.folder, 'webpack', 'main.mjs'),
    warnings: stats?.toString({ all: false, warnings: true }) ?? '',
  };
};

const withRollup: Bundle = async (entry) => {
  const path = join(project.folder, 'rollup.mjs');
  const plugins = ['--plugin', 'node-resolve', '--plugin', 'commonjs'];
  const output = ['--file', path, '--format', 'es', '--inlineDynamicImports'];
  // From the folder that has the plugins.
  const warnings = await must(tool('rollup'), [join(project.folder, entry), ...plugins, ...output], { capture: true });
  return { path, warnings };
};

const bundles: [name: string, bundle: Bundle][] = [
  ['no bundler', async (entry) => ({ path: join(project.folder, entry), warnings: '' })],
  ['esbuild, ES module', withEsbuild('esm')],
  ['webpack', withWebpack],
  ['Rollup', withRollup],
];

async function outputOf(bundle: Bundle, entry: string): Promise<{ output: string; warnings: string }> {
  const { path, warnings } = await bundle(entry);
  return { output: await must(process.execPath, [path], { capture: true }), warnings };
}

describe(`without ${PEER}`, () => {
  for (const [name, bundle] of bundles) {
    // Rollup resolves what it then leaves out.
    const isQuiet = bundle !== withRollup;
    test(`middleware works${isQuiet ? ', and no warning names it' : ''} (${name})`, async () => {
      const { output, warnings } = await outputOf(bundle, 'middleware.mjs');
      assert.equal(output, '401\n');
      if (isQuiet) assert.notInclude(warnings, PEER);
    });

    test(`edgeConfigStore() says what to install (${name})`, async () => {
      const { output } = await outputOf(bundle, 'edge-config.mjs');
      assert.match(output, MISSING);
    });
  }

  test('Next.js builds, and its routes of both runtimes say what to install', async () => {
    const route = (runtime: string) => `
      import { edgeConfigStore } from 'pomerium-edge/vercel';
      export const dynamic = 'force-dynamic';
      export const runtime = '${runtime}';
      export const GET = () => edgeConfigStore().getItem('a').catch(({ message }) => new Response(message));`;
    const app = makeApp('16', 'without-peer', {
      'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;',
      'app/node/route.js': route('nodejs'),
      'app/edge/route.js': route('edge'),
      'next.config.js': quickConfig('16'),
    });
    try {
      // The app's folder is below that of the tool-chain, which has the package.
      const file = join(app.folder, 'node_modules/pomerium-edge/dist/adapters/vercel/edge-config-store.js');
      writeFileSync(file, readFileSync(file, 'utf8').replace(`import('${PEER}')`, `import('${PEER}-absent')`));
      const { code, output } = await app.build();
      assert.equal(code, 0, output);
      const running = await app.start({});
      try {
        for (const path of ['/node', '/edge']) {
          assert.match(await (await fetch(running.url + path)).text(), MISSING, path);
        }
      } finally {
        await running.stop();
      }
    } finally {
      app.remove();
    }
  });
});

describe(`with ${PEER}`, () => {
  beforeAll(() => symlinkSync(`${ROOT}node_modules/@vercel`, join(project.folder, 'node_modules', '@vercel')));

  for (const [name, bundle] of [...bundles, ['esbuild, CommonJS', withEsbuild('cjs')] as const]) {
    test(`edgeConfigStore() has it, in the bundle, too (${name})`, async () => {
      const { output } = await outputOf(bundle, 'edge-config.mjs');
      assert.match(output.trim(), UNSET);
    });
  }
});
