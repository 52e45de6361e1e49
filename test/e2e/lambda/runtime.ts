import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from '../../../scripts/start/server.ts';

/** What the function answered to an event, or what it threw. */
export interface Result {
  readonly answer?: unknown;
  readonly error?: { readonly errorMessage: string };
  readonly streamed?: Streamed;
  /** Milliseconds from the start of the process until it asked for its first event. */
  readonly init: number;
  /** Milliseconds from this event until what it was answered with. */
  readonly duration: number;
}

/** An answer of `awslambda.streamifyResponse`. */
export interface Streamed {
  /** What `HttpResponseStream.from` was given; undefined without it. */
  readonly head: unknown;
  readonly body: string;
  /** The name of the error with which it ended early. */
  readonly errorType: string | undefined;
}

/** One execution environment of a function. */
export interface Environment {
  readonly process: ChildProcess;
  /** `offset`: milliseconds by which its clock is ahead from then on. */
  invoke(event: unknown, options?: { offset?: number }): Promise<Result>;
  /** Resolves once its init phase is over and it asks for events; rejects where it ends before. */
  readonly initialised: Promise<void>;
  /** What it wrote to its log so far. */
  readonly log: () => string;
  stop(): Promise<void>;
}

const client = fileURLToPath(new URL('rapid-client.cjs', import.meta.url));
const ric = fileURLToPath(import.meta.resolve('aws-lambda-ric'));

/** What Lambda sets, and AWS's client asks for. */
const VARIABLES = {
  AWS_LAMBDA_FUNCTION_NAME: 'function',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
  AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/function',
  AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
};

/**
 * Lambda's Runtime API on loopback, and a process of the function's that speaks to it by AWS's own runtime interface client
 * (aws-lambda-ric). `wrap`: a command to start it by.
 */
export async function startEnvironment(
  file: string,
  env: Readonly<Record<string, string>>,
  { handler = 'handler', wrap = [] }: { handler?: string; wrap?: readonly string[] } = {},
): Promise<Environment> {
  const idle: ServerResponse[] = [];
  const answers = new Map<string, Deferred<Result>>();
  const initialised = defer<void>();
  initialised.promise.catch(() => {});
  const events: { id: string; offset: number; event: unknown }[] = [];
  const dispatch = () => {
    while (idle.length > 0 && events.length > 0) {
      const [response, next] = [idle.shift(), events.shift()];
      response?.writeHead(200, headersOf(next)).end(JSON.stringify(next?.event));
    }
  };
  const api = await serve(async (request, response) => {
    const [kind = '', id = ''] = (request.url ?? '').split('/').reverse();
    if (kind === 'ping') {
      response.end('{}');
      return;
    }
    if (kind === 'next') {
      idle.push(response);
      initialised.resolve();
      dispatch();
      return;
    }
    const result = await readResult(kind, request);
    response.writeHead(202).end();
    answers.get(id)?.resolve(result);
  });
  const args = [...wrap, process.execPath, '--require', client, ric];
  const child = spawn(args[0] ?? '', args.slice(1), {
    env: {
      PATH: process.env['PATH'] ?? '',
      ...VARIABLES,
      LAMBDA_TASK_ROOT: dirname(file),
      _HANDLER: `${basename(file, extname(file))}.${handler}`,
      ...env,
      AWS_LAMBDA_RUNTIME_API: api.url.replace('http://', ''),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      log += chunk;
    });
  }
  child.once('exit', () => {
    const error = new Error(`The process of the function ended:\n${log}`);
    for (const { reject } of [initialised, ...answers.values()]) reject(error);
  });
  return {
    process: child,
    initialised: initialised.promise,
    log: () => log,
    invoke(event, { offset = 0 } = {}) {
      const id = crypto.randomUUID();
      const result = defer<Result>();
      answers.set(id, result);
      events.push({ id, offset, event });
      dispatch();
      return result.promise;
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

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

function defer<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> = { resolve() {}, reject() {} };
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}

function headersOf(invocation: { id: string; offset: number } | undefined): Record<string, string> {
  return {
    'lambda-runtime-aws-request-id': invocation?.id ?? '',
    'lambda-runtime-deadline-ms': String(Date.now() + 30_000),
    'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:123456789012:function:function',
    'x-test-clock-offset': String(invocation?.offset ?? 0),
  };
}

async function readResult(kind: string, request: IncomingMessage): Promise<Result> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { headers, trailers } = request;
  const times = { init: Number(headers['x-test-init']), duration: Number(headers['x-test-duration']) };
  if (kind !== 'response') return { ...times, error: JSON.parse(body) };
  if (headers['lambda-runtime-function-response-mode'] !== 'streaming') return { ...times, answer: JSON.parse(body) };
  const errorType = trailers['lambda-runtime-function-error-type'];
  const [head = '', ...rest] = body.split('\0'.repeat(8));
  const hasHead = headers['content-type'] === 'application/vnd.awslambda.http-integration-response';
  const streamed = hasHead ? { head: JSON.parse(head), body: rest.join('') } : { head: undefined, body };
  return { ...times, streamed: { ...streamed, errorType } };
}
