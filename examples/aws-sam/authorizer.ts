import { createAuthorizer } from 'pomerium-edge/aws-lambda';

export const handler = createAuthorizer();

// The init phase has the most CPU: get the keys there.
await handler.ready;
