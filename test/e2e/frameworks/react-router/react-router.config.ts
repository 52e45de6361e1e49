import type { Config } from '@react-router/dev/config';

export default {
  ssr: true,
  prerender: ['/about'],
  // Where forms are sent from: Pomerium's host, and pomerium-edge dev.
  allowedActionOrigins: ['app.corp.example.com', 'localhost:8000'],
} satisfies Config;
