import { createEdgeHandler } from 'pomerium-edge/aws-lambda';

export const handler = createEdgeHandler({ audience: 'app.corp.example.com' });
await handler.ready;
