import node from '@astrojs/node';
import { defineConfig } from 'astro/config';

export default defineConfig({
  output: 'server',
  adapter: node({ mode: 'middleware' }),
  // It compares with the server's own host: cookie_same_site in Pomerium takes its place.
  security: { checkOrigin: false },
});
