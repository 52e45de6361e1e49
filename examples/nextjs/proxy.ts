import { createProxy } from 'pomerium-edge/next';

/** The gate. POMERIUM_AUDIENCE says which route's assertions count. */
export const proxy = createProxy({
  rules: [
    { path: '/', access: 'public' },
    // What the public page is made of: scripts and styles, no data.
    { prefix: '/_next/static', access: 'public' },
    { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
    { prefix: '/', access: 'authenticated' },
  ],
});
