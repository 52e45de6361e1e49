import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '../../../scripts/processes.ts';
import { must, ROOT, run, tool } from '../../../scripts/run.ts';

/** Which Next.js, and under which name the gate stands there. */
export interface Variant {
  readonly next: '16' | '15';
  readonly file: 'proxy' | 'middleware';
  /** Where `middleware.ts` is to run otherwise than Next.js has it. */
  readonly runtime?: 'nodejs';
}

const HOMES = { '16': 'test/e2e/next', '15': 'toolchain/next-15' } as const;

const MATCHER = "export const config = { matcher: ['/((?!left-out).*)'] };\n";

/** A Next.js app in a folder of its own, with the package as it is published. */
export interface App {
  readonly folder: string;
  build(...flags: string[]): Promise<{ code: number; output: string }>;
  /** `next start`, or another command that serves. */
  start(env: Record<string, string>, command?: 'start' | 'dev'): Promise<RunningApp>;
  remove(): void;
}

export interface RunningApp {
  readonly url: string;
  /** All that it has printed so far. What belongs to an answer may come after it: wait for that with `printed`. */
  log(): Promise<string>;
  /** The first group of the first match in what it prints, once it is there. */
  printed(pattern: RegExp): Promise<string>;
  stop(): Promise<void>;
}

/**
 * `examples/nextjs`, with the gate as the variant has it, and with `overlay` the routes that only tests want. `inBrowser`: its
 * client components know who is signed in.
 */
export function makeExample(
  { next, file, runtime }: Variant,
  { overlay, inBrowser = false }: { overlay: boolean; inBrowser?: boolean },
): App {
  const app = makeApp(next, `example-${file}${overlay ? '-overlay' : ''}${inBrowser ? '-in-browser' : ''}`);
  const isOurs = (path: string) => !/\/(\.next|proxy\.ts|next-env\.d\.ts|README\.md)$/.test(path);
  cpSync(`${ROOT}examples/nextjs`, app.folder, { recursive: true, filter: isOurs });
  if (inBrowser) cpSync(`${ROOT}test/e2e/next/in-browser`, app.folder, { recursive: true });
  if (overlay) {
    cpSync(`${ROOT}test/e2e/next/overlay`, app.folder, { recursive: true });
    // Edge routes cannot be had with Cache Components, which Next.js 15 does not know.
    writeFileSync(join(app.folder, 'next.config.ts'), 'export default { experimental: { authInterrupts: true } };');
    writeFileSync(join(app.folder, `${file}.ts`), `export { gate as ${file} } from './gate';\n${MATCHER}`);
  } else {
    cpSync(`${ROOT}examples/nextjs/proxy.ts`, join(app.folder, 'gate.ts'));
    const exported = file === 'proxy' ? 'proxy' : 'proxy as middleware';
    const config = runtime ? `export const config = { runtime: '${runtime}' };\n` : '';
    writeFileSync(join(app.folder, `${file}.ts`), `export { ${exported} } from './gate';\n${config}`);
  }
  return app;
}

/**
 * The app that `create-next-app` writes when nothing is chosen, but for Tailwind CSS, which is not installed here; with
 * examples/nextjs as its README says, and the pages of `overlay`.
 */
export async function makeNewApp(overlay: string): Promise<App> {
  const app = makeApp('16', 'new');
  const parent = mkdtempSync(join(tmpdir(), 'create-next-app-'));
  const flags = ['--yes', '--no-tailwind', '--skip-install', '--disable-git'];
  // The choices that somebody made before are in the configuration folder.
  await must(tool('create-next-app'), ['new', ...flags], {
    cwd: parent,
    capture: true,
    env: { XDG_CONFIG_HOME: parent, HOME: parent },
  });
  cpSync(join(parent, 'new'), app.folder, { recursive: true });
  rmSync(parent, { recursive: true });
  for (const part of ['app', 'proxy.ts'])
    cpSync(`${ROOT}examples/nextjs/${part}`, join(app.folder, part), { recursive: true });
  cpSync(overlay, app.folder, { recursive: true });
  const config = join(app.folder, 'next.config.ts');
  const written = readFileSync(config, 'utf8').replace(
    '/* config options here */',
    'experimental: { authInterrupts: true, turbopackMinify: false, cpus: 1 },',
  );
  writeFileSync(config, written);
  return app;
}

/** What makes a build fast and changes nothing that its server does: most of the time goes into minifying and tracing files. */
const QUICK: Record<Variant['next'], string> = {
  '16': `experimental: {
    ...own.experimental, turbopackMinify: false, turbopackSourceMaps: false, turbopackFileSystemCacheForBuild: true, cpus: 1,
  }`,
  '15': `experimental: { ...own.experimental, webpackBuildWorker: false, cpus: 1 },
    eslint: { ignoreDuringBuilds: true },
    typescript: { ignoreBuildErrors: true },
    outputFileTracingExcludes: { '*': ['**/*'] },
    webpack: (config) => ({ ...config, optimization: { ...config.optimization, minimize: false } })`,
};

/** `next.config.js` with these settings, for a test that is not about the build. */
export function quickConfig(next: Variant['next'], settings = ''): string {
  return `const own = { ${settings} };\nexport default { ...own, ${QUICK[next]} };`;
}

/** An app of these files. What a build in the same folder left in Turbopack's cache stays. */
export function makeApp(next: Variant['next'], name: string, files: Readonly<Record<string, string>> = {}): App {
  const home = `${ROOT}${HOMES[next]}`;
  const folder = `${home}/.apps/${name}`;
  removeAllBut(['.next', 'cache', 'turbopack'], folder);
  const installed = join(folder, 'node_modules', 'pomerium-edge');
  mkdirSync(installed, { recursive: true });
  for (const part of ['dist', 'package.json']) cpSync(ROOT + part, join(installed, part), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const command = next === '16' ? tool('next') : `${home}/node_modules/.bin/next`;
  return {
    folder,
    build: (...flags) => run(command, ['build', ...flags], { cwd: folder, capture: true }),
    async start(env, task = 'start') {
      // Node.js takes 16 KiB of headers, and an assertion may have 64.
      const more = { NODE_OPTIONS: '--max-http-header-size=131072', ...env };
      const server = startProcess(command, [task, '-H', '127.0.0.1', '-p', '0'], { cwd: folder, env: more });
      return {
        url: await server.printed(/(http:\/\/127\.0\.0\.1:\d+)/),
        log: () => server.printed(/^(.*)$/s),
        printed: (pattern) => server.printed(pattern),
        stop: () => server.stop(),
      };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function removeAllBut([kept, ...below]: string[], folder: string): void {
  const entries = existsSync(folder) ? readdirSync(folder) : [];
  for (const entry of entries) {
    const path = join(folder, entry);
    if (entry !== kept) rmSync(path, { recursive: true, force: true });
    else if (below.length > 0) removeAllBut(below, path);
  }
}
