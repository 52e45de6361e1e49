import { statSync } from 'node:fs';
import { type BuildOptions, build } from 'esbuild';
import { ROOT } from './run.ts';

/** The functions of `serverless.yml`. */
export const LAMBDAS = ['authorizer', 'refresher', 'sample'] as const;

export function lambdaPath(name: (typeof LAMBDAS)[number]): string {
  return `${ROOT}dist/lambda/${name}.mjs`;
}

/** One file that Lambda runs. The AWS SDK is left out: the runtime brings it along. Names of errors are kept. */
export const LAMBDA_BUNDLE = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  keepNames: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  external: ['@aws-sdk/*'],
  // What of Powertools is CommonJS asks for require.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
} satisfies BuildOptions;

export async function bundleLambdas(): Promise<void> {
  await build({
    ...LAMBDA_BUNDLE,
    entryPoints: LAMBDAS.map((name) => `deploy/aws-lambda/${name}.ts`),
    outdir: 'dist/lambda',
    outExtension: { '.js': '.mjs' },
  });
}

export function sizeOfLambda(name: (typeof LAMBDAS)[number]): number {
  return statSync(lambdaPath(name)).size;
}
