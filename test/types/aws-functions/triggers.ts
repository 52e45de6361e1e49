import middy from '@middy/core';
import httpErrorHandler from '@middy/http-error-handler';
import type { Context, SQSEvent } from 'aws-lambda';
import { pomeriumMiddleware } from 'pomerium-edge/aws-lambda';

declare function takeMessages(event: SQSEvent): Promise<void>;

const overHttp = middy()
  .use(pomeriumMiddleware())
  .use(httpErrorHandler())
  .handler(async (event) => ({ statusCode: 200, body: `Hello ${event.identity.email}` }));
type HttpEvent = Parameters<typeof overHttp>[0];

export const handler = async (event: HttpEvent | SQSEvent, context: Context) =>
  'Records' in event ? takeMessages(event) : overHttp(event, context);
