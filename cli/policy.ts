import type { Command } from 'commander';
import { PomeriumError, toSafeJson } from '../core/errors.ts';
import type { MaybeAnonymous } from '../core/identity.ts';
import type { Policy, PolicyExplanation, PolicyInput, PolicyOptions } from '../core/index.ts';
import { pathOf } from '../core/policy/check.ts';
import { safeText } from '../inspector/text.ts';
import { identityOf, readClaimsFile } from './identity-file.ts';
import { readHeaders, readNames } from './input.ts';
import { EXIT, mark, paint, print, printJson, UsageError } from './output.ts';
import { examinePolicy, holdsRoutes, type PolicyFile } from './policy-file.ts';
import { printTree, printVerdict } from './policy-tree.ts';
import { askRoutes } from './routes/ask.ts';
import { claimsIn } from './routes/claims.ts';
import { examine } from './routes/examine.ts';
import { refusalText } from './routes/problem.ts';
import { readConfiguration } from './routes/read.ts';
import { showFile } from './routes.ts';

interface CheckOptions {
  readonly listClaims?: readonly string[];
  readonly leave?: readonly string[];
  readonly json?: boolean;
}

interface TestOptions extends CheckOptions {
  readonly as: string;
  readonly method?: string;
  readonly path?: string;
  readonly url?: string;
  readonly header?: readonly string[];
}

const FILE = 'a policy, or a file of routes: config.yaml, Ingress manifests, Helm values';
const LIST_CLAIMS = ['--list-claims <names>', 'claims that may have several values, with commas; [] for none'] as const;
const LEAVE = ['--leave <criteria>', 'criteria that Pomerium alone decides, with commas, as source_ip'] as const;

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

function optionsOf({ listClaims, leave }: CheckOptions): PolicyOptions {
  return { listClaims, leaveToPomerium: leave };
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
