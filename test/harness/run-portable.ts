import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EdgeVM } from '@edge-runtime/vm';
import { tool, UserError } from '../../scripts/run.ts';
import { oldestNode } from '../support/oldest-node.ts';
import { startOrigin } from '../support/origin-server.ts';
import { bundleTests } from './bundle.ts';
import type { Result } from './portable.ts';
import type { Outcome } from './reporter.ts';

const RUNTIMES: Readonly<Record<string, (origin: string) => Promise<Result[]>>> = {
  edge: runInEdgeVm,
  node20: (origin) => runAsProcess(oldestNode(), [], ['node'], origin),
  bun: (origin) => runAsProcess(tool('bun'), ['run'], ['bun', 'node'], origin),
  deno: (origin) => runAsProcess(tool('deno'), ['run', '--allow-all', '--no-lock'], ['deno', 'node'], origin),
};

/** Runs the tests of `test/core` on the runtimes that vitest does not run on, or on one of them: `edge`, `node20`, `bun`, `deno`. */
export async function runPortable(only?: string): Promise<Outcome> {
  const runtimes = Object.entries(RUNTIMES).filter(([name]) => only === undefined || name === only);
  if (runtimes.length === 0) {
    throw new UserError(`There is no runtime "${only}"; there are ${Object.keys(RUNTIMES).join(', ')}.`);
  }
  const origin = await startOrigin();
  let passed = 0;
  const failed: string[] = [];
  try {
    for (const [runtime, runTests] of runtimes) {
      const start = performance.now();
      const results = await runTests(origin.url);
      const milliseconds = Math.round(performance.now() - start);
      const failures = results.filter(({ failure }) => failure !== undefined);
      for (const { name, failure } of failures) console.log(`✗ ${runtime}: ${name}\n  ${failure}`);
      const mark = failures.length === 0 ? '✓' : '✗';
      console.log(`${mark} ${runtime}: ${results.length} tests, ${failures.length} failed, ${milliseconds}ms`);
      passed += results.length - failures.length;
      failed.push(...failures.map(({ name }) => `${runtime}: ${name}`));
      // No tests at all is a failure, too.
      if (results.length === 0) failed.push(`${runtime}: no tests`);
    }
  } finally {
    await origin.close();
  }
  return { passed, failures: failed };
}

/** The bundle as a script: the Edge runtime has no Buffer, no process and no node: modules, as in production. */
async function runInEdgeVm(origin: string): Promise<Result[]> {
  const vm = new EdgeVM();
  Object.assign(vm.context, { provided: { origin } });
  const code = await bundleTests(['edge-light']);
  return vm.evaluate<Promise<Result[]>>(`(async () => {\n${code}\nreturn portableTests();\n})()`);
}

async function runAsProcess(command: string, args: string[], conditions: string[], origin: string): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  try {
    const file = join(folder, 'tests.mjs');
    const results = join(folder, 'results.json');
    const provided = `globalThis.provided = ${JSON.stringify({ origin })};`;
    // To a file: a process that exits cuts off what its pipe has not taken yet.
    const report = `import { writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(results)}, JSON.stringify(await portableTests()));
process.exit(0);`;
    writeFileSync(file, `${provided}\n${await bundleTests(conditions)}\n${report}\n`);
    await promisify(execFile)(command, [...args, file], { maxBuffer: 2 ** 26 });
    return JSON.parse(readFileSync(results, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
