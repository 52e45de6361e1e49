import type { Command } from 'commander';
import { safeText } from '../../inspector/text.ts';
import { readNames } from '../input.ts';
import { EXIT, mark, paint, print, printJson } from '../output.ts';
import { examinePolicy, holdsRoutes, type PolicyFile } from '../policy-file.ts';
import { examine } from '../routes/examine.ts';
import { readConfiguration } from '../routes/read.ts';
import { showFile } from '../routes.ts';
import { type CheckOptions, FILE, LEAVE, LIST_CLAIMS, optionsOf } from './options.ts';

export function addCheck(policy: Command): void {
  policy
    .command('check')
    .description('say whether a policy can be decided at the edge, and where not and why')
    .argument('<file>', FILE)
    .option(...LIST_CLAIMS, readNames)
    .option(...LEAVE, readNames)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 it can be decided, 1 it cannot, 2 called wrongly.

Examples:
  $ pomerium-edge policy check policy.yaml
  $ pomerium-edge policy check policy.yaml --leave source_ip --list-claims roles`,
    )
    .action(checkPolicy);
}

async function checkPolicy(path: string, options: CheckOptions): Promise<void> {
  const file = await readConfiguration(path);
  if (holdsRoutes(file)) {
    process.exitCode = showFile(path, examine(file, optionsOf(options)), options);
    return;
  }
  const { problems, notes, left } = examinePolicy(file, optionsOf(options));
  if (options.json) printJson({ file: path, problems, notes, left });
  else printCheck(path, { problems, notes, left });
  process.exitCode = problems.length === 0 ? EXIT.ok : EXIT.bad;
}

function printCheck(path: string, { problems, notes, left }: Pick<PolicyFile, 'problems' | 'notes' | 'left'>): void {
  const lines = (sign: string, list: PolicyFile['problems']) => {
    for (const { place, message } of list) print(`${sign} ${safeText(`${place}: ${message}`)}`);
  };
  if (problems.length === 0) {
    print(
      `${mark('pass')} ${safeText(path)} can be decided at the edge${left.length > 0 ? ', but for what is left to Pomerium' : ''}.`,
    );
  }
  lines(mark('fail'), problems);
  lines(mark('not checked'), left);
  lines(paint('yellow', '!'), notes);
}
