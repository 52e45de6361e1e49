import { fileURLToPath } from 'node:url';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { COMPATIBILITY_DATE } from './scripts/bundle-worker.ts';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const engine = (name: 'node' | 'web') => ({
  '#signature': source(`core/signature/${name}.ts`),
  '#entrypoint-base': source(`adapters/cloudflare/entrypoint-base/${name === 'web' ? 'workerd' : 'none'}.ts`),
});

/** Tests of time, and of many requests at once: they run alone. All others use every core, of which vitest leaves one. */
const ALONE = [
  'test/node/*-cost.test.ts',
  'test/e2e/{compatibility-dates,isolates,lambda-runtime,service-binding,shared-promises}.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias: engine('node') },
        test: {
          name: 'node',
          include: [
            'test/{core,testing,inspector,cli}/**/*.test.ts',
            'test/{fuzz,node,simulation}/**/*.test.ts',
            'test/adapters/{hono,aws-lambda,vercel,next,node,react}/**/*.test.ts',
          ],
          exclude: ['test/adapters/hono/workers.test.ts', ...ALONE],
          maxWorkers: '100%',
          globalSetup: 'test/harness/global-setup.ts',
          testTimeout: 60_000,
        },
      },
      {
        resolve: { alias: engine('node') },
        test: {
          name: 'alone',
          include: ALONE,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        resolve: { alias: engine('web') },
        plugins: [
          cloudflareTest({
            miniflare: { compatibilityDate: COMPATIBILITY_DATE, compatibilityFlags: ['nodejs_compat'] },
          }),
        ],
        test: {
          name: 'workerd',
          include: [
            'test/core/**/*.test.ts',
            'test/testing/kit.test.ts',
            'test/adapters/{cloudflare,hono}/**/*.test.ts',
          ],
          globalSetup: 'test/harness/global-setup.ts',
          testTimeout: 60_000,
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ALONE,
          globalSetup: 'test/harness/packed-files.ts',
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: '100%',
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
