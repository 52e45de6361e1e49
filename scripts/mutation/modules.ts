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
  { files: 'core/gate/rules.ts', tests: core('path-rules', 'rules-log', 'rules-refused', 'next-spellings') },
  { files: 'core/gate/spellings.ts', tests: core('path-rules', 'next-spellings') },
  { files: 'core/gate/path.ts', tests: core('path', 'plain-path', 'path-rules') },
  { files: 'core/gate/claim-headers.ts', tests: core('claim-headers') },
  { files: 'core/gate/problem.ts', tests: core('http') },
  { files: 'core/gate/refusal.ts', tests: core('gate-refusal') },
  { files: 'core/gate/refusal-page-options.ts', tests: core('gate-refusal') },
  { files: 'core/gate/refusal-texts.ts', tests: core('gate-refusal') },
  { files: 'core/gate/page.ts', tests: core('gate-refusal') },
  { files: 'core/gate/image-source.ts', tests: core('next-spellings') },
];
