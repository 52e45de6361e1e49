import { globSync } from 'node:fs';
import { assert, test } from 'vitest';
import { MODULES } from '../../scripts/mutation/modules.ts';
import { ROOT } from '../../scripts/run.ts';

/** Names, types and limits, in which there is nothing to change; and one whose tests are those of pomerium-edge/react. */
const LEFT_OUT = [
  'core/adapter.ts',
  'core/gate-verification.ts',
  'core/gate/options.ts',
  'core/index.ts',
  'core/keys/limits.ts',
  'core/keys/remote/transport.ts',
  'core/keys/source.ts',
  'core/routes/regex.ts',
  'core/signed-out.ts',
];

test('npm run mutation changes every file of core/ but for what has no code of its own', () => {
  const inCore = (pattern: string) => globSync(pattern, { cwd: ROOT });
  const mutated = new Set(MODULES.flatMap(({ files }) => inCore(files)));
  assert.sameMembers(
    inCore('core/**/*.ts').filter((file) => !mutated.has(file)),
    LEFT_OUT,
  );
});
