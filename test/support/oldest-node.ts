import { existsSync } from 'node:fs';
import { ROOT, UserError } from '../../scripts/run.ts';

/** The Node.js 20 of the tool-chain, or this system's own where the tool-chain has none. */
export function oldestNode(): string {
  const installed = `${ROOT}toolchain/oldest/node_modules/.bin/node`;
  if (existsSync(installed)) return installed;
  const named = process.env['NODE20'];
  if (named) return named;
  throw new UserError(
    'There is no Node.js 20 for the tests; on Linux x64 "npm ci" installs it, elsewhere set NODE20 to its path.',
  );
}
