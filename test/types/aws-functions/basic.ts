import { withPomerium } from 'pomerium-edge/aws-lambda';

export const handler = withPomerium(async (_event, _context, identity) => ({
  statusCode: 200,
  body: `Hello ${identity.email}`,
}));
await handler.ready;
