import type { NextConfig } from 'next';

const config: NextConfig = {
  // unauthorized() and forbidden(), which requireIdentity() calls.
  experimental: { authInterrupts: true },
};

export default config;
