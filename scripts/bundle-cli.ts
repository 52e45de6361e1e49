import { chmodSync, writeFileSync } from 'node:fs';
import { type BuildOptions, build } from 'esbuild';
import { type InstalledPackage, LICENCES_FILE, licencesOf, packagesIn } from './bundled-packages.ts';
import { ROOT } from './run.ts';

const CLI_BUNDLE = {
  absWorkingDir: ROOT,
  entryPoints: ['cli/main.ts'],
  outfile: `${ROOT}dist/cli/pomerium-edge.js`,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  alias: { '#signature': './core/signature/node.ts' },
  // What of the libraries is CommonJS asks for require.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** The command in one file, with the libraries that only it needs, so that jose is the only dependency; and their licences. */
export async function bundleCli(): Promise<void> {
  const { metafile } = await build(CLI_BUNDLE);
  chmodSync(CLI_BUNDLE.outfile, 0o755);
  writeFileSync(`${ROOT}dist/cli/${LICENCES_FILE}`, licencesOf(packagesIn(metafile)));
}

/** The packages of which the command has code. */
export async function packagesInCli(): Promise<InstalledPackage[]> {
  return packagesIn((await build({ ...CLI_BUNDLE, write: false })).metafile);
}
