import { type Command, Option } from 'commander';
import { safeText } from '../inspector/text.ts';
import { readNames } from './input.ts';
import { EXIT, print, printJson, UsageError } from './output.ts';
import { askRoutes } from './routes/ask.ts';
import { type Examined, examineFile } from './routes/examine.ts';
import { FORMATS, type PasteOptions, settingsFor } from './routes/paste.ts';
import { rowsOf } from './routes/rows.ts';
import { showRoutes } from './routes/show.ts';

interface RoutesCommand {
  readonly host?: readonly string[];
  readonly leave?: readonly string[];
  readonly listClaims?: readonly string[];
  readonly for?: string;
  readonly as?: string;
  readonly method?: string;
  readonly url?: string;
  readonly header?: readonly string[];
  readonly json?: boolean;
}

export function addRoutes(program: Command): void {
  program
    .command('routes')
    .description('Pomerium’s own routes: who may pass, what can be decided at the edge, and the settings for it')
    .argument('<file>', 'config.yaml, a list of routes, Ingress manifests, or Helm values')
    .option('--host <host...>', 'only the routes of this host, as in from')
    .option('--leave <criteria>', 'criteria that Pomerium alone decides, with commas, as source_ip', readNames)
    .option('--list-claims <names>', 'claims that may have several values, with commas; [] for none', readNames)
    .addOption(new Option('--for <platform>', 'print the settings to paste').choices(FORMATS))
    .option('--as <file>', 'say what becomes of a request: claims as JSON, {} for nobody')
    .option('--method <method>', 'of that request; default: GET')
    .option('--url <url>', 'of that request: the host of the route, and the path as the service is asked for it')
    .option('--header <line...>', 'of that request, as "Origin: https://example.com"')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(runRoutes);
}

const EXAMPLES = `
Exit codes: 0 all can be decided, 1 something is refused, 2 called wrongly. With --as: 0 allowed, 1 not, 2 called wrongly.

Examples:
  $ pomerium-edge routes config.yaml
  $ pomerium-edge routes config.yaml --host app.corp.example.com --leave source_ip --for cloudflare
  $ pomerium-edge routes config.yaml --as alice.json --url https://app.corp.example.com/admin`;

async function runRoutes(file: string, options: RoutesCommand): Promise<void> {
  const { host, leave, listClaims } = options;
  if (options.for !== undefined && options.as !== undefined) throw new UsageError('--for and --as exclude each other.');
  const lonely =
    options.as === undefined && (['url', 'method', 'header'] as const).find((name) => options[name] !== undefined);
  if (lonely) throw new UsageError(`--${lonely} is for --as; say both.`);
  const examined = await examineFile(file, { hosts: host, leaveToPomerium: leave, listClaims });
  if (options.as !== undefined) {
    process.exitCode = await askRoutes(examined, { ...options, as: options.as });
  } else if (options.for !== undefined) {
    process.exitCode = pasteSettings(file, examined, { ...options, format: options.for });
  } else {
    process.exitCode = showFile(file, examined, options);
  }
}

/** What is refused goes to stderr: the output is to be pasted. Gives the exit code. */
function pasteSettings(file: string, examined: Examined, options: Omit<PasteOptions, 'file'>): number {
  const { routes, problems } = examined;
  if (routes && problems.length === 0) {
    print(settingsFor(routes, examined, { ...options, file }));
    return EXIT.ok;
  }
  for (const { place, message } of problems) process.stderr.write(`${safeText(`${place}: ${message}`)}\n`);
  return EXIT.bad;
}

/** The table of the routes, and what is refused. Gives the exit code. */
export function showFile(
  file: string,
  examined: Examined,
  { leave = [], json }: Pick<RoutesCommand, 'leave' | 'json'>,
): number {
  const rows = rowsOf(examined, leave);
  const { kind, routes, problems, notes } = examined;
  if (json) printJson({ file, kind, hosts: routes?.hosts ?? [], routes: rows, problems, notes });
  else showRoutes(rows, examined);
  return problems.length === 0 ? EXIT.ok : EXIT.bad;
}
