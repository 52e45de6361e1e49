import type { Command } from 'commander';
import { base64url } from 'jose';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { parseClaims } from '../core/claims.ts';
import { PomeriumError } from '../core/errors.ts';
import { type MaybeAnonymous, toIdentity } from '../core/identity.ts';
import { compilePolicy, type PolicyExplanation, type PolicyOptions } from '../core/index.ts';
import { pathOf } from '../core/policy/check.ts';
import { safeText } from '../inspector/text.ts';
import { readList, readText } from './input.ts';
import { EXIT, mark, paint, print, printJson, UsageError } from './output.ts';

interface PolicyFile {
  readonly document: Document;
  readonly value: unknown;
  /** `file:line:column` of a path in the document, as `allow.or[2].groups`. */
  readonly placeOf: (path: string) => string;
}

interface CheckOptions {
  readonly listClaims?: readonly string[];
  readonly json?: boolean;
}

interface TestOptions extends CheckOptions {
  readonly as: string;
  readonly method?: string;
  readonly path?: string;
}

const LIST_CLAIMS = ['--list-claims <names>', 'claims that are lists, with commas'] as const;

export function addPolicy(program: Command): void {
  const policy = program.command('policy').description('policies in Pomerium’s language (PPL), as YAML or JSON');
  policy
    .command('check')
    .description('say whether a policy can be decided at the edge, and where not and why')
    .argument('<file>')
    .option(...LIST_CLAIMS, readList)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 it can, 1 it cannot, 2 called wrongly.\n\nExample:\n  $ pomerium-edge policy check policy.yaml',
    )
    .action(async (path: string, options: CheckOptions) => {
      const problems = problemsIn(await readPolicyFile(path), optionsOf(options));
      if (options.json) printJson({ file: path, problems });
      else if (problems.length === 0) print(`${mark('pass')} ${path} can be decided at the edge.`);
      else for (const { place, message } of problems) print(`${mark('fail')} ${safeText(`${place}: ${message}`)}`);
      process.exitCode = problems.length === 0 ? EXIT.ok : EXIT.bad;
    });
  policy
    .command('test')
    .description('decide for somebody, and say which criterion said what')
    .argument('<file>')
    .requiredOption(
      '--as <file>',
      'an identity: claims as JSON, such as {"email": "alice@example.com", "groups": ["admins"]}',
    )
    .option('--method <method>', 'of the request')
    .option('--path <path>', 'of the request')
    .option(...LIST_CLAIMS, readList)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 allowed, 1 not, 2 called wrongly.\n\nExample:\n  $ pomerium-edge policy test policy.yaml --as alice.json --method GET --path /admin',
    )
    .action(async (file: string, options: TestOptions) => {
      const { value } = await readPolicyFile(file);
      const policy = compilePolicy(value, optionsOf(options));
      // As the verifier reads the target of a request.
      const path = options.path === undefined ? undefined : pathOf({ url: options.path });
      if (policy.needsPath && path === null) {
        if (options.json) printJson({ allowed: false, path: null });
        else print(`${mark('fail')} servers could read this path in different ways\nnot allowed`);
        process.exitCode = EXIT.bad;
        return;
      }
      const input = { identity: await readIdentity(options.as), method: options.method, path };
      const explanation = policy.explain(input);
      if (options.json) printJson(explanation);
      else printTree(explanation);
      process.exitCode = explanation.allowed ? EXIT.ok : EXIT.bad;
    });
}

function optionsOf({ listClaims }: CheckOptions): PolicyOptions {
  return listClaims ? { listClaims } : {};
}

/** JSON is YAML, too. */
async function readPolicyFile(path: string): Promise<PolicyFile> {
  const lineCounter = new LineCounter();
  const document = parseDocument(await readText(path), { lineCounter });
  const [error] = document.errors;
  if (error) throw new UsageError(`${path} is no YAML: ${error.message}`);
  const placeOf = (where: string) => {
    const node = nearestNode(document, keysOf(where));
    const { line, col } = lineCounter.linePos(node?.range?.[0] ?? 0);
    return `${path}:${line}:${col}`;
  };
  return { document, value: document.toJS(), placeOf };
}

/** `[2].allow.or[0].groups` as keys; a name may hold a slash, and no dot. */
function keysOf(path: string): (string | number)[] {
  return (path.match(/[^.[\]]+/g) ?? []).map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function nearestNode(document: Document, keys: readonly (string | number)[]) {
  for (let length = keys.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(keys.slice(0, length), true);
    if (isNode(node)) return node;
  }
  return undefined;
}

interface Problem {
  readonly place: string;
  readonly message: string;
}

const MAX_PROBLEMS = 100;

/** All of them: a criterion that cannot be answered is then taken for one that can, to find the next. */
function problemsIn({ value, placeOf }: PolicyFile, options: PolicyOptions): Problem[] {
  const problems: Problem[] = [];
  const policy = structuredClone(value);
  while (problems.length < MAX_PROBLEMS) {
    try {
      compilePolicy(policy, options);
      return problems;
    } catch (error) {
      if (!(error instanceof PomeriumError)) throw error;
      const { path = '' } = error;
      problems.push({ place: placeOf(path), message: error.message });
      if (!replaceCriterion(policy, keysOf(path))) return problems;
    }
  }
  return problems;
}

/** Whether there was a criterion at that path, now one that always holds. */
function replaceCriterion(policy: unknown, keys: readonly (string | number)[]): boolean {
  const last = keys.findLastIndex((key) => typeof key === 'number');
  const list = keys
    .slice(0, last)
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], policy);
  if (last < 1 || !Array.isArray(list)) return false;
  list[Number(keys[last])] = { accept: true };
  return true;
}

async function readIdentity(path: string): Promise<MaybeAnonymous> {
  const text = await readText(path);
  const now = Math.floor(Date.now() / 1000);
  try {
    const payload = { iat: now, exp: now + 300, ...JSON.parse(text) };
    const claims = parseClaims(base64url.encode(JSON.stringify(payload)));
    return toIdentity({ ...claims, iss: claims.iss ?? '' });
  } catch (error) {
    throw new UsageError(`${path} is no identity: ${error instanceof Error ? error.message : typeof error}`);
  }
}

function printTree({ allowed, rules }: PolicyExplanation): void {
  const verdict = (holds: boolean) => mark(holds ? 'pass' : 'fail');
  for (const rule of rules) {
    print(`${verdict(rule.holds)} ${paint('bold', rule.action)}  ${safeText(rule.path)}`);
    for (const operator of rule.operators) {
      print(`  ${verdict(operator.holds)} ${operator.operator}`);
      for (const { criterion, holds, path } of operator.criteria)
        print(`    ${verdict(holds)} ${safeText(criterion)}  ${paint('dim', safeText(path))}`);
    }
  }
  print(allowed ? paint('green', '\nallowed') : paint('red', '\nnot allowed'));
}
