import { chmodSync } from 'node:fs';
import { build } from 'esbuild';
import { ROOT } from './run.ts';

/** The command in one file, with the libraries that only it needs: so that jose is the only dependency of the package. */
export async function bundleCli(): Promise<void> {
  const outfile = `${ROOT}dist/cli/pomerium-edge.js`;
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['cli/main.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    alias: { '#signature': './core/signature/node.ts' },
    // What of the libraries is CommonJS asks for require.
    banner: {
      js: "#!/usr/bin/env node\nimport { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    legalComments: 'eof',
    logLevel: 'warning',
  });
  chmodSync(outfile, 0o755);
}
