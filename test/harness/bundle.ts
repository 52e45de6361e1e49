import { globSync } from 'node:fs';
import { build } from 'esbuild';
import manifest from '../../package.json' with { type: 'json' };
import { ROOT } from '../../scripts/run.ts';

/** Every test of `test/core` in one text that runs in any runtime that has these conditions. */
export async function bundleTests(conditions: readonly string[]): Promise<string> {
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
    conditions: [...conditions],
    alias: {
      vitest: `${ROOT}test/harness/portable.ts`,
      // What its package has for every runtime but Node.js.
      yaml: `${ROOT}node_modules/yaml/browser/index.js`,
      '#signature': signatureEngine(conditions),
    },
    logLevel: 'warning',
  });
  return result.outputFiles[0]?.text ?? '';
}

/** The source of what package.json gives a runtime with these conditions as `#signature`. */
function signatureEngine(conditions: readonly string[]): string {
  const targets = Object.entries(manifest.imports['#signature']);
  const [, built = ''] = targets.find(([name]) => name === 'default' || conditions.includes(name)) ?? [];
  return built.replace('./dist/', ROOT).replace(/\.js$/, '.ts');
}
