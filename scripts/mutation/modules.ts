/** Files of core/ that `npm run mutation` changes, and the tests of them. More tests would take longer and kill no more. */
export interface MutatedModule {
  /** One file, some (`core/{json,url}.ts`), or all of a folder without its folders (`core/policy/*.ts`). */
  readonly files: string;
  readonly tests: readonly string[];
  /** The file of core/signature/ that the tests get as `#signature`; `node` unless it is named. */
  readonly engine?: 'node' | 'web';
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
  {
    files: 'core/signature/{algorithms,node,node-pool}.ts',
    tests: [...core('signature', 'algorithms', 'vectors'), 'test/node/signature-pool.test.ts'],
  },
  {
    files: 'core/signature/web.ts',
    tests: [...core('signature', 'algorithms', 'vectors'), 'test/node/signature-web.test.ts'],
    engine: 'web',
  },
  { files: 'core/{keep,recently-used}.ts', tests: core('keep') },
  { files: 'core/{base64url,errors,json}.ts', tests: core('base64url', 'errors', 'json') },
  { files: 'core/fetch-failure.ts', tests: ['test/node/fetch-failure.test.ts'] },
  {
    files: 'core/{events,identity,promise,runtime,without-cache}.ts',
    tests: [...core('events', 'identity', 'signature'), 'test/node/runtime.test.ts', 'test/node/without-cache.test.ts'],
  },
  { files: 'core/{authority,distance}.ts', tests: core('authority', 'distance') },
  {
    files: 'core/{hex,html,pomerium-urls,url}.ts',
    tests: [...core('pomerium-urls', 'standard-url', 'static-keys', 'gate-refusal'), 'test/node/old-url.test.ts'],
  },
  {
    files: 'core/keys/material/*.ts',
    tests: [...core('jwks', 'static-keys', 'memo', 'several-issuers'), 'test/node/key-import.test.ts'],
  },
  { files: 'core/keys/by-issuer.ts', tests: core('several-issuers') },
  { files: 'core/keys/key-set.ts', tests: core('jwks', 'static-keys', 'algorithms', 'refusal-details') },
  { files: 'core/keys/timeout.ts', tests: ['test/node/timeout.test.ts'] },
  { files: 'core/option-readers.ts', tests: core('configuration', 'variables', 'gate-options-shape') },
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
