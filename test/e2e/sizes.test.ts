import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { assert, describe, test } from 'vitest';
import { bundleWorker } from '../../scripts/bundle-worker.ts';
import { ROOT } from '../../scripts/run.ts';

/** Bytes, minified and gzipped, of a module that imports these names from the package as it is published. */
async function sizeOf(source: string): Promise<number> {
  const result = await build({
    stdin: { contents: source, resolveDir: ROOT },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    conditions: ['workerd'],
  });
  return gzipSync(result.outputFiles[0]?.contents ?? '', { level: 9 }).length;
}

describe('sizes, minified and gzipped', () => {
  const rows: [string, () => Promise<number>, number][] = [
    ['createVerifier', () => sizeOf(`export { createVerifier } from 'pomerium-edge'`), 20_000],
    [
      'the guard, as wrangler uploads it',
      async () => gzipSync((await bundleWorker()).code, { level: 9 }).length,
      36_864,
    ],
  ];
  for (const [name, measure, limit] of rows) {
    test(`${name}: at most ${limit} bytes`, async () => {
      const size = await measure();
      console.info(`${name}: ${size} bytes of ${limit}`);
      assert.isAtMost(size, limit);
    });
  }
});
