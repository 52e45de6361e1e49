import fc from 'fast-check';
import type { Target } from './target.ts';

/** Milliseconds that one input may take; then it is found as one that hangs. */
const INPUT_LIMIT = 20_000;

/** Milliseconds that all of a run may take, making a counterexample smaller included. */
const RUN_LIMIT = 300_000;

export interface Found {
  /** The smallest input that breaks the rule. */
  readonly input: unknown;
  readonly message: string;
}

export interface Outcome {
  readonly runs: number;
  /** How often what came. */
  readonly tally: Readonly<Record<string, number>>;
  readonly found: Found | undefined;
}

export interface RunOptions {
  /** The same seed gives the same inputs. */
  readonly seed: number;
  readonly runs: number;
  /** The name of a broken subject to try instead; then the first counterexample is enough. */
  readonly broken?: string;
  /** In milliseconds. */
  readonly inputLimit?: number;
}

/** Tries so many inputs of a target, or as many as it takes to find one that breaks its rule. */
export async function runTarget(
  target: Target,
  { seed, runs, broken, inputLimit = INPUT_LIMIT }: RunOptions,
): Promise<Outcome> {
  const tally: Record<string, number> = {};
  const count = (what: string) => {
    tally[what] = (tally[what] ?? 0) + 1;
  };
  const { failed, counterexample, errorInstance, numRuns } = await fc.check(target.property(count, broken), {
    seed,
    numRuns: runs,
    timeout: inputLimit,
    endOnFailure: broken !== undefined,
    interruptAfterTimeLimit: RUN_LIMIT,
  });
  const found = failed && counterexample ? { input: counterexample[0], message: String(errorInstance) } : undefined;
  return { runs: numRuns, tally, found };
}
