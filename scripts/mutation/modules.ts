/** A file of core/ that `npm run mutation` changes, and the tests of it. More tests would take longer and kill no more. */
export interface MutatedModule {
  readonly file: string;
  readonly tests: readonly string[];
}

const core = (...names: string[]) => names.map((name) => `test/core/${name}.test.ts`);

export const MODULES: readonly MutatedModule[] = [
  { file: 'core/assertion.ts', tests: core('assertion', 'refusal-details', 'memo', 'http') },
  { file: 'core/claims.ts', tests: core('claims', 'refusal-details', 'several-audiences', 'verifier') },
  {
    file: 'core/verifier.ts',
    tests: core('verifier', 'refusal-details', 'memo', 'events', 'several-audiences', 'several-issuers'),
  },
  { file: 'core/bounded-map.ts', tests: core('memo') },
];
