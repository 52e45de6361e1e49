import type { Command } from 'commander';
import { addCheck } from './policy/check.ts';
import { addPrint } from './policy/print.ts';
import { addTest } from './policy/test.ts';

export function addPolicy(program: Command): void {
  const policy = program.command('policy').description('policies in Pomerium’s language (PPL), as YAML or JSON');
  policy.addHelpText(
    'after',
    `
Each command has examples and exit codes in its own help.

Examples:
  $ pomerium-edge policy check policy.yaml
  $ pomerium-edge policy test policy.yaml --as alice.json
  $ pomerium-edge policy print policy.yaml`,
  );
  addCheck(policy);
  addTest(policy);
  addPrint(policy);
}
