import { configurationError } from '../../core/adapter.ts';
import type { ProxyAnswer } from './proxy-answer.ts';

/** The part of a Lambda response stream that is used; `withPomerium` hands the handler the one that Lambda made. */
export interface ResponseStream {
  write(chunk: string | Uint8Array): unknown;
  end(): unknown;
  readonly writableEnded?: boolean;
}

export function isResponseStream(value: unknown): value is ResponseStream {
  const { write, end } = Object(value);
  return typeof write === 'function' && typeof end === 'function';
}

/** By which the runtime knows what `streamifyResponse` gave. */
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

/** @throws {PomeriumError} `invalid_configuration` for a handler that would be called without the stream that it writes to */
export function requireUnstreamed(handler: object): void {
  if (!(STREAMING in handler)) return;
  throw configurationError(
    'The handler comes from awslambda.streamifyResponse, which must be around withPomerium; write awslambda.streamifyResponse(withPomerium(handler)).',
  );
}

/**
 * Answers by the stream and ends it: Lambda waits for its end, until the function's timeout.
 *
 * @throws {TypeError} outside of Lambda's Node.js runtime
 */
export function endWith(answer: ProxyAnswer, stream: ResponseStream): void {
  const { HttpResponseStream } = Object(Reflect.get(globalThis, 'awslambda'));
  if (typeof HttpResponseStream?.from !== 'function') {
    throw new TypeError(
      'pomerium-edge: a refusal needs the global awslambda.HttpResponseStream of the Node.js runtime, which is not there; unset AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA, or define it where the function runs locally.',
    );
  }
  const { body, statusDescription: _, isBase64Encoded: __, ...metadata } = answer;
  const response: ResponseStream = HttpResponseStream.from(stream, metadata);
  // The runtime sends status and headers with the first write, an empty one included.
  response.write(body);
  response.end();
}
