import { type Command, Option } from 'commander';
import { staticKeys } from '../core/keys/material/static.ts';
import { remoteKeys } from '../core/keys/remote/remote.ts';
import type { KeySource } from '../core/keys/source.ts';
import { defaultIssuers } from '../core/trust-options.ts';
import { type Check, type Explanation, explain } from '../inspector/explain.ts';
import { describeTime, safeJson, safeText, toIsoTime } from '../inspector/text.ts';
import {
  isHttpUrl,
  readAlgorithmNames,
  readAssertionInput,
  readList,
  readNumber,
  readText,
  requireHostNames,
} from './input.ts';
import { EXIT, mark, paint, print, printJson, UsageError } from './output.ts';

interface InspectOptions {
  readonly audience?: readonly string[];
  readonly issuer?: readonly string[];
  readonly algorithms: readonly string[];
  readonly key?: string;
  readonly jwks?: string;
  readonly at?: number;
  readonly clockTolerance: number;
  readonly maxTokenAge?: number;
  readonly json?: boolean;
}

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .description('lay an assertion open: header, claims, and what each of the verifier’s rules says of it')
    .argument('[assertion]', 'the assertion; "-" or nothing reads it from stdin, or asks where nobody sees it')
    .option('-a, --audience <hosts>', 'the route’s host in Pomerium, or several with commas', readList)
    .option('-i, --issuer <issuers>', 'default: the audience, as host and as https://host/', readList)
    .option('-k, --key <file>', 'a public key: PEM, X.509, JWK, JWKS or base64 of one of these')
    .addOption(new Option('-u, --jwks <url>', 'the key set’s URL; "default" is the audience’s own').conflicts('key'))
    .option('--algorithms <names>', 'what is accepted', readAlgorithmNames, ['ES256'])
    .option('--at <seconds>', 'as of this time, in seconds since the epoch; default: now', readNumber('at'))
    .option('--clock-tolerance <seconds>', 'by which clocks may differ', readNumber('clock-tolerance'), 60)
    .option('--max-token-age <seconds>', 'the greatest age', readNumber('max-token-age'))
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (argument: string | undefined, options: InspectOptions) => {
      if (options.audience) requireHostNames('audience', options.audience);
      const explanation = await inspect(await readAssertionInput(argument), options);
      if (options.json) printJson(explanation);
      else printExplanation(explanation, options.at ?? Date.now() / 1000);
      process.exitCode = { valid: EXIT.ok, refused: EXIT.bad, unknown: EXIT.unknown }[explanation.verdict];
    });
}

const EXAMPLES = `
Exit codes: 0 valid, 1 refused, 2 called wrongly, 3 not everything could be checked.

Examples:
  $ pomerium-edge inspect --audience app.corp.example.com --jwks default
  $ pbpaste | pomerium-edge inspect - --key public.pem --audience app.corp.example.com
  $ pomerium-edge inspect "$TOKEN" --json | jq .claims`;

async function inspect(text: string, options: InspectOptions): Promise<Explanation> {
  const { audience = [], issuer, algorithms, clockTolerance, maxTokenAge, at = Date.now() / 1000 } = options;
  return explain(text, {
    keys: await keysFrom(options),
    audiences: audience,
    issuersFor: issuer ? () => new Set(issuer) : defaultIssuers,
    algorithms,
    clockTolerance,
    maxTokenAge,
    now: at,
  });
}

async function keysFrom({ key, jwks, audience = [] }: InspectOptions): Promise<KeySource | undefined> {
  if (key !== undefined) return readKeys(await readText(key));
  if (jwks === undefined) return undefined;
  if (jwks !== 'default') {
    if (!isHttpUrl(jwks)) throw new UsageError('--jwks takes a URL, or default; for keys in a file write --key.');
    return remoteKeys(jwks);
  }
  const [host] = audience;
  if (host === undefined) throw new UsageError('--jwks default is the key set of the audience: say --audience, too.');
  return remoteKeys(`https://${host}/.well-known/pomerium/jwks.json`);
}

/** What is wrong with the keys themselves, also what only an engine can tell, is a wrong call, and nothing of the assertion. */
async function readKeys(material: string): Promise<KeySource> {
  const keys = staticKeys(material);
  await keys.ready({ now: () => Date.now() / 1000, waitUntil: () => {}, emit: undefined });
  return keys;
}

const VERDICTS = {
  valid: ['green', 'valid: a verifier with these settings accepts it'],
  refused: ['red', 'refused'],
  unknown: ['yellow', 'not proved: not everything could be checked'],
} as const;

function printExplanation({ header, claims, checks, verdict }: Explanation, now: number): void {
  printMembers('Header', header, now);
  printMembers('Claims', claims, now);
  print(paint('bold', 'Rules'));
  for (const check of checks) printCheck(check);
  const [colour, words] = VERDICTS[verdict];
  print(`\n${paint(['bold', colour], words)}`);
}

function printMembers(title: string, members: unknown, now: number): void {
  print(paint('bold', title));
  const entries = Object.entries(members ?? {});
  if (entries.length === 0) print('  cannot be read');
  const names = entries.map(([name]) => safeText(name));
  const width = Math.min(MAX_WIDTH, Math.max(...names.map((name) => name.length)));
  for (const [i, [name, value]] of entries.entries())
    print(`  ${names[i]?.padEnd(width)}  ${safeJson(value)}${timeOf(name, value, now)}`);
  print('');
}

/** Somebody else chose the names. */
const MAX_WIDTH = 40;

function timeOf(name: string, value: unknown, now: number): string {
  if (typeof value !== 'number' || !['exp', 'iat', 'nbf'].includes(name)) return '';
  const words = describeTime(name === 'exp' ? 'expires' : 'issued', value, now);
  if (words === undefined) return '';
  return paint('dim', `  ${name === 'nbf' ? words.replace(/^issued/, 'valid') : words}, ${toIsoTime(value)}`);
}

function printCheck({ rule, verdict, detail, fix }: Check): void {
  print(`  ${mark(verdict)} ${rule.padEnd(9)}  ${detail}`);
  if (fix !== undefined) print(paint('dim', `    ${' '.repeat(9)}  → ${fix}`));
}
