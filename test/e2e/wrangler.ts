import { type Running, startProcess } from '../../scripts/processes.ts';
import { tool } from '../../scripts/run.ts';

export interface Wrangler extends Running {
  readonly url: string;
}

interface Options {
  /** @defaultValue this repository */
  readonly folder?: string;
  /** @defaultValue whichever is free */
  readonly port?: number;
}

/** A project under `wrangler dev`, on loopback. `command`: as in `['pages', 'dev']`, with what goes with it. */
export async function startWrangler(command: readonly string[], { folder, port = 0 }: Options = {}): Promise<Wrangler> {
  const local = ['--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'];
  const { printed, stop } = startProcess(
    tool('wrangler'),
    [...command, ...local],
    folder === undefined ? {} : { cwd: folder },
  );
  // After an error it waits for a change of the files.
  const url = await printed(/Ready on (http:\/\/127\.0\.0\.1:\d+)|\[ERROR\] .*/);
  if (url.startsWith('http')) return { url, printed, stop };
  await stop();
  throw new Error(url);
}
