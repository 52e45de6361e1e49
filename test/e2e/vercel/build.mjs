/*
 * As `vercel build` does it for middleware and functions: `node build.mjs <output> <entrypoint>…`, in the project's folder, whose
 * dependencies are installed. Writes `config.json` and `functions/<name>.func` as the Build Output API has them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { download, glob } from '@vercel/build-utils';
import builder from '@vercel/node';

const [output, ...entrypoints] = process.argv.slice(2);
const workPath = process.cwd();
process.env.VERCEL_INSTALL_COMPLETED = '1';

const routes = [];
for (const entrypoint of entrypoints) {
  const config = { zeroConfig: true, middleware: entrypoint.startsWith('middleware.') };
  const files = await glob('**', { cwd: workPath, ignore: 'node_modules/**' });
  const built = await builder.build({ files, entrypoint, workPath, repoRootPath: workPath, config, meta: {} });
  const { files: own, ...settings } = built.output;
  const folder = join(output, 'functions', `${entrypoint.replace(/\.\w+$/, '')}.func`);
  mkdirSync(folder, { recursive: true });
  await download(own, folder);
  writeFileSync(join(folder, '.vc-config.json'), JSON.stringify(settings));
  routes.push(...(built.routes ?? []));
}
writeFileSync(join(output, 'config.json'), JSON.stringify({ version: 3, routes }));
