import { readFileSync } from 'node:fs';
import { assert } from 'vitest';
import { ROOT } from '../../../scripts/run.ts';

const [, TABLE = ''] = readFileSync(`${ROOT}docs/aws-bundling.md`, 'utf8').split('## Sizes');

/** Ensures that the row of docs/aws-bundling.md which begins so has these sizes in bytes, within a twentieth. */
export function assertDocumentedSize(row: string, ...sizes: readonly [size: number, zipped: number]): void {
  const line = TABLE.split('\n').find((one) => one.startsWith(`| ${row}`)) ?? assert.fail(`no row ${row}`);
  const documented = /\| (\d+) \| (\d+) \|$/.exec(line)?.slice(1) ?? assert.fail(line);
  for (const [i, size] of sizes.entries()) {
    assert.approximately(Number(documented[i]), size / 1000, size / 20_000, line);
  }
}
