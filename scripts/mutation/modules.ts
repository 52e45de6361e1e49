/** Files of core/ that `npm run mutation` changes, and the tests of them. More tests would take longer and kill no more. */
export interface MutatedModule {
  /** One file, or all of a folder (without its folders): `core/policy/*.ts`. */
  readonly files: string;
  readonly tests: readonly string[];
}

const core = (...names: string[]) => names.map((name) => `test/core/${name}.test.ts`);

export const MODULES: readonly MutatedModule[] = [
  { files: 'core/assertion.ts', tests: core('assertion', 'refusal-details', 'memo', 'http') },
  { files: 'core/claims.ts', tests: core('claims', 'refusal-details', 'several-audiences', 'verifier') },
  {
    files: 'core/verifier.ts',
    tests: core('verifier', 'refusal-details', 'memo', 'events', 'several-audiences', 'several-issuers'),
  },
  { files: 'core/bounded-map.ts', tests: core('memo') },
  { files: 'core/policy/*.ts', tests: core('policy', 'policy-refused', 'criteria', 'leave') },
  { files: 'core/routes/regex/*.ts', tests: core('regex') },
  {
    files: 'core/routes/access.ts',
    tests: core('routes-access', 'routes-refused', 'routes-attacks', 'routes-json', 'leave'),
  },
  { files: 'core/routes/from.ts', tests: core('routes', 'routes-refused') },
];
