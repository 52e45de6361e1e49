import { withPomerium } from 'pomerium-edge/vercel';

export const GET = withPomerium((_request, identity) => new Response(identity.email));
