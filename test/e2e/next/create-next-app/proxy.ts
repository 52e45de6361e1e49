import { createProxy } from 'pomerium-edge/next';

export const proxy = createProxy({
  rules: [
    { path: '/', access: 'public' },
    { prefix: '/_next/static', access: 'public' },
    { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
    { prefix: '/', access: 'authenticated' },
  ],
});

export const config = { matcher: ['/((?!left-out).*)'] };
