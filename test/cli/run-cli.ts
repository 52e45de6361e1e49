import { spawn } from 'node:child_process';
import { ROOT } from '../../scripts/run.ts';

export const CLI = `${ROOT}dist/cli/pomerium-edge.js`;

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a person's shell would: a process, its output to a pipe. */
export function runCli(
  args: readonly string[],
  { input = '', cwd = ROOT, node = process.execPath } = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, [CLI, ...args], { cwd, env: { ...process.env, NODE_ENV: 'test' } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    child.stdin.end(input);
  });
}
