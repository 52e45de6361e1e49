import type {} from 'aws-lambda';
import { type ProxyEvent, type StreamingHandler, withPomerium } from 'pomerium-edge/aws-lambda';

const { awslambda } = globalThis;

type Stream = awslambda.HttpResponseStream;
const answer: StreamingHandler<ProxyEvent, Stream> = async (_event, responseStream, _context, identity) => {
  const response = awslambda.HttpResponseStream.from(responseStream, {
    statusCode: 200,
    headers: { 'content-type': 'text/plain', vary: 'x-pomerium-jwt-assertion', 'cache-control': 'private, no-cache' },
  });
  response.write(`Hello ${identity.email}, `);
  response.end('that is all.');
};
const prepared = withPomerium(answer);
export const handler = awslambda.streamifyResponse(prepared);
await prepared.ready;
