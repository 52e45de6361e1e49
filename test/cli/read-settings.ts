import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
// @ts-expect-error it has no types
import { load } from 'js-yaml';
import { unstable_getVarsForDev, unstable_readConfig } from 'wrangler';
import { parse } from 'yaml';
import { ROOT } from '../../scripts/run.ts';
import { oldestNode } from '../support/oldest-node.ts';

const run = promisify(execFile);

export type Settings = Record<string, string>;

/** Reads settings back as the platform itself does, from what `pomerium-edge routes --for` printed. */
export interface Reader {
  readonly format: string;
  readonly by: string;
  read(output: string, folder: string): Promise<Settings>;
}

const PRINT = 'console.log(JSON.stringify(process.env))';

function ours(env: Settings): Settings {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('POMERIUM_')));
}

/** What stands below a heading, up to an empty line. */
function below(output: string, heading: string): string {
  const lines = output.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`# ${heading}`));
  const end = lines.indexOf('', start);
  return lines.slice(start, end < 0 ? undefined : end).join('\n');
}

async function fromNode(node: string, output: string, folder: string): Promise<Settings> {
  writeFileSync(join(folder, '.env'), output);
  const { stdout } = await run(node, [`--env-file=${join(folder, '.env')}`, '-e', PRINT], { env: {} });
  return ours(JSON.parse(stdout));
}

/** As Next.js does when it starts, in a process of its own: it writes into the environment. */
async function fromNext(next: string, output: string, folder: string): Promise<Settings> {
  writeFileSync(join(folder, '.env.local'), output);
  const env = createRequire(`${ROOT}${next}/package.json`).resolve('@next/env');
  const script = `require(${JSON.stringify(env)}).loadEnvConfig(${JSON.stringify(folder)}, true, console); ${PRINT}`;
  const { stdout } = await run(process.execPath, ['-e', script], { env: {} });
  return ours(JSON.parse(stdout.slice(stdout.indexOf('{'))));
}

/** With a command of that name that keeps what it is given. */
async function fromVercel(output: string, folder: string): Promise<Settings> {
  const kept = join(folder, 'kept');
  mkdirSync(kept);
  const stub = `vercel() { [ "$1 $2 $4" = "env add production" ] && cat > "${kept}/$3"; }`;
  await run('sh', ['-e', '-c', `${stub}\n${output}`]);
  return Object.fromEntries(readdirSync(kept).map((name) => [name, readFileSync(join(kept, name), 'utf8')]));
}

export const READERS: readonly Reader[] = [
  {
    format: 'cloudflare',
    by: 'Wrangler, from wrangler.toml',
    async read(output, folder) {
      const config = join(folder, 'wrangler.toml');
      writeFileSync(config, `name = "app"\ncompatibility_date = "2026-01-01"\n${below(output, 'wrangler.toml')}`);
      return ours(unstable_readConfig({ config }).vars as Settings);
    },
  },
  {
    format: 'cloudflare',
    by: 'Wrangler, from .dev.vars',
    async read(output, folder) {
      writeFileSync(join(folder, '.dev.vars'), below(output, '.dev.vars'));
      const vars = unstable_getVarsForDev(join(folder, 'wrangler.toml'), undefined, {}, undefined, true);
      return ours(Object.fromEntries(Object.entries(vars).map(([name, { value }]) => [name, String(value)])));
    },
  },
  {
    format: 'aws',
    by: 'the YAML of serverless.yml',
    read: async (output) => ours((load(below(output, 'serverless.yml')) as { environment: Settings }).environment),
  },
  {
    format: 'aws',
    by: 'the YAML of SAM',
    read: async (output) => ours(parse(below(output, 'SAM')).Environment.Variables),
  },
  { format: 'vercel', by: 'a shell with vercel', read: fromVercel },
  { format: 'next', by: 'Next.js', read: (output, folder) => fromNext('node_modules/next', output, folder) },
  {
    format: 'next',
    by: 'Next.js 15',
    read: (output, folder) => fromNext('toolchain/next-15/node_modules/next', output, folder),
  },
  { format: 'node', by: 'Node.js', read: (output, folder) => fromNode(process.execPath, output, folder) },
  {
    format: 'node',
    by: 'Node.js 20',
    read: (output, folder) => fromNode(oldestNode(), output, folder),
  },
  {
    format: 'env',
    by: 'sh',
    async read(output) {
      const { stdout } = await run('sh', ['-e', '-c', `${output}\nexec "$NODE" -e '${PRINT}'`], {
        env: { NODE: process.execPath },
      });
      return ours(JSON.parse(stdout));
    },
  },
];

export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-settings-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
