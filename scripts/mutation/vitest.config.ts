import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { MODULES } from './modules.ts';

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** By the name that `npm run mutation` sets. */
const module = MODULES.find(({ files }) => files === process.env['MUTATED_MODULE']);

/** The tests that `npm run mutation` runs against each mutant of a module, on Node.js. */
export default defineConfig({
  root: source(''),
  resolve: { alias: { '#signature': source(`core/signature/${module?.engine ?? 'node'}.ts`) } },
  test: {
    include: [...(module?.tests ?? [])],
    globalSetup: 'test/harness/global-setup.ts',
    testTimeout: 20_000,
  },
});
