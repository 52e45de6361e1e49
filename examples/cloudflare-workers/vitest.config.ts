import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { issuer } from './test/issuer.ts';

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.jsonc' },
      miniflare: {
        bindings: {
          POMERIUM_AUDIENCE: issuer.host,
          // The keys themselves, so that the tests need no server; without the URL that .dev.vars may set.
          POMERIUM_JWKS: JSON.stringify(issuer.jwks()),
          POMERIUM_JWKS_URL: '',
        },
      },
    }),
  ],
  // A refused request is a line in the log; those of the tests that pass are left out.
  test: { silent: 'passed-only' },
});
