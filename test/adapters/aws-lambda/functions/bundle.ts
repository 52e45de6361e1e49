import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { LAMBDA_BUNDLE } from '../../../../scripts/bundle-lambda.ts';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Bundles a function of this folder with the adapter as it stands in the source, and with the SDK, which Lambda has. */
export async function bundleFunction(name: string, outfile: string, format: 'esm' | 'cjs' = 'esm'): Promise<void> {
  await build({
    ...LAMBDA_BUNDLE,
    minify: false,
    format,
    alias: { '#signature': source('../../../../core/signature/node.ts') },
    entryPoints: [source(`./${name}.ts`)],
    outfile,
  });
}
