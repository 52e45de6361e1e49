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
  { files: 'core/gate/accept.ts', tests: core('gate-refusal') },
  {
    files: 'core/gate/identify.ts',
    tests: core('gate', 'gate-failures', 'gate-log', 'gate-on-behalf-of', 'gate-routes', 'next-spellings'),
  },
  {
    files: 'core/gate/gate.ts',
    tests: core('gate', 'gate-failures', 'gate-log', 'gate-on-behalf-of', 'gate-refusal', 'gate-routes', 'forward'),
  },
  {
    files: 'core/gate/headers.ts',
    tests: core('http', 'several-audiences', 'forward', 'gate', 'gate-log', 'gate-routes'),
  },
  { files: 'core/gate/forward.ts', tests: core('forward') },
  {
    files: 'core/gate/options.ts',
    tests: core('gate', 'gate-options-shape', 'gate-log', 'gate-refusal', 'environment', 'forward', 'variables'),
  },
  { files: 'core/gate/log.ts', tests: core('gate-log', 'gate-options-shape') },
  { files: 'core/gate/pending.ts', tests: [...core('pending'), 'test/node/waiting.test.ts'] },
  { files: 'core/gate/possible.ts', tests: core('possible') },
  { files: 'core/gate/response.ts', tests: core('forward') },
];
