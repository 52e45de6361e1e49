import { existsSync, globSync, rmSync, statSync } from 'node:fs';
import { bundleCli } from './bundle-cli.ts';
import { bundleLambdas } from './bundle-lambda.ts';
import { must, ROOT, tool } from './run.ts';

/** dist/: what is published, and what everything that is not a unit test runs on. Built anew when a source is newer. */
// The last file that a build writes: one that was cut off is no build.
const OUTPUT = `${ROOT}dist/cli/pomerium-edge.js`;
// Folders, too: theirs is the time at which a file was taken away.
const sources = globSync(
  [
    'core/**',
    'adapters/**',
    'testing/**',
    'inspector/**',
    'cli/**',
    'deploy/**',
    'tsconfig*.json',
    'package-lock.json',
  ],
  { cwd: ROOT },
);
const newest = Math.max(...sources.map((file) => statSync(ROOT + file).mtimeMs));

if (!existsSync(OUTPUT) || statSync(OUTPUT).mtimeMs < newest) {
  rmSync(`${ROOT}dist`, { recursive: true, force: true });
  await must(tool('tsc'), ['-p', 'tsconfig.build.json']);
  await bundleLambdas();
  await bundleCli();
}
