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
  const message = isAborted ? undefined : sentenceOf(error);
  if (message !== undefined) process.stderr.write(`pomerium-edge: ${safeLines(message)}\n`);
  process.exitCode = EXIT.usage;
}

/** What a person can fix, as a sentence. Anything else is a mistake of ours, and not hidden. */
function sentenceOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof PomeriumError) return error.message;
  if (error instanceof Error && 'code' in error && 'path' in error) {
    const { path, dest } = error as { path: unknown; dest?: unknown };
    return `${dest ?? path} cannot be written: ${error.code}.`;
  }
  throw error;
}
