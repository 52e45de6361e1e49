import { handle } from 'hono/aws-lambda';
import { app } from './app.ts';

/** Behind an HTTP API, a REST API, an ALB or a Function URL. */
export const handler = handle(app);
