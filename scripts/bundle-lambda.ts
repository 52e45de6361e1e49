import { statSync } from 'node:fs';
import { build } from 'esbuild';
import { ROOT } from './run.ts';

/** The functions of `serverless.yml`. */
export const LAMBDAS = ['authorizer', 'refresher', 'sample'] as const;

export function lambdaPath(name: (typeof LAMBDAS)[number]): string {
  return `${ROOT}dist/lambda/${name}.mjs`;
}

/** Each function as one file. The AWS SDK is left out: Lambda's runtime brings it along. Names of errors are kept. */
export async function bundleLambdas(): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: LAMBDAS.map((name) => `deploy/aws-lambda/${name}.ts`),
    outdir: 'dist/lambda',
    outExtension: { '.js': '.mjs' },
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
  });
}

export function sizeOfLambda(name: (typeof LAMBDAS)[number]): number {
  return statSync(lambdaPath(name)).size;
}
