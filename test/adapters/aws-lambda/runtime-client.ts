import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from '../../../scripts/start/server.ts';

/** What AWS's runtime client sent back for one event. */
export interface Invocation {
  /** `error`: the handler of a buffered function threw. */
  readonly outcome: 'response' | 'error';
  readonly isStreamed: boolean;
  readonly contentType: string | undefined;
  readonly body: string;
  /** What a streamed answer ended with, where its handler threw. */
  readonly errorType: string | undefined;
}

export interface RuntimeClient {
  invoke(event: unknown): Promise<Invocation>;
  stop(): Promise<void>;
}

const RIC = fileURLToPath(import.meta.resolve('aws-lambda-ric'));
const NATIVE = fileURLToPath(new URL('functions/native-client.cjs', import.meta.url));

/** The JavaScript of AWS's own runtime client (aws-lambda-ric) with a function, on a Runtime API of loopback. */
export async function startRuntimeClient(
  file: string,
  handler: string,
  env: Readonly<Record<string, string>>,
): Promise<RuntimeClient> {
  const received = new EventEmitter();
  const api = await serve(async (request, response) => {
    const { url = '', headers } = request;
    if (url.endsWith('/invocation/next')) return void received.emit('next', response);
    const body = Buffer.concat(await request.toArray()).toString();
    response.writeHead(202).end();
    received.emit('answer', {
      outcome: url.endsWith('/error') ? 'error' : 'response',
      isStreamed: headers['lambda-runtime-function-response-mode'] === 'streaming',
      contentType: headers['content-type'],
      body,
      errorType: request.trailers['lambda-runtime-function-error-type'],
    });
  });
  let next = once(received, 'next');
  const child = spawn(process.execPath, ['--require', NATIVE, RIC], {
    env: {
      ...env,
      AWS_LAMBDA_RUNTIME_API: api.url.replace('http://', ''),
      AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1: 'true',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: 'orders',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/orders',
      AWS_LAMBDA_LOG_STREAM_NAME: 'orders',
      LAMBDA_TASK_ROOT: dirname(file),
      _HANDLER: handler,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = Promise.all([once(child, 'exit'), child.stderr.toArray()]);
  const ended = exited.then(([, errors]) => {
    throw new Error(`The runtime client ended: ${Buffer.concat(errors)}`);
  });
  ended.catch(() => {});
  return {
    async invoke(event) {
      const [response]: ServerResponse[] = await Promise.race([next, ended]);
      next = once(received, 'next');
      const answered = once(received, 'answer');
      response?.writeHead(200, {
        'lambda-runtime-aws-request-id': crypto.randomUUID(),
        'lambda-runtime-deadline-ms': String(Date.now() + 10_000),
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-central-1:210987654321:function:orders',
      });
      response?.end(JSON.stringify(event));
      const [answer] = await Promise.race([answered, ended]);
      return answer;
    },
    async stop() {
      child.kill('SIGKILL');
      await exited;
      await api.close();
    },
  };
}
