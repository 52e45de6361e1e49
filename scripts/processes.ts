import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { OFFLINE, ROOT } from './run.ts';

/** A tool that goes on running, started in a process group of its own so that all of it ends with `stop`. */
export interface Running {
  /** The first group of the first match in what it prints, once it is there. Rejects when the process ends before. */
  printed(pattern: RegExp): Promise<string>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface RunningProcess extends Running {
  /** Resolves when it has ended, stopped or not. */
  readonly ended: Promise<unknown>;
}

const running = new Set<Running>();

/** Ends every process that was started here and goes on. */
export async function stopProcesses(): Promise<void> {
  await Promise.all([...running].map(({ stop }) => stop()));
}

export interface ProcessOptions {
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  /** Gets all that it prints, as it comes. */
  onOutput?: (output: string) => void;
}

export function startProcess(
  command: string,
  args: readonly string[],
  { cwd = ROOT, env = {}, onOutput }: ProcessOptions = {},
): RunningProcess {
  const child: ChildProcess = spawn(command, args, {
    cwd,
    detached: true,
    env: { ...process.env, ...OFFLINE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const looks = new Set<() => void>();
  const ended = once(child, 'exit');
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk;
      onOutput?.(String(chunk));
      for (const look of looks) look();
    });
  }
  const started: RunningProcess = {
    ended,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(output);
          if (match) resolve(match[1] ?? match[0]);
        };
        looks.add(look);
        look();
        ended.then(() => reject(new Error(`it ended before it printed ${pattern}:\n${output}`)));
      }),
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
        process.kill(-child.pid, signal);
      await ended;
    },
  };
  running.add(started);
  ended.finally(() => running.delete(started));
  return started;
}
