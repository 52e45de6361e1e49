import { existsSync } from 'node:fs';
import { must, ROOT, UserError } from './run.ts';

/** TypeDoc, with the TypeScript of its own workspace. */
const TYPEDOC = `${ROOT}toolchain/typedoc/node_modules/.bin/typedoc`;

/** Runs TypeDoc with typedoc.jsonc; a link that leads nowhere, or a type that is named but not exported, is an error. */
export async function typedoc(args: readonly string[]): Promise<void> {
  if (!existsSync(TYPEDOC)) throw new UserError('TypeDoc is not installed; run "npm ci" first.');
  await must(TYPEDOC, args);
}
