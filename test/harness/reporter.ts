import { writeFileSync } from 'node:fs';
import { DefaultReporter, type TestCase, type TestModule } from 'vitest/node';

/** What `scripts/test.ts` counts. */
export interface Outcome {
  readonly passed: number;
  /** The name of each test that did not pass, and of what failed outside of tests. */
  readonly failures: readonly string[];
}

/**
 * Vitest's own, but with one line a file: below it are only the tests that failed (with one file: all). Writes the
 * outcome as JSON to the file that OUTCOME_FILE names.
 */
// biome-ignore lint/style/noDefaultExport: vitest wants it so.
export default class extends DefaultReporter {
  protected override printTestCase(...[moduleState, test]: Parameters<DefaultReporter['printTestCase']>): void {
    if (this.renderSucceed || test.result().state === 'failed') super.printTestCase(moduleState, test);
  }

  override onTestRunEnd(...args: Parameters<DefaultReporter['onTestRunEnd']>): void {
    super.onTestRunEnd(...args);
    const [modules, errors] = args;
    const outcomes = modules.map((module) => outcomeOf(module, this.ctx.config.testNamePattern !== undefined));
    const outcome: Outcome = {
      passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
      failures: [...outcomes.flatMap(({ failures }) => failures), ...errors.map(({ message }) => message)],
    };
    const file = process.env['OUTCOME_FILE'];
    if (file) writeFileSync(file, JSON.stringify(outcome));
  }
}

function outcomeOf(module: TestModule, isByName: boolean): Outcome {
  const file = `${module.project.name}: ${module.relativeModuleId}`;
  const tests = [...module.children.allTests()];
  // A skipped test is a failure, unless it was left out by its name.
  const isFailure = (test: TestCase) =>
    test.result().state !== 'passed' && !(isByName && test.result().state === 'skipped');
  const failures = tests.filter(isFailure).map(({ fullName }) => `${file} > ${fullName}`);
  return {
    passed: tests.filter((test) => test.result().state === 'passed').length,
    // A file that does not load has no tests.
    failures: failures.length === 0 && module.state() === 'failed' ? [file] : failures,
  };
}
