import { must, tool } from '../../../scripts/run.ts';

/** Makes dist/ in the project's folder, and gives what was printed. */
export type Bundle = (folder: string) => Promise<string>;

export function command(name: string, args: readonly string[]): Bundle {
  return (folder) => must(tool(name), args, { cwd: folder, capture: true });
}

/** Of `Metadata` in a SAM template. */
export interface BuildProperties {
  readonly EntryPoints: readonly string[];
  readonly Format?: string;
  readonly Target?: string;
  readonly Minify?: boolean;
  readonly OutExtension?: readonly string[];
}

/** What `sam build` runs for this (aws-lambda-builders, workflows/nodejs_npm_esbuild/esbuild.py, EsbuildCommandBuilder). */
export function samBuild({
  EntryPoints,
  Format = 'cjs',
  Target = 'es2020',
  Minify = true,
  OutExtension = [],
  ...others
}: BuildProperties): Bundle {
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw new TypeError(`samBuild does not know ${unknown}.`);
  const extensions = OutExtension.map((value) => `--out-extension:${value}`);
  const own = [`--target=${Target}`, `--format=${Format}`, ...(Minify ? ['--minify'] : []), ...extensions];
  return command('esbuild', [...EntryPoints, '--bundle', '--platform=node', '--outdir=dist', ...own]);
}
