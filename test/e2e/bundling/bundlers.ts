import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import webpack, { type Configuration } from 'webpack';
import { parse } from 'yaml';
import { blockOf, commandOf } from './documented.ts';
import { type BuildProperties, type Bundle, command, samBuild } from './sam-build.ts';

/** A command of the page; `replace`: other words in it. */
export function documented(beginning: string, replace: Readonly<Record<string, string>> = {}): Bundle {
  const [name, ...args] = commandOf(beginning).map((word) => replace[word] ?? word);
  return command(name ?? '', args);
}

/** The nth configuration of the page's webpack.config.mjs. */
export function webpackConfiguration(index: number): Bundle {
  return async (folder) => {
    const url = pathToFileURL(join(folder, 'webpack.config.mjs')).href;
    const configurations: Configuration[] = (await import(/* @vite-ignore */ url)).default;
    const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) =>
      webpack(
        {
          context: folder,
          ...configurations[index],
          output: { ...configurations[index]?.output, path: join(folder, 'dist') },
        },
        (error, result) => (error ? reject(error) : resolve(result)),
      ),
    );
    return stats?.toString({ all: false, errors: true, warnings: true }) ?? 'nothing';
  };
}

/** The page's own, for ES modules. */
export function documentedSamBuild(): Bundle {
  const { Metadata }: { Metadata: { BuildProperties: BuildProperties } } = parse(blockOf('yaml'));
  return samBuild(Metadata.BuildProperties);
}

/** What CDK's NodejsFunction runs (aws-cdk-lib, aws-lambda-nodejs/lib/bundling.js, buildEsbuildArgs). */
export function cdkBundling(entry: string): Bundle {
  const options = ['--target=node24', '--platform=node', '--outfile=dist/index.js'];
  const externals = ['--external:@aws-sdk/*', '--external:@smithy/*'];
  return command('esbuild', ['--bundle', entry, ...options, ...externals]);
}
