/** Files of core/ that `npm run mutation` changes, and the tests of them. More tests would take longer and kill no more. */
export interface MutatedModule {
  /** One file, some (`core/{json,url}.ts`), or all of a folder without its folders (`core/policy/*.ts`). */
  readonly files: string;
  readonly tests: readonly string[];
  /** The file of core/signature/ that the tests get as `#signature`; `node` unless it is named. */
  readonly engine?: 'node' | 'web';
}

const core = (...names: string[]) => names.map((name) => `test/core/${name}.test.ts`);
const node = (...names: string[]) => names.map((name) => `test/node/${name}.test.ts`);

export const MODULES: readonly MutatedModule[] = [
  { files: 'core/assertion.ts', tests: core('assertion', 'refusal-details', 'memo', 'http') },
  {
    files: 'core/claims.ts',
    tests: core('claims', 'refusal-details', 'several-audiences', 'several-issuers', 'verifier'),
  },
  {
    files: 'core/{request-hosts,verdict-events,verifier}.ts',
    tests: core(
      'verifier',
      'refusal-details',
      'memo',
      'events',
      'several-audiences',
      'several-issuers',
      'routes-issued',
      'policy',
    ),
  },
  { files: 'core/bounded-map.ts', tests: core('memo') },
  {
    files: 'core/signature/{algorithms,node,node-turn}.ts',
    tests: [...core('signature', 'algorithms', 'vectors'), ...node('signature-turn')],
  },
  {
    files: 'core/signature/web.ts',
    tests: [...core('signature', 'algorithms', 'vectors'), ...node('signature-web')],
    engine: 'web',
  },
  { files: 'core/{keep,recently-used}.ts', tests: core('keep') },
  { files: 'core/{base64url,errors,json}.ts', tests: core('base64url', 'errors', 'json', 'policy-refused') },
  { files: 'core/fetch-failure.ts', tests: node('fetch-failure') },
  {
    files: 'core/{events,identity,promise,runtime,without-cache}.ts',
    tests: [...core('events', 'identity', 'signature'), ...node('runtime', 'without-cache')],
  },
  { files: 'core/{authority,distance}.ts', tests: core('authority', 'distance') },
  {
    files: 'core/{hex,html,pomerium-urls,url}.ts',
    tests: [...core('pomerium-urls', 'standard-url', 'static-keys', 'gate-refusal'), ...node('old-url')],
  },
  {
    files: 'core/keys/material/*.ts',
    tests: [...core('jwks', 'static-keys', 'memo', 'several-issuers'), ...node('key-import')],
  },
  { files: 'core/keys/by-issuer.ts', tests: core('several-issuers', 'verifier') },
  { files: 'core/keys/key-set.ts', tests: core('jwks', 'static-keys', 'algorithms', 'refusal-details') },
  { files: 'core/keys/timeout.ts', tests: node('timeout') },
  { files: 'core/option-readers.ts', tests: core('configuration', 'variables', 'gate-options-shape') },
  {
    files: 'core/{options,settings,trust-options}.ts',
    tests: core(
      'configuration',
      'environment',
      'several-issuers',
      'several-audiences',
      'gate-options-shape',
      'standard-url',
      'policy',
      'routes-issued',
    ),
  },
  { files: 'core/variables.ts', tests: core('variables', 'environment', 'configuration', 'gate-options-shape') },
  {
    files: 'core/environment.ts',
    tests: core('environment', 'configuration', 'several-issuers', 'gate-options-shape', 'gate-on-behalf-of'),
  },
  { files: 'core/gate/rules.ts', tests: core('path-rules', 'rules-log', 'rules-refused', 'next-spellings') },
  { files: 'core/gate/spellings.ts', tests: core('path-rules', 'next-spellings') },
  { files: 'core/gate/path.ts', tests: core('path', 'plain-path', 'path-rules', 'next-spellings') },
  { files: 'core/gate/claim-headers.ts', tests: core('claim-headers') },
  { files: 'core/gate/problem.ts', tests: core('http') },
  { files: 'core/gate/refusal.ts', tests: core('gate-refusal') },
  { files: 'core/gate/refusal-page-options.ts', tests: core('gate-refusal') },
  { files: 'core/gate/refusal-texts.ts', tests: core('gate-refusal') },
  { files: 'core/gate/page.ts', tests: core('gate-refusal') },
  { files: 'core/gate/image-source.ts', tests: core('next-spellings') },
  { files: 'core/gate/path-queries.ts', tests: core('path-queries') },
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
  { files: 'core/gate/accept.ts', tests: core('gate-refusal') },
  {
    files: 'core/gate/{identify,request,harmless-header}.ts',
    tests: core(
      'gate',
      'gate-failures',
      'gate-log',
      'gate-on-behalf-of',
      'gate-options-shape',
      'gate-routes',
      'next-spellings',
      'path-queries',
      'shown-in',
    ),
  },
  {
    files: 'core/gate/{decider,gate,custom-answer,home}.ts',
    tests: core(
      'gate',
      'gate-failures',
      'gate-log',
      'gate-on-behalf-of',
      'gate-refusal',
      'gate-routes',
      'forward',
      'shown-in',
    ),
  },
  {
    files: 'core/gate/headers.ts',
    tests: core('http', 'several-audiences', 'forward', 'gate', 'gate-log', 'gate-routes'),
  },
  { files: 'core/gate/forward.ts', tests: core('forward', 'shown-in') },
  {
    files: 'core/gate/{settings,variables}.ts',
    tests: core('gate', 'gate-options-shape', 'gate-log', 'gate-refusal', 'environment', 'forward', 'variables'),
  },
  { files: 'core/gate/log.ts', tests: core('gate-log', 'gate-options-shape') },
  { files: 'core/gate/pending.ts', tests: [...core('pending'), ...node('waiting')] },
  { files: 'core/gate/possible.ts', tests: core('possible') },
  { files: 'core/gate/response.ts', tests: core('forward') },
  { files: 'core/policy/*.ts', tests: core('policy', 'policy-refused', 'criteria', 'leave', 'routes-access', 'gate') },
  { files: 'core/routes/regex/*.ts', tests: core('regex') },
  {
    files: 'core/routes/access.ts',
    tests: core('routes-access', 'routes-refused', 'routes-attacks', 'routes-json', 'leave'),
  },
  { files: 'core/routes/from.ts', tests: core('routes', 'routes-refused', 'routes-attacks') },
  { files: 'core/routes/path-index.ts', tests: core('path-index') },
  {
    files: 'core/routes/{audiences,judge,targets}.ts',
    tests: core(
      'routes',
      'routes-access',
      'routes-attacks',
      'routes-refusals',
      'routes-issued',
      'gate-routes',
      'leave',
    ),
  },
  {
    files: 'core/routes/compile.ts',
    tests: core('routes', 'routes-attacks', 'routes-refused', 'routes-issued', 'routes-json', 'gate-routes', 'leave'),
  },
  { files: 'core/routes/is-routes.ts', tests: core('configuration', 'environment', 'routes-issued') },
  {
    files: 'core/routes/configuration.ts',
    tests: core('routes', 'routes-access', 'routes-attacks', 'routes-refused', 'routes-issued', 'routes-json', 'leave'),
  },
  { files: 'core/routes/settings.ts', tests: core('routes', 'routes-access', 'routes-refused', 'routes-issued') },
  { files: 'core/routes/keys.ts', tests: core('routes-refused') },
  { files: 'core/routes/wanted.ts', tests: core('routes', 'routes-refused', 'routes-issued', 'routes-json', 'leave') },
  { files: 'core/routes/reduce.ts', tests: core('routes-json', 'routes-refused', 'leave') },
  { files: 'core/routes/explain.ts', tests: core('routes-refused', 'routes-issued', 'routes-json', 'leave') },
  {
    files: 'core/routes/paths.ts',
    tests: core('path-spellings', 'routes', 'routes-issued', 'routes-attacks', 'routes-refused'),
  },
  {
    files: 'core/routes/hosts.ts',
    tests: core('host-lookup', 'routes', 'routes-issued', 'routes-refused', 'routes-attacks'),
  },
  {
    files: 'core/routes/route.ts',
    tests: core('routes', 'routes-issued', 'routes-refused', 'routes-json', 'leave'),
  },
];
