import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runPortable, type Tally } from '../test/harness/run-portable.ts';
import { run, tool } from './run.ts';

/**
 * All tests on all runtimes; the last line counts them. `--runtime bun`: those of `test/core` on one that vitest does not run on.
 * Other arguments go to vitest, which then runs alone.
 */
const args = process.argv.slice(2);
const total = { passed: 0, failed: 0 };
if (args[0] !== '--runtime') add(await runVitest(args));
if (args.length === 0 || args[0] === '--runtime') add(await runPortable(args[1]));
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

function add({ passed, failed }: Tally): void {
  total.passed += passed;
  total.failed += failed;
}

async function runVitest(extra: readonly string[]): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  const file = join(folder, 'vitest.json');
  try {
    const { code } = await run(tool('vitest'), [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...extra,
    ]);
    if (!existsSync(file)) return { passed: 0, failed: 1 };
    const { numPassedTests, numTotalTests } = JSON.parse(readFileSync(file, 'utf8'));
    // What is neither passed nor failed was skipped, and a file that does not load has no tests: both are failures.
    const failed = numTotalTests - numPassedTests;
    return { passed: numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
