import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The tests that `npm run mutation` runs against each mutant: those of core/, on Node.js. */
export default defineConfig({
  root: source(''),
  resolve: { alias: { '#signature': source('core/signature/node.ts') } },
  test: {
    include: [
      'test/core/**/*.test.ts',
      'test/node/{cache-store,fetch-failure,frozen-fetch,left-behind,signature-pool,single-flight,store-writes,waiting}.test.ts',
    ],
    globalSetup: 'test/harness/global-setup.ts',
    testTimeout: 60_000,
  },
});
