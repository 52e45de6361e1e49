import { readdirSync } from 'node:fs';
import { Command } from 'commander';
import { afterEach, assert, describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../cli/output.ts';
import { addRoutes } from '../../cli/routes.ts';
import { ROOT } from '../../scripts/run.ts';
import { runCli } from './run-cli.ts';

const FOLDER = 'test/cli/route-files';
const KINDS = ['config', 'routes', 'ingress', 'helm'] as const;
const WIDTH = 100;

interface Run {
  readonly file: string;
  readonly code: number;
  readonly output: string;
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

/** The command in this process: a process for each file would take a minute. */
async function runHere(kind: string, file: string): Promise<Run> {
  let output = '';
  vi.stubEnv('NO_COLOR', '1');
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += text;
    return true;
  });
  process.exitCode = undefined;
  const program = new Command();
  addRoutes(program);
  try {
    await program.parseAsync(['node', 'pomerium-edge', 'routes', `${ROOT}${FOLDER}/${kind}/${file}`]);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    output += `pomerium-edge: ${error.message}\n`;
    process.exitCode = 2;
  }
  return { file, code: Number(process.exitCode), output: output.replaceAll(`${ROOT}${FOLDER}/${kind}/`, '') };
}

/** The lines of the table: all before the first that is empty. */
function tableOf(output: string): string[] {
  const lines = output.split('\n');
  return /^ {2}host/.test(output) ? lines.slice(0, lines.indexOf('')) : [];
}

describe('pomerium-edge routes says of forty files as people write them what it did before', () => {
  for (const kind of KINDS) {
    const files = readdirSync(`${ROOT}${FOLDER}/${kind}`).sort();

    test(kind, async () => {
      assert.isAtLeast(files.length, 40);
      const runs: Run[] = [];
      for (const file of files) runs.push(await runHere(kind, file));
      for (const { file, code, output } of runs) {
        assert.equal(
          code === 0,
          !/^✗|^pomerium-edge: /m.test(output),
          `the exit code is what the output says: ${file}`,
        );
        for (const line of tableOf(output)) assert.isAtMost(line.length, WIDTH, `${file}: ${line}`);
      }
      const text = runs.map(({ file, code, output }) => `$ pomerium-edge routes ${file}\n${output}exit ${code}\n`);
      await expect(text.join('\n')).toMatchFileSnapshot(`${ROOT}${FOLDER}/__output__/${kind}.txt`);
    });

    test(`${kind}: a process of its own says the same`, async () => {
      for (const file of files.slice(0, 2)) {
        const here = await runHere(kind, file);
        const { code, stdout, stderr } = await runCli(['routes', file], { cwd: `${ROOT}${FOLDER}/${kind}` });
        assert.deepEqual({ file, code, output: stdout + stderr }, here);
      }
    });
  }
});
