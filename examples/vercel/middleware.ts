import { createMiddleware } from 'pomerium-edge/vercel';

/** Before every request of the project, whatever serves it. POMERIUM_AUDIENCE says which route's assertions count. */
export default createMiddleware({
  rules: [
    { path: '/healthz', access: 'public' },
    // It has a secret of its own: see api/pomerium-keys.ts.
    { path: '/api/pomerium-keys', access: 'public' },
    { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
    { prefix: '/', access: 'authenticated' },
  ],
});
