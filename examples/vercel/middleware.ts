import { createMiddleware } from 'pomerium-edge/vercel';

/** Vercel's default for middleware is still the Edge runtime, which it has deprecated. */
export const config = { runtime: 'nodejs' };

/** Before every request of the project, whatever serves it. POMERIUM_AUDIENCE says which route's assertions count. */
export default createMiddleware({
  rules: [
    { path: '/status', access: 'public' },
    { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
    { prefix: '/', access: 'authenticated' },
  ],
});
