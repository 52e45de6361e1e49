import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { must, ROOT } from '../../scripts/run.ts';

export interface Project {
  readonly folder: string;
  /** What `npm run` runs by this name, as words. */
  script(name: string): [command: string, ...args: string[]];
  remove(): void;
}

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/**
 * A copy of a project in an empty folder, with what `npm install` would put there: the files of the packed package, and the
 * dependencies that its package.json names, which are those of this repository. `source`: as in `examples/hono`; of an
 * example, what is packed of it is copied.
 */
export async function installProject(source: string): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  const own = (await packedFiles()).filter((path) => path.startsWith(`${source}/`));
  if (own.length === 0) cpSync(join(ROOT, source), folder, { recursive: true });
  for (const path of own) cpSync(join(ROOT, path), join(folder, path.slice(source.length)));
  await install(folder);
  return {
    folder,
    script(name) {
      const [command, ...args] = manifestOf(folder).scripts?.[name]?.split(' ') ?? [];
      if (command === undefined) throw new Error(`${source} has no script ${name}.`);
      return [command, ...args];
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * An empty folder in which somebody ran `npm install` with these words, and wrote these files: text by path.
 * `packages`: as in `hono`, or with another name for it, `serverless@npm:osls`.
 */
export async function installPackages(
  packages: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<Pick<Project, 'folder' | 'remove'>> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  const dependencies = Object.fromEntries(
    packages.map((name) => name.split(/@(?=npm:)/)).map(([name, range = '*']) => [name, range]),
  );
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  await install(folder);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What `npm install` does by a folder's package.json. */
async function install(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules');
  for (const path of await packedFiles()) cpSync(join(ROOT, path), join(modules, 'pomerium-edge', path));
  const wanted = { ...dependenciesOf(join(modules, 'pomerium-edge'), 'dependencies'), ...dependenciesOf(folder) };
  for (const [name, range] of Object.entries(wanted)) if (name !== 'pomerium-edge') link(name, range, modules);
}

function dependenciesOf(folder: string, ...kinds: (keyof Manifest)[]): Record<string, string> {
  const manifest = manifestOf(folder);
  const read = kinds.length > 0 ? kinds : (['dependencies', 'devDependencies'] as const);
  return Object.assign({}, ...read.map((kind) => manifest[kind]));
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Where npm has put what is installed here. */
const INSTALLED = ['toolchain/workers/node_modules', 'toolchain/frameworks/node_modules', 'node_modules'].map((path) =>
  join(ROOT, path),
);

function link(name: string, range: string, modules: string): void {
  const place = INSTALLED.map((path) => join(path, range.startsWith('npm:') ? range.slice(4) : name)).find(
    (path) => existsSync(path) && isOf(range, path),
  );
  if (place === undefined)
    throw new Error(
      `${name} ${range} is not installed: name it in package.json of toolchain/workers or toolchain/frameworks.`,
    );
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(place, join(modules, name));
}

/** By the major version, as in `^7.0.2`: two TypeScripts are installed. */
function isOf(range: string, place: string): boolean {
  const { version } = manifestOf(place);
  const major = /^[\^~]?(\d+)\./.exec(range)?.[1];
  return major === undefined || version?.startsWith(`${major}.`) === true;
}

let packed: Promise<readonly string[]> | undefined;

/** The paths that `npm pack` would pack. npm takes seconds for that: tests share what test/harness/packed-files.ts found. */
export function packedFiles(): Promise<readonly string[]> {
  const { PACKED_FILES } = process.env;
  packed ??= PACKED_FILES === undefined ? askNpm() : readFile(PACKED_FILES, 'utf8').then(JSON.parse);
  return packed;
}

async function askNpm(): Promise<readonly string[]> {
  const json = await must('npm', ['pack', '--silent', '--dry-run', '--json', '--ignore-scripts'], { capture: true });
  const [{ files }] = JSON.parse(json) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path);
}
