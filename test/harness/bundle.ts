import { globSync } from 'node:fs';
import { build } from 'esbuild';
import { ROOT } from '../../scripts/run.ts';

/** Every test of `test/core` in one text that runs in any runtime, with one of the two signature engines. */
export async function bundleTests(engine: 'node' | 'web'): Promise<string> {
  const files = globSync('test/core/**/*.test.ts', { cwd: ROOT }).sort();
  const result = await build({
    stdin: { contents: files.map((file) => `import './${file}';`).join('\n'), resolveDir: ROOT },
    bundle: true,
    // package.json says that no module has side effects; a test is one.
    ignoreAnnotations: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    external: ['node:*'],
    conditions: engine === 'web' ? ['edge-light'] : ['node'],
    alias: {
      vitest: `${ROOT}test/harness/portable.ts`,
      // What its package has for every runtime but Node.js.
      yaml: `${ROOT}node_modules/yaml/browser/index.js`,
      '#signature': `${ROOT}core/signature/${engine}.ts`,
    },
    logLevel: 'warning',
  });
  return result.outputFiles[0]?.text ?? '';
}
