/** Files of core/ that `npm run mutation` changes, and the tests of them. More tests would take longer and kill no more. */
export interface MutatedModule {
  /** One file, or all of a folder (without its folders): `core/policy/*.ts`. */
  readonly files: string;
  readonly tests: readonly string[];
}

const core = (...names: string[]) => names.map((name) => `test/core/${name}.test.ts`);
const node = (...names: string[]) => names.map((name) => `test/node/${name}.test.ts`);

export const MODULES: readonly MutatedModule[] = [
  { files: 'core/assertion.ts', tests: core('assertion', 'refusal-details', 'memo', 'http') },
  { files: 'core/claims.ts', tests: core('claims', 'refusal-details', 'several-audiences', 'verifier') },
  {
    files: 'core/verifier.ts',
    tests: core('verifier', 'refusal-details', 'memo', 'events', 'several-audiences', 'several-issuers'),
  },
  { files: 'core/bounded-map.ts', tests: core('memo') },
  { files: 'core/keys/remote/entry.ts', tests: core('store') },
  { files: 'core/keys/remote/freshness.ts', tests: core('remote-keys', 'store') },
  { files: 'core/keys/remote/{options,shared}.ts', tests: core('remote-keys', 'shared-keys', 'configuration') },
  {
    files: 'core/keys/remote/{fetch-jwks,fetch-transport}.ts',
    tests: [...core('jwks-answers', 'origin-games'), ...node('frozen-fetch')],
  },
  { files: 'core/keys/remote/single-flight.ts', tests: node('single-flight') },
  { files: 'core/keys/remote/{outage,notes,turns}.ts', tests: core('retries', 'failure-notes', 'turns', 'outage') },
  { files: 'core/keys/remote/unknown-keys.ts', tests: core('unknown-keys', 'turns') },
  {
    files: 'core/keys/remote/held-keys.ts',
    tests: [
      ...core('newest-keys', 'remote-keys', 'store', 'store-trust', 'unknown-keys', 'failure-notes', 'refreshes'),
      ...node('waiting'),
    ],
  },
  {
    files: 'core/keys/remote/{refresher,remote}.ts',
    tests: [
      ...core('refreshes', 'turns', 'unknown-keys', 'remote-keys', 'outage', 'store', 'store-trust', 'shared-keys'),
      ...node('left-behind', 'waiting'),
    ],
  },
  {
    files: 'core/keys/stores/*.ts',
    tests: [...core('store-calls', 'store', 'failure-notes'), ...node('cache-store', 'store-writes')],
  },
];
