import type { Command } from 'commander';
import { toSafeJson } from '../../core/errors.ts';
import { safeText } from '../../inspector/text.ts';
import { readNames } from '../input.ts';
import { EXIT, print, printJson, UsageError } from '../output.ts';
import { examinePolicy, holdsRoutes } from '../policy-file.ts';
import { readConfiguration } from '../routes/read.ts';
import { type CheckOptions, LEAVE, LIST_CLAIMS, optionsOf } from './options.ts';

export function addPrint(policy: Command): void {
  policy
    .command('print')
    .description('print a policy as one line of JSON, as POMERIUM_POLICY takes it')
    .argument('<file>', 'a policy')
    .option(...LIST_CLAIMS, readNames)
    .option(...LEAVE, readNames)
    .option('--json', 'print JSON, with what is refused and what must be so')
    .addHelpText(
      'after',
      `
What is refused, or must be so for the answers to be right, goes to stderr.

Exit codes: 0 it can be decided, 1 it cannot, 2 called wrongly.

Examples:
  $ export POMERIUM_POLICY="$(pomerium-edge policy print policy.yaml)"
  $ pomerium-edge policy print policy.yaml | npx wrangler secret put POMERIUM_POLICY`,
    )
    .action(printPolicy);
}

async function printPolicy(path: string, options: CheckOptions): Promise<void> {
  const file = await readConfiguration(path);
  if (holdsRoutes(file))
    throw new UsageError(`${path} holds routes; "pomerium-edge routes ${path} --for env" prints their settings.`);
  const { value, policy, problems, notes, left } = examinePolicy(file, optionsOf(options));
  if (options.json) {
    printJson({ file: path, ...(policy && { policy: value }), problems, notes, left });
  } else {
    if (policy) print(toSafeJson(value));
    for (const { place, message } of [...problems, ...left, ...notes])
      process.stderr.write(`${safeText(`${place}: ${message}`)}\n`);
  }
  process.exitCode = policy ? EXIT.ok : EXIT.bad;
}
