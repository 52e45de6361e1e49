/* As `vercel dev` runs middleware or a function: `node dev.mjs <entrypoint>`, in the project's folder. Prints its URL. */
import { glob } from '@vercel/build-utils';
import builder from '@vercel/node';

const [entrypoint] = process.argv.slice(2);
const workPath = process.cwd();
const config = { zeroConfig: true, middleware: entrypoint.startsWith('middleware.') };
const files = await glob('**', { cwd: workPath, ignore: 'node_modules/**' });
const meta = { isDev: true, requestUrl: '/', env: process.env, buildEnv: process.env };
const { port } = await builder.startDevServer({ files, entrypoint, workPath, config, meta });
console.log(`http://127.0.0.1:${port}`);
