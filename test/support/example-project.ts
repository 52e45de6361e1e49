import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { must, ROOT } from '../../scripts/run.ts';

export interface Project {
  readonly folder: string;
  remove(): void;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/**
 * A copy of a project in an empty folder, with what `npm install` would put there: the files of the packed package, and the
 * dependencies that its package.json names, which are those of this repository. `source`: as in `examples/hono`.
 */
export async function installProject(source: string): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  cpSync(join(ROOT, source), folder, { recursive: true });
  const modules = join(folder, 'node_modules');
  for (const path of await packedFiles()) cpSync(join(ROOT, path), join(modules, 'pomerium-edge', path));
  const wanted = { ...dependenciesOf(join(modules, 'pomerium-edge'), 'dependencies'), ...dependenciesOf(folder) };
  for (const name of Object.keys(wanted).filter((one) => one !== 'pomerium-edge')) link(name, modules);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function dependenciesOf(folder: string, ...kinds: (keyof Manifest)[]): Record<string, string> {
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const read = kinds.length > 0 ? kinds : (['dependencies', 'devDependencies'] as const);
  return Object.assign({}, ...read.map((kind) => manifest[kind]));
}

/** Where npm has put what is installed here. */
const INSTALLED = ['toolchain/workers/node_modules', 'node_modules'].map((path) => join(ROOT, path));

function link(name: string, modules: string): void {
  const place = INSTALLED.map((path) => join(path, name)).find((path) => existsSync(path));
  if (place === undefined) throw new Error(`${name} is not installed: name it in package.json of toolchain/workers.`);
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(place, join(modules, name));
}

let packed: Promise<string[]> | undefined;

/** The paths that `npm pack` would pack. */
function packedFiles(): Promise<string[]> {
  packed ??= must('npm', ['pack', '--silent', '--dry-run', '--json', '--ignore-scripts'], { capture: true }).then(
    (json) => {
      const [{ files }] = JSON.parse(json) as [{ files: { path: string }[] }];
      return files.map(({ path }) => path);
    },
  );
  return packed;
}
