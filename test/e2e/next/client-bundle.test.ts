import resolveNode from '@rollup/plugin-node-resolve';
import { build as buildWithEsbuild } from 'esbuild';
import { rolldown } from 'rolldown';
import { rollup } from 'rollup';
import { build as buildWithVite, type InlineConfig } from 'vite';
import { afterAll, assert, describe, test } from 'vitest';
import webpack from 'webpack';
import manifest from '../../../package.json' with { type: 'json' };
import { makeApp, quickConfig } from './apps.ts';

const SENTENCE = 'This part of pomerium-edge is for servers: hand the browser what it shows, as props or JSON';
const FOR_SERVERS = {
  next: 'getIdentity',
  vercel: 'withPomerium',
  node: 'pomerium',
  'aws-lambda': 'createAuthorizer',
  testing: 'createTestIssuer',
  inspector: 'createInspector',
};

const app = makeApp('16', 'client-bundle', {
  'next.config.js': quickConfig('16'),
  'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;',
  'app/page.js': `'use client';
    import { getIdentity } from 'pomerium-edge/next';
    export default () => <button type="button" onClick={() => getIdentity()}>who?</button>;`,
  ...Object.fromEntries(
    Object.entries(FOR_SERVERS).map(([name, what]) => [
      `${name}.js`,
      `import { ${what} } from 'pomerium-edge/${name}';\nconsole.log(${what});`,
    ]),
  ),
});
afterAll(() => app.remove());

/** Bundles the file as for browsers; rejects with what the tool prints. */
type Bundle = (entry: string) => Promise<unknown>;

const vite =
  (more: InlineConfig): Bundle =>
  (entry) =>
    buildWithVite({
      root: app.folder,
      configFile: false,
      logLevel: 'silent',
      ...more,
      build: { write: false, rollupOptions: { input: entry }, ...more.build },
    });

const BUNDLERS: Readonly<Record<string, Bundle>> = {
  esbuild: (entry) => buildWithEsbuild({ entryPoints: [entry], bundle: true, write: false, logLevel: 'silent' }),
  rolldown: async (input) => (await rolldown({ input, platform: 'browser', onLog() {} })).generate({}),
  rollup: async (input) =>
    (await rollup({ input, plugins: [resolveNode({ browser: true })], onLog() {} })).generate({}),
  vite: vite({}),
  webpack: (entry) =>
    new Promise((resolve, reject) => {
      const output = { path: `${app.folder}/out` };
      webpack({ mode: 'development', devtool: false, target: 'web', entry, output }, (error, stats) => {
        const errors = error ? String(error) : stats?.toString({ all: false, errors: true });
        if (errors) reject(new Error(errors));
        else resolve(stats);
      });
    }),
};

const failureOf = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => assert.fail('it builds'),
    (error) => String(error),
  );

describe('a bundle for browsers', () => {
  for (const [tool, bundle] of Object.entries(BUNDLERS)) {
    for (const name of Object.keys(FOR_SERVERS)) {
      test(`${tool}: pomerium-edge/${name} fails to build, with a sentence`, async () => {
        assert.include(await failureOf(bundle(`${app.folder}/${name}.js`)), SENTENCE);
      });
    }
  }

  for (const bundler of ['--turbopack', '--webpack']) {
    test(`next build ${bundler}: a client component cannot import pomerium-edge/next`, async () => {
      const { code, output } = await app.build(bundler);
      assert.equal(code, 1, output);
      assert.include(output, SENTENCE);
    });
  }
});

describe('a bundle for servers', () => {
  // As Wrangler and the Vite plugins of Cloudflare and Vercel have them: `browser` is among them.
  const conditions = [
    ['workerd', 'worker', 'browser'],
    ['edge-light', 'browser'],
    ['bun', 'browser'],
    ['deno', 'browser'],
  ];
  for (const some of conditions) {
    test(`holds what is for servers, with the conditions ${some.join(', ')}`, async () => {
      for (const name of ['next', 'vercel', 'node', 'testing', 'inspector']) {
        const { outputFiles } = await buildWithEsbuild({
          entryPoints: [`${app.folder}/${name}.js`],
          bundle: true,
          write: false,
          format: 'esm',
          conditions: some,
          external: ['next', 'next/*', 'react', 'node:*'],
        });
        assert.include(outputFiles[0]?.text, 'x-pomerium-jwt-assertion', name);
      }
    });
  }

  const servers: [name: string, ssr: InlineConfig['ssr']][] = [
    ['Node.js', { target: 'node' }],
    ['workers', { target: 'webworker', resolve: { conditions: ['workerd', 'worker', 'browser'] } }],
  ];
  for (const [name, ssr] of servers) {
    test(`holds it where Vite builds for ${name}`, async () => {
      const bundle = vite({ ssr: { noExternal: true, ...ssr }, build: { ssr: true } });
      assert.include(JSON.stringify(await bundle(`${app.folder}/testing.js`)), 'x-pomerium-jwt-assertion');
    });
  }

  test('is for every entry but those that browsers may have', () => {
    const guarded = Object.entries(manifest.exports).filter(
      ([, entry]) => typeof entry === 'object' && 'browser' in entry,
    );
    assert.sameMembers(
      guarded.map(([name]) => name),
      Object.keys(FOR_SERVERS).map((name) => `./${name}`),
    );
  });
});
