import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { serve } from '../../../scripts/start/server.ts';

/** One execution environment of a function. */
export interface Environment {
  readonly process: ChildProcess;
  /** Its answer, or what it threw. `offset`: milliseconds by which its clock is ahead from then on. */
  invoke(
    event: unknown,
    options?: { offset?: number },
  ): Promise<{ answer?: unknown; error?: { errorMessage: string } }>;
  /** Resolves once its init phase is over and it asks for events. */
  readonly initialised: Promise<void>;
  stop(): Promise<void>;
}

/** Lambda's Runtime API on loopback, and a process of the function's that speaks to it. */
export async function startEnvironment(file: string, env: Record<string, string>): Promise<Environment> {
  let waiting: ServerResponse | undefined;
  let answered: ((result: object) => void) | undefined;
  let asked: () => void = () => {};
  const initialised = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const api = await serve(async (request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('/invocation/next')) {
      waiting = response;
      asked();
      return;
    }
    let body = '';
    for await (const chunk of request) body += chunk;
    response.writeHead(202).end();
    answered?.(path.endsWith('/response') ? { answer: JSON.parse(body) } : { error: JSON.parse(body) });
  });
  const bootstrap = fileURLToPath(new URL('bootstrap.mjs', import.meta.url));
  const child = spawn(process.execPath, [bootstrap, file], {
    env: { PATH: process.env['PATH'] ?? '', ...env, AWS_LAMBDA_RUNTIME_API: api.url.replace('http://', '') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return {
    process: child,
    initialised,
    async invoke(event, { offset = 0 } = {}) {
      while (!waiting) await new Promise((resolve) => setTimeout(resolve, 1));
      const response = waiting;
      waiting = undefined;
      const result = new Promise<object>((resolve) => {
        answered = resolve;
      });
      const headers = { 'lambda-runtime-aws-request-id': crypto.randomUUID(), 'x-test-clock-offset': String(offset) };
      response.writeHead(200, headers).end(JSON.stringify(event));
      return result;
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await api.close();
    },
  };
}
