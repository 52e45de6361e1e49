import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from '../test/harness/reporter.ts';
import { runPortable } from '../test/harness/run-portable.ts';
import { run, tool } from './run.ts';

/**
 * All tests on all runtimes. What failed is named at the end, and the last line counts. `--runtime bun`: those of
 * `test/core` on one that vitest does not run on. Other arguments go to vitest, which then runs alone.
 */
const args = process.argv.slice(2);
const outcomes: Outcome[] = [];
if (args[0] !== '--runtime') outcomes.push(await runVitest(args));
if (args.length === 0 || args[0] === '--runtime') outcomes.push(await runPortable(args[1]));

const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failures = outcomes.flatMap((outcome) => outcome.failures);
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => `  ✗ ${name}`).join('\n')}`);
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 && passed > 0 ? 0 : 1);

async function runVitest(extra: readonly string[]): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  const file = join(folder, 'outcome.json');
  // CI is set for the tools, and would bring colours into a file, too.
  const colour = process.stdout.isTTY || process.env['FORCE_COLOR'] ? {} : { NO_COLOR: '1' };
  // What a test prints is shown if it fails.
  const options = ['--reporter=./test/harness/reporter.ts', '--silent=passed-only'];
  try {
    const { code } = await run(tool('vitest'), ['run', ...options, ...extra], {
      env: { OUTCOME_FILE: file, ...colour },
    });
    if (!existsSync(file)) return { passed: 0, failures: ['vitest'] };
    const { passed, failures }: Outcome = JSON.parse(readFileSync(file, 'utf8'));
    return { passed, failures: failures.length === 0 && code !== 0 ? [`vitest exited with ${code}`] : failures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
