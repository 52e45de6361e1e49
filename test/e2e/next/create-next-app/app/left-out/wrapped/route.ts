import { withPomerium } from 'pomerium-edge/next';

export const GET = withPomerium((request, identity) => Response.json([request.nextUrl.pathname, identity.subject]));
