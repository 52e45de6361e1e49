import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packedFiles } from '../support/example-project.ts';

/** Asks npm once, for all test files, what it would pack; in the environment they find where that is written. */
export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  const path = join(folder, 'packed.json');
  writeFileSync(path, JSON.stringify(await packedFiles()));
  process.env['PACKED_FILES'] = path;
  return () => rmSync(folder, { recursive: true });
}
