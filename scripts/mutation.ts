import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, matchesGlob, relative } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import EQUIVALENTS from './mutation/equivalents.json' with { type: 'json' };
import { MODULES, type MutatedModule } from './mutation/modules.ts';
import { ROOT, UserError } from './run.ts';

type MutantResult = Awaited<ReturnType<Stryker['runMutationTest']>>[number];

/** The least share of the mutants, in percent, that the tests must kill; those that are equivalent do not count. */
const MIN_SCORE = 97;

/**
 * Mutation testing: changes one thing in a file of core/ at a time, and wants a test to fail for it. A mutant that
 * was tested already is not tested again, unless the file or its tests changed. Arguments: files or modules, otherwise all.
 */
const mutants: MutantResult[] = [];
for (const module of chosen(process.argv.slice(2))) mutants.push(...(await mutate(module)));
process.exitCode = report(mutants) ? 0 : 1;

interface Chosen extends MutatedModule {
  /** Of the module's files, those to mutate. */
  readonly mutate: string;
}

function chosen(names: readonly string[]): readonly Chosen[] {
  if (names.length === 0) return MODULES.map((module) => ({ ...module, mutate: module.files }));
  return names.map((name) => {
    const module = MODULES.find(({ files }) => files === name || matchesGlob(name, files));
    if (!module) throw new UserError(`${name} is none of ${MODULES.map(({ files }) => files).join(', ')}.`);
    return { ...module, mutate: name };
  });
}

async function mutate({ files, mutate: mutated }: Chosen): Promise<readonly MutantResult[]> {
  console.log(`\n${mutated}`);
  const incrementalFile = `node_modules/.cache/mutation/${files.replace('*', 'all')}.json`;
  forgetStaticSurvivors(incrementalFile);
  // For scripts/mutation/vitest.config.ts. Not by Stryker's `testFiles`: with it, it switches a mutant on only after
  // the files are loaded, so that each one of what is evaluated at load would survive (stryker-js issue 6144).
  process.env['MUTATED_MODULE'] = files;
  const tempDirName = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  try {
    const results = await new Stryker({
      configFile: 'scripts/mutation/stryker.config.json',
      mutate: [mutated],
      incrementalFile,
      // It would load tsconfig.json with the JavaScript API of TypeScript, which TypeScript 7 does not have.
      tsconfigFile: 'none',
      concurrency: Math.max(1, availableParallelism() - 1),
      // Long enough for a busy machine: what takes longer hangs, and counts as killed.
      timeoutMS: 30_000,
      tempDirName,
      // What the tests read, and nothing else, is copied for each run.
      ignorePatterns: [
        '**',
        '!core/**',
        '!test/{core,node,support,harness,vectors}/**',
        '!testing/**',
        '!scripts/**',
        '!package.json',
      ],
    }).runMutationTest();
    return results.map((mutant) => ({ ...mutant, fileName: relative(ROOT, mutant.fileName) }));
  } finally {
    rmSync(tempDirName, { recursive: true, force: true });
  }
}

/** Stryker would not try these again, whatever the tests have become: it does not know which test reaches them (stryker-js issue 6119). */
function forgetStaticSurvivors(incrementalFile: string): void {
  if (!existsSync(incrementalFile)) return;
  const report = JSON.parse(readFileSync(incrementalFile, 'utf8')) as IncrementalReport;
  for (const file of Object.values(report.files)) {
    file.mutants = file.mutants.filter((mutant) => !(mutant.static && mutant.status === 'Survived'));
  }
  writeFileSync(incrementalFile, JSON.stringify(report));
}

interface IncrementalReport {
  readonly files: Record<string, { mutants: { readonly static?: boolean; readonly status: string }[] }>;
}

/** Says what survived, and whether enough died. An equivalent that is none any longer is a failure, too. */
function report(all: readonly MutantResult[]): boolean {
  const counted = all.filter(({ status }) => status !== 'Ignored' && status !== 'CompileError');
  // RuntimeError: a test file could not be loaded.
  const isDead = ({ status }: MutantResult) => ['Killed', 'Timeout', 'RuntimeError'].includes(status);
  const alive = counted.filter((mutant) => !isDead(mutant)).map(describe);
  const isEquivalent = (one: Described) => EQUIVALENTS.some((equivalent) => matches(equivalent, one));
  const survivors = alive.filter((one) => !isEquivalent(one));
  const tested = new Set(all.map(({ fileName }) => fileName));
  const stale = EQUIVALENTS.filter((one) => tested.has(one.file) && !alive.some((mutant) => matches(one, mutant)));

  for (const { file, at, line, replacement } of survivors) {
    console.log(`\nsurvived: ${file}:${at}\n  ${line}\n  ${replacement}`);
  }
  for (const { file, line, replacement } of stale) {
    console.log(
      `\nno survivor, so take it out of scripts/mutation/equivalents.json: ${file}\n  ${line}\n  ${replacement}`,
    );
  }
  const relevant = counted.length - (alive.length - survivors.length);
  const score = (100 * (relevant - survivors.length)) / relevant;
  console.log(
    `\n${counted.length} mutants, ${counted.length - relevant} of them equivalent, ${survivors.length} survived: ${score.toFixed(1)} % died, at least ${MIN_SCORE} % must`,
  );
  return score >= MIN_SCORE && stale.length === 0;
}

interface Described {
  readonly file: string;
  readonly at: number;
  readonly line: string;
  readonly replacement: string;
}

function describe({ fileName, location, replacement }: MutantResult): Described {
  const lines = readFileSync(join(ROOT, fileName), 'utf8').split('\n');
  const at = location.start.line;
  return { file: fileName, at, line: lines[at - 1]?.trim() ?? '', replacement: replacement ?? '' };
}

function matches(
  one: { readonly file: string; readonly line: string; readonly replacement: string },
  other: Described,
): boolean {
  return one.file === other.file && one.line === other.line && one.replacement === other.replacement;
}
