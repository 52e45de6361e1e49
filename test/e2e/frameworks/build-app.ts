import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, run, tool } from '../../../scripts/run.ts';
import { installProject } from '../../support/example-project.ts';

export const APPS = 'test/e2e/frameworks';

export interface BuiltApp {
  readonly folder: string;
  /** The exit code of the build, and what it printed. */
  readonly code: number;
  readonly output: string;
  remove(): void;
}

/**
 * Builds a copy of an app within the workspace, where bundlers find what the packages are links to. No variable of ours is
 * set meanwhile. `files`: what is written into it before. One copy with files and one without may be there at the same time.
 */
export async function buildApp(
  app: string,
  build: readonly string[] | undefined,
  files: Readonly<Record<string, string>> = {},
): Promise<BuiltApp> {
  const installed = await installProject(`${APPS}/${app}`);
  const folder = join(ROOT, APPS, '.apps', Object.keys(files).length > 0 ? `${app}-changed` : app);
  rmSync(folder, { recursive: true, force: true });
  cpSync(installed.folder, folder, { recursive: true, verbatimSymlinks: true });
  installed.remove();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const [command, ...args] = build ?? [];
  // vitest says that this is a test.
  const env = { NODE_ENV: 'production' };
  const result =
    command === undefined
      ? { code: 0, output: '' }
      : await run(tool(command), args, { cwd: folder, capture: true, env });
  return { ...result, folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
