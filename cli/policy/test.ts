import type { Command } from 'commander';
import { PomeriumError } from '../../core/errors.ts';
import type { MaybeAnonymous } from '../../core/identity.ts';
import type { Policy, PolicyExplanation, PolicyInput } from '../../core/index.ts';
import { pathOf } from '../../core/policy/check.ts';
import { safeText } from '../../inspector/text.ts';
import { identityOf, readClaimsFile } from '../identity-file.ts';
import { readHeaders, readNames } from '../input.ts';
import { EXIT, mark, paint, print, printJson, UsageError } from '../output.ts';
import { examinePolicy, holdsRoutes } from '../policy-file.ts';
import { printTree, printVerdict } from '../policy-tree.ts';
import { askRoutes } from '../routes/ask.ts';
import { claimsIn } from '../routes/claims.ts';
import { examine } from '../routes/examine.ts';
import { refusalText } from '../routes/problem.ts';
import { readConfiguration } from '../routes/read.ts';
import { type CheckOptions, FILE, LEAVE, LIST_CLAIMS, optionsOf } from './options.ts';

interface TestOptions extends CheckOptions {
  readonly as: string;
  readonly method?: string;
  readonly path?: string;
  readonly url?: string;
  readonly header?: readonly string[];
}

export function addTest(policy: Command): void {
  policy
    .command('test')
    .description('decide for somebody, and say which criterion said what')
    .argument('<file>', FILE)
    .requiredOption(
      '--as <file>',
      'an identity: claims as JSON, such as {"email": "alice@example.com", "groups": ["admins"]}',
    )
    .option('--method <method>', 'of the request')
    .option('--path <path>', 'of the request')
    .option('--url <url>', 'of the request, for a file of routes')
    .option('--header <line...>', 'of the request, as "Origin: https://example.com"')
    .option(...LIST_CLAIMS, readNames)
    .option(...LEAVE, readNames)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 allowed, 1 not, 2 called wrongly.

Examples:
  $ pomerium-edge policy test policy.yaml --as alice.json --method GET --path /admin
  $ pomerium-edge policy test config.yaml --as alice.json --url https://app.corp.example.com/admin`,
    )
    .action(testPolicy);
}

async function testPolicy(path: string, options: TestOptions): Promise<void> {
  const file = await readConfiguration(path);
  if (holdsRoutes(file)) {
    if (options.path !== undefined) throw new UsageError('--path is for a policy; of routes say --url https://….');
    process.exitCode = await askRoutes(examine(file, optionsOf(options)), options);
    return;
  }
  const { policy, problems, value } = examinePolicy(file, optionsOf(options));
  if (!policy) throw new UsageError(refusalText(problems));
  const target = options.url ?? options.path;
  // As the verifier reads the target of a request.
  const requested = target === undefined ? undefined : pathOf({ url: target });
  if (policy.needsPath && requested === null) {
    if (options.json) printJson({ allowed: false, path: null });
    else print(`${mark('fail')} servers could read this path in different ways\nnot allowed`);
    process.exitCode = EXIT.bad;
    return;
  }
  const identity = identityOf(await readClaimsFile(options.as), options.as);
  const headers = options.header && readHeaders(options.header);
  const explanation = explainFor(policy, { identity, method: options.method, path: requested, headers });
  const notes = notesOn(value, identity, options);
  if (options.json) {
    printJson({ ...explanation, notes });
  } else {
    printTree(explanation);
    for (const note of notes) print(`${paint('yellow', '!')} ${safeText(note)}`);
    printVerdict(explanation.allowed);
  }
  process.exitCode = explanation.allowed ? EXIT.ok : EXIT.bad;
}

const HOW_TO_SAY: Readonly<Record<string, string>> = {
  path: '--path /admin',
  method: '--method GET',
  headers: '--header "Origin: https://example.com"',
};

function explainFor(policy: Policy, input: PolicyInput): PolicyExplanation {
  try {
    return policy.explain(input);
  } catch (error) {
    const [, name = ''] = (error instanceof PomeriumError && /asks about the (\w+)/.exec(error.message)) || [];
    const option = HOW_TO_SAY[name];
    if (option === undefined) throw error;
    throw new UsageError(`The policy asks about the ${name} of the request; say ${option}.`);
  }
}

/** What makes the answer of a claim another one than Pomerium's. */
function notesOn(value: unknown, { claims }: MaybeAnonymous, { listClaims }: TestOptions): string[] {
  const names = new Set(claimsIn(value).map(({ claim }) => claim));
  return [...names].flatMap((name) => {
    const claim = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (claim === undefined) {
      return [`claim/${name}: the identity has no ${name}; an assertion has it only if jwt_claims_headers names it.`];
    }
    if (listClaims || typeof claim !== 'string' || !claim.includes(',')) return [];
    return [`claim/${name} is taken as one value, with its comma; say --list-claims ${name} if it is several.`];
  });
}
