import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { safeText } from '../inspector/text.ts';
import { CONTROL } from './doctor/control.ts';
import { examine } from './doctor/examine.ts';
import type { Finding } from './doctor/finding.ts';
import { isOpen, OPEN_PATH } from './doctor/judge.ts';
import { toJUnit } from './doctor/junit.ts';
import { type Plan, readPlan } from './doctor/plan.ts';
import { isHttpUrl, readList, readNames, readNumber } from './input.ts';
import { EXIT, mark, print, printJson, table, UsageError } from './output.ts';

interface DoctorOptions {
  readonly audience?: string;
  readonly issuerFormat: 'host' | 'uri';
  readonly config?: string;
  readonly host?: readonly string[];
  readonly leave?: readonly string[];
  readonly listClaims?: readonly string[];
  readonly key?: string;
  readonly as?: string;
  readonly groups?: readonly string[];
  readonly cookie?: string;
  readonly pomerium?: string;
  readonly public?: readonly string[];
  readonly rate: number;
  readonly timeout: number;
  readonly junit?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('attack a deployed endpoint of your own, and tell what got in')
    .argument('<url>', 'a protected page, at the address that goes around Pomerium')
    .option('-a, --audience <host>', 'the route’s host in Pomerium; required without --config')
    .option('--config <file>', 'Pomerium’s routes: with --key, people whom they refuse are tried, too')
    .option('--host <host...>', 'with --config: the hosts that lead to this endpoint, the one to try first')
    .option('--leave <criteria>', 'with --config: as of pomerium-edge routes', readNames)
    .option('--list-claims <names>', 'with --config: as of pomerium-edge routes', readNames)
    .addOption(new Option('--issuer-format <format>', 'as jwt_issuer_format').choices(['host', 'uri']).default('host'))
    .option(
      '-k, --key <file>',
      'the private key of a Pomerium for tests: then flaws behind a good signature are found, too',
    )
    .option('--as <file>', 'with --key: who must get in, claims as JSON, as of pomerium-edge policy test')
    .option('--groups <groups>', 'with --key: of whoever must get in, with commas', readList)
    .option(
      '--cookie <cookie>',
      'of a session at Pomerium, or a file that holds it: then /.pomerium/jwt is asked for, too',
    )
    .option('--pomerium <url>', 'with --cookie: where the route is; default: https:// and the audience')
    .option('--public <path...>', 'meant for everybody, as /robots.txt or /assets/*; other paths are not')
    .option('--rate <number>', 'requests a second', readNumber('rate', { min: 0.01, max: 10_000 }), 5)
    .option('--timeout <seconds>', 'for each request', readNumber('timeout', { min: 0.01, max: 3600 }), 10)
    .option('--junit <file>', 'write a JUnit report')
    .option('--json', 'print JSON')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, options: DoctorOptions) => {
      await confirm(url, options);
      const plan = await readPlan(url, options);
      const findings = await examine(url, plan, { ...options, publicPaths: readPaths(options.public) });
      if (options.json) printJson({ url, findings });
      else printFindings(findings, plan, options);
      process.exitCode = exitCodeOf(findings);
      // Last: where it cannot be written, what was found is there all the same.
      if (options.junit !== undefined) await writeFile(options.junit, toJUnit(url, findings));
    });
}

const EXAMPLES = `
Only for what is yours: it sends some ninety requests that look like an attack, and they are logged as such.

Without --key all are signed by a stranger. With it, also an assertion that is good but for one flaw, and a good one that
must get in: use the key of a Pomerium for tests, never that of production.

Where only some people may see the page, say who does: --groups admins, or --as alice.json.

Without a request that gets in as it must, nothing is proved: what refuses everything passes, too. So without --key it never ends
with 0, and neither where Pomerium answers, everything is 404, or everything is sent elsewhere.

Files and pages that a platform serves before the code runs are tried at well-known names, and with --key at each of (up to
24) links, scripts, styles and images of the page and of /. What everybody may have is accepted by --public.

With --config as well, the routes say who must be refused: somebody in no group, of another domain, nobody, an assertion for
another host. Only what the routes refuse is tried, and somebody whom they allow must get in, where one is found.

With --cookie, Pomerium's deprecated endpoint /.pomerium/jwt is asked for, which gives an assertion to everybody who is signed in.

Exit codes: 0 nothing got in but what must, 1 something did, 2 called wrongly, 3 it cannot be told.

Examples:
  $ pomerium-edge doctor https://app.example.workers.dev/admin --audience app.corp.example.com
  $ pomerium-edge doctor http://127.0.0.1:8787/ -a app.corp.example.com --key keys/signing-key.pem --yes --junit doctor.xml
  $ pomerium-edge doctor https://app.example.workers.dev/admin -a app.corp.example.com --key keys/signing-key.pem --cookie cookie.txt
  $ pomerium-edge doctor http://127.0.0.1:8787/admin -a app.corp.example.com --key keys/signing-key.pem --groups admins
  $ pomerium-edge doctor http://127.0.0.1:8787/ --config config.yaml --host app.corp.example.com --key keys/signing-key.pem`;

function readPaths(paths: readonly string[] = []): readonly string[] {
  const wrong = paths.find((path) => !path.startsWith('/'));
  if (wrong === undefined) return paths;
  throw new UsageError(`--public takes paths, as /robots.txt or /assets/*; ${JSON.stringify(wrong)} is none.`);
}

async function confirm(url: string, { yes }: DoctorOptions): Promise<void> {
  if (!isHttpUrl(url)) throw new UsageError(`${url} is not an http(s) URL.`);
  if (yes) return;
  if (!process.stdin.isTTY) throw new UsageError('There is nobody to ask whether the endpoint is yours; say --yes.');
  const { default: ask } = await import('@inquirer/confirm');
  const isSure = await ask(
    { message: `Attack ${url}? Only say yes if it is yours.`, default: false },
    { output: process.stderr },
  );
  if (!isSure) throw new UsageError('Nothing was sent.');
}

function exitCodeOf(findings: readonly Finding[]): number {
  if (findings.some(({ verdict }) => verdict === 'let in')) return EXIT.bad;
  return findings.some(({ verdict }) => verdict === 'unclear') ? EXIT.unknown : EXIT.ok;
}

const MARKS = { 'as it should': 'pass', 'let in': 'fail', unclear: 'not checked' } as const;

function printFindings(findings: readonly Finding[], { expected }: Plan, { key }: DoctorOptions): void {
  if (isOpen(findings)) print(`${mark('not checked')} ${OPEN_PATH}\n`);
  const rows = findings.map(({ name, verdict, status, detail }) => [
    safeText(name),
    verdict === 'as it should' ? 'ok' : verdict.toUpperCase(),
    String(status ?? '–'),
    detail,
  ]);
  for (const [i, line] of table(rows).split('\n').entries()) {
    print(`${mark(MARKS[findings[i]?.verdict ?? 'unclear'])} ${line}`);
  }
  for (const fix of new Set(findings.flatMap((finding) => finding.fix ?? []))) print(`\n→ ${fix}.`);
  const count = (verdict: Finding['verdict']) => findings.filter((finding) => finding.verdict === verdict).length;
  const requests = findings.filter(({ name }) => name !== CONTROL).length;
  print(
    `\n${requests} ${requests === 1 ? 'request' : 'requests'}: ${count('let in')} let in that must not be, ${count('unclear')} unclear.`,
  );
  if (key === undefined && expected)
    print('The routes were not tried: only with --key can their assertions be signed.');
  if (key === undefined || !expected || expected.allowed) return;
  print('Nobody was found whom the routes let in here: whether a good assertion gets in was not tried.');
}
