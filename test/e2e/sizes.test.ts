import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { assert, describe, test } from 'vitest';
import { bundleWorker } from '../../scripts/bundle-worker.ts';
import { ROOT } from '../../scripts/run.ts';

/** A module that imports these names from the package as it is published, minified. */
async function bundle(source: string): Promise<string> {
  const result = await build({
    stdin: { contents: source, resolveDir: ROOT },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    conditions: ['workerd'],
    external: ['react'],
  });
  return result.outputFiles[0]?.text ?? '';
}

const VERIFIER = `export { createVerifier } from 'pomerium-edge'`;

describe('sizes, minified and gzipped', () => {
  const rows: [string, () => Promise<string>, number][] = [
    ['createVerifier', () => bundle(VERIFIER), 20_900],
    [
      'createVerifier and compileRoutes',
      () => bundle(`export { compileRoutes, createVerifier } from 'pomerium-edge'`),
      38_800,
    ],
    ['what browsers get of pomerium-edge/react', () => bundle(`export * from 'pomerium-edge/react'`), 1_800],
    ['the guard, as wrangler uploads it', async () => (await bundleWorker()).code, 55_900],
  ];
  for (const [name, measure, limit] of rows) {
    test(`${name}: at most ${limit} bytes`, async () => {
      const size = gzipSync(await measure(), { level: 9 }).length;
      console.info(`${name}: ${size} bytes of ${limit}`);
      assert.isAtMost(size, limit);
    });
  }
});

/** Names of settings in Pomerium's file, each from another module of core/routes. */
const OF_ROUTES = ['regex_rewrite_pattern', 'cors_allow_preflight', 'authenticate_service_url', '[:alnum:]'];

test('who compiles no routes carries nothing of them', async () => {
  const [without, withRoutes] = [await bundle(VERIFIER), await bundle(`export { compileRoutes } from 'pomerium-edge'`)];
  for (const name of OF_ROUTES) {
    assert.include(withRoutes, name);
    assert.notInclude(without, name);
  }
});
