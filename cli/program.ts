import { Command, CommanderError } from 'commander';
import { PomeriumError } from '../core/errors.ts';
import { safeMessage } from '../inspector/text.ts';
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

const COMMANDS = [addKeygen, addSign, addInspect, addJwks, addDoctor, addPolicy, addRoutes, addDev];

/** Runs what the arguments say, and sets the process's exit code. Rejects for a mistake of ours alone. */
export async function runProgram(args: readonly string[]): Promise<void> {
  const program = new Command('pomerium-edge')
    .description(
      'Tools for services behind Pomerium: make keys, look at assertions and key sets, test policies and endpoints.',
    )
    .version(manifest.version)
    .showHelpAfterError('Try --help.')
    .configureOutput({ outputError: (text, write) => write(safeMessage(text)) })
    .exitOverride();
  for (const add of COMMANDS) add(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

/** Says what a person can fix, in a sentence. Throws anything else: it is not hidden. */
function exitCodeOf(error: unknown): number {
  // Help and the version end so, too, and all of it is printed already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  // Ctrl-C at a prompt.
  if (error instanceof Error && error.name === 'ExitPromptError') return EXIT.usage;
  process.stderr.write(`pomerium-edge: ${safeMessage(sentenceOf(error))}\n`);
  return EXIT.usage;
}

function sentenceOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof PomeriumError) return error.message;
  if (error instanceof Error && 'code' in error && 'path' in error) {
    const { path, dest } = error as { path: unknown; dest?: unknown };
    return `${dest ?? path} cannot be written: ${error.code}.`;
  }
  throw error;
}
