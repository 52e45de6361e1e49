import { Command } from 'commander';
import { PomeriumError } from '../core/errors.ts';
import { safeLines } from '../inspector/text.ts';
import manifest from '../package.json' with { type: 'json' };
import { addDev } from './dev.ts';
import { addDoctor } from './doctor.ts';
import { addInspect } from './inspect.ts';
import { addJwks } from './jwks.ts';
import { addKeygen } from './keygen.ts';
import { EXIT, UsageError } from './output.ts';
import { addPolicy } from './policy.ts';
import { addRoutes } from './routes.ts';
import { addSign } from './sign.ts';

const program = new Command('pomerium-edge')
  .description(
    'Tools for services behind Pomerium: make keys, look at assertions and key sets, test policies and endpoints.',
  )
  .version(manifest.version)
  .showHelpAfterError('Try --help.')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ok : EXIT.usage));

for (const add of [addKeygen, addSign, addInspect, addJwks, addDoctor, addPolicy, addRoutes, addDev]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  // Ctrl-C at a prompt.
  const isAborted = error instanceof Error && error.name === 'ExitPromptError';
  if (!isAborted && !(error instanceof UsageError) && !(error instanceof PomeriumError)) throw error;
  if (!isAborted) process.stderr.write(`pomerium-edge: ${safeLines(error.message)}\n`);
  process.exitCode = EXIT.usage;
}
