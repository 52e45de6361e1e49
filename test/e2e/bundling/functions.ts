import { cpSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../scripts/run.ts';
import { installProject } from '../../support/example-project.ts';
import { FILES } from './documented.ts';
import { startLambdaProcesses } from './lambda-process.ts';

/** The files of docs/aws-bundling.md, in a project that has installed the package and nothing else. */
export async function startFunctions() {
  const processes = await startLambdaProcesses();
  const project = await installProject('test/e2e/bundling/project');
  const { folder } = project;
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  return {
    folder,
    answersOf: processes.answersOf,
    installSdk(): void {
      symlinkSync(`${ROOT}node_modules/@aws-sdk`, join(folder, 'node_modules', '@aws-sdk'));
    },
    /** Takes what a bundler made into a folder that has nothing else. */
    takeOutput(): string {
      const target = processes.emptyFolder();
      cpSync(join(folder, 'dist'), target, { recursive: true });
      rmSync(join(folder, 'dist'), { recursive: true });
      return target;
    },
    async close(): Promise<void> {
      project.remove();
      await processes.close();
    },
  };
}

export type Functions = Awaited<ReturnType<typeof startFunctions>>;
