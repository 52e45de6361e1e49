import { withPomerium } from 'pomerium-edge/aws-lambda';

/** Behind a Function URL there is no authorizer: the function verifies by itself. */
export const handler = withPomerium((_event, _context, identity) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ email: identity.email, groups: identity.groups }),
}));

// The init phase has the most CPU: get the keys there.
await handler.ready;
