import middy from '@middy/core';
import httpCors from '@middy/http-cors';
import httpErrorHandler from '@middy/http-error-handler';
import { pomeriumMiddleware } from 'pomerium-edge/aws-lambda';

export const handler = middy()
  .use(httpCors({ origin: 'https://app.example.com', disableBeforePreflightResponse: false }))
  .use(pomeriumMiddleware())
  .use(httpErrorHandler())
  .handler(async (event) => ({ statusCode: 200, body: `Hello ${event.identity.email}` }));
