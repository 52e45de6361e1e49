import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import type {} from 'aws-lambda';
import {
  type ProxyEvent,
  pomeriumMiddleware,
  type StreamingHandler,
  withPomerium,
} from '../../../../adapters/aws-lambda/index.ts';
import { staticKeys } from '../../../../core/index.ts';

const { awslambda } = globalThis;

const options = {
  keys: staticKeys(process.env['JWKS'] ?? ''),
  onRefused: (_: unknown, { rawPath }: { rawPath?: string | undefined }) => {
    if (rawPath !== '/login') return undefined;
    const headers = new Headers({ location: '/sign-in' });
    for (const cookie of ['a=1', 'b=2']) headers.append('set-cookie', cookie);
    return new Response(null, { status: 302, headers });
  },
};

const answer: StreamingHandler<ProxyEvent, awslambda.HttpResponseStream> = async (
  { rawPath },
  responseStream,
  { awsRequestId },
  identity,
) => {
  if (rawPath === '/early') throw new RangeError('before the answer');
  if (rawPath === '/buffered') return { statusCode: 200, body: 'returned' };
  const response = awslambda.HttpResponseStream.from(responseStream, {
    statusCode: 207,
    headers: { 'x-request': awsRequestId.length },
  });
  response.write(`${identity.email} `);
  if (rawPath === '/late') throw new RangeError('within the answer');
  response.write(JSON.stringify(Object.keys(Object(identity)).sort()[0]));
  response.end();
};

export const handler = awslambda.streamifyResponse(withPomerium(answer, options));

/** Without streamifyResponse. */
export const unstreamed = withPomerium(answer, options);

/** The one within the other, the wrong way round. */
export const turnedAround = async () => {
  const streamed = awslambda.streamifyResponse(async (_event, responseStream) => responseStream.end());
  return withPomerium(streamed as () => unknown, options);
};

export const buffered = withPomerium((_event, _context, { email }) => ({ statusCode: 200, body: email }), options);

export const behindMiddy = middy({ executionMode: executionModeStreamifyResponse })
  .use(pomeriumMiddleware(options))
  .handler(async ({ identity }) => ({ statusCode: 200, body: `${identity.email}` }));
