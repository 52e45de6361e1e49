import { withPomerium } from 'pomerium-edge/aws-lambda';

const ORIGIN = 'https://app.example.com';
const headers = { 'access-control-allow-origin': ORIGIN, 'access-control-allow-credentials': 'true' };

export const handler = withPomerium(
  async (_event, _context, identity) => {
    if (!identity) return { statusCode: 204, headers: { ...headers, 'access-control-allow-headers': 'content-type' } };
    return { statusCode: 200, headers, body: `Hello ${identity.email}` };
  },
  { allowPreflight: true, corsOrigins: [ORIGIN] },
);
