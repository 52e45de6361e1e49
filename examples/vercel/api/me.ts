import { withPomerium } from 'pomerium-edge/vercel';

/** Verifies again: middleware is a gate, and a gate can be gone around. */
export const GET = withPomerium((_request, { user, email, groups }) => Response.json({ user, email, groups }));
