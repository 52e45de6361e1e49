import cloudflare from '@astrojs/cloudflare';
import { defineConfig } from 'astro/config';

export default defineConfig({
  output: 'server',
  adapter: cloudflare(),
  // It compares with the Worker's own host, and knows no other: cookie_same_site in Pomerium takes its place.
  security: { checkOrigin: false },
  build: { inlineStylesheets: 'never' },
});
