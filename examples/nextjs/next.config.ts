import type { NextConfig } from 'next';

const config: NextConfig = {
  // What create-next-app writes.
  cacheComponents: true,
  partialPrefetching: true,
  // unauthorized() and forbidden(), which requireIdentity() calls.
  experimental: { authInterrupts: true },
};

export default config;
