import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { type InstalledPackage, packagesIn } from './bundled-packages.ts';
import { ROOT } from './run.ts';

/** The functions of `serverless.yml`. */
export const LAMBDAS = ['authorizer', 'refresher', 'sample'] as const;

export function lambdaPath(name: (typeof LAMBDAS)[number]): string {
  return `${ROOT}dist/lambda/${name}.mjs`;
}

/** One file that Lambda runs. It has no AWS SDK: the runtime brings that along. */
export const LAMBDA_BUNDLE = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  charset: 'utf8',
  // The licences are in a file of their own; what is left is a mark for a coverage tool.
  legalComments: 'none',
  format: 'esm',
  platform: 'node',
  target: 'node22',
  logLevel: 'warning',
} satisfies BuildOptions;

function optionsFor(names: readonly (typeof LAMBDAS)[number][]) {
  const entryPoints = names.map((name) => `deploy/aws-lambda/${name}.ts`);
  return {
    ...LAMBDA_BUNDLE,
    entryPoints,
    outdir: 'dist/lambda',
    outExtension: { '.js': '.mjs' },
  } satisfies BuildOptions;
}

export async function bundleLambdas(): Promise<void> {
  await build(optionsFor(LAMBDAS));
}

/** The functions of the ready zip, and the packages that are in them. */
export async function bundleForZip(): Promise<{ files: Record<string, Uint8Array>; packages: InstalledPackage[] }> {
  const { outputFiles, metafile } = await build({
    ...optionsFor(['authorizer', 'refresher']),
    write: false,
    metafile: true,
  });
  return {
    files: Object.fromEntries(outputFiles.map(({ path, contents }) => [basename(path), contents])),
    packages: packagesIn(metafile),
  };
}

export function sizeOfLambda(name: (typeof LAMBDAS)[number]): number {
  return statSync(lambdaPath(name)).size;
}
