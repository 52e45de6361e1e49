import { createAuthorizer } from 'pomerium-edge/aws-lambda';

export const handler = createAuthorizer();
await handler.ready;
