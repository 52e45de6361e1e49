import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The project's root, with a slash at the end. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** A failure that a person can fix: printed as it is, without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** The path of a tool that `npm ci` installs. */
export function tool(name: string): string {
  const path = `${ROOT}node_modules/.bin/${name}`;
  if (!existsSync(path)) throw new UserError(`${name} is not installed; run "npm ci" first.`);
  return path;
}

/** What keeps the tools from asking the internet or a person. */
export const OFFLINE = {
  CI: '1',
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  NEXT_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
};

export interface RunOptions {
  cwd?: string;
  /** Keep what it prints instead of showing it. */
  capture?: boolean;
  env?: Readonly<Record<string, string>>;
  /** End what it leaves running when it has ended itself. */
  endGroup?: boolean;
}

/** Runs a command to its end and gives its exit code and, with `capture`, what it printed. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ code: number; output: string }> {
  const child = spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...OFFLINE, ...options.env },
    stdio: options.capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    detached: options.endGroup ?? false,
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => resolve(exit ?? 1));
  });
  if (options.endGroup && child.pid !== undefined) endGroup(child.pid);
  return { code, output };
}

function endGroup(id: number): void {
  try {
    process.kill(-id);
  } catch {
    // Nobody is left of it.
  }
}

/** Runs a command that must succeed. */
export async function must(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new UserError(`${output}\n"${[command.split('/').at(-1), ...args].join(' ')}" failed.`);
  return output;
}
