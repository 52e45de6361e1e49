import { type Command, Option } from 'commander';
import { isObject } from '../core/json.ts';
import { safeLines, safeText } from '../inspector/text.ts';
import { createTestIssuer } from '../testing/issuer.ts';
import type { SigningKey } from '../testing/signing-key.ts';
import { DEFAULT_IDENTITIES, findIdentity, type Identities } from './dev/identities.ts';
import { type DevKeys, findKeys } from './dev/kept-keys.ts';
import { type DevServer, startDevServer } from './dev/server.ts';
import { createDevState, type DevState, rotate } from './dev/state.ts';
import { howToStart } from './dev/variables.ts';
import { readNumber, readText, requireHostNames } from './input.ts';
import { paint, print, UsageError } from './output.ts';

interface DevOptions {
  readonly to: string;
  readonly host: string;
  readonly issuerFormat: 'host' | 'uri';
  readonly port: number;
  readonly identities?: string;
  readonly as?: string;
  readonly key?: string;
}

export function addDev(program: Command): void {
  program
    .command('dev')
    .description('a stand-in for Pomerium: signs you in as whom you choose, before an app on this machine')
    .requiredOption('--to <url>', 'your app, as in http://127.0.0.1:3000')
    .option('--host <host>', 'the route’s host, your app’s POMERIUM_AUDIENCE', 'app.corp.example.com')
    .addOption(new Option('--issuer-format <format>', 'as jwt_issuer_format').choices(['host', 'uri']).default('host'))
    .option('--port <number>', 'to listen on, on localhost alone; 0 for any', readNumber('port', { max: 65_535 }), 8000)
    .option('--identities <file>', 'who can be signed in: JSON, names with claims')
    .option('--as <name>', 'who is signed in until a browser chooses; default: the first of them')
    .option(
      '-k, --key <file>',
      'the signing key, as keygen makes it; default: one that is made and kept for this folder',
    )
    .addHelpText('after', EXAMPLES)
    .action(async (options: DevOptions) => {
      const keys = await findKeys({ project: process.cwd(), port: options.port, file: options.key });
      const state = await makeState(options, keys);
      const server = await startDevServer(state, options.port).catch((error) => {
        throw new UsageError(`Port ${options.port} cannot be used: ${error.code ?? error.message}; try --port 0.`);
      });
      if (keys.note !== undefined) warn(keys.note);
      if (keys.isNew) await state.keepKeys?.(keys.keys);
      print(describe(server, state));
      listenToKeys(state, () => server.close());
    });
}

const EXAMPLES = `
Examples:
  $ pomerium-edge dev --to http://127.0.0.1:3000      # says where your app's two variables go
  $ pomerium-edge dev --to http://127.0.0.1:8787 --key keys/signing-key.pem

  identities.json: {"Carol": {"sub": "u-carol", "email": "carol@example.com", "groups": ["staff"]}}`;

async function makeState(options: DevOptions, { keys, keep }: DevKeys): Promise<DevState> {
  const { to, host, issuerFormat, identities: file } = options;
  if (!URL.canParse(to) || new URL(to).protocol !== 'http:' || new URL(to).pathname !== '/') {
    throw new UsageError(`--to must be an origin on this machine, as in http://127.0.0.1:3000; it is ${to}.`);
  }
  if (isOwnAddress(new URL(to), options.port)) {
    throw new UsageError(`--to ${to} is the address of this stand-in itself; say --port with another one for it.`);
  }
  requireHostNames('host', [host]);
  const identities = file === undefined ? DEFAULT_IDENTITIES : readIdentities(await readText(file), file);
  const issuer = await createTestIssuer({ host, issuerFormat, keys });
  return createDevState({
    issuer,
    ...(keep && { keepKeys: (published: readonly SigningKey[]) => keep(published).catch(warnOfKeys) }),
    to: new URL(to).origin,
    identities,
    ...(options.as !== undefined && { defaultIdentity: nameOf(options.as, identities) }),
  });
}

/** Each request would come back, and be sent again, for ever. */
function isOwnAddress({ hostname, port }: URL, own: number): boolean {
  return Number(port || 80) === own && /^(localhost|.*\.localhost|127\..*|0\.0\.0\.0|\[::1?\])$/.test(hostname);
}

function nameOf(text: string, identities: Identities): string {
  const name = findIdentity(identities, text);
  if (name !== undefined) return name;
  throw new UsageError(`--as must be one of ${Object.keys(identities).join('; ')}; it is ${text}.`);
}

/** A stand-in without a file is as good until it ends. */
function warnOfKeys(error: Error & { code?: string; path?: string }): void {
  warn(
    `The signing key cannot be kept (${error.code ?? error.message} at ${error.path}): the next start makes a new one.`,
  );
}

function warn(text: string): void {
  process.stderr.write(`pomerium-edge: ${safeLines(text)}\n`);
}

function readIdentities(text: string, file: string): Identities {
  try {
    const identities: unknown = JSON.parse(text);
    if (isIdentities(identities)) return identities;
  } catch {
    // Said below.
  }
  throw new UsageError(`${file} must be JSON: an object of names with claims, as {"Carol": {"sub": "u-carol"}}.`);
}

function isIdentities(value: unknown): value is Identities {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return entries.length > 0 && entries.every(([name, claims]) => name !== '' && isObject(claims));
}

function describe({ url, jwksUrl }: DevServer, state: DevState): string {
  const keys = process.stdin.isTTY ? ['', 'r rotates the signing key, q quits.'] : [];
  return [
    `Your app, signed in (${safeText(state.defaultIdentity)}):  ${paint('bold', `${url}/`)}`,
    `Who it is, and what it would be told:  ${paint('bold', `${url}/.pomerium/`)}`,
    `Somebody else in one browser or test:  ${paint('bold', `${url}/.pomerium/as/NAME`)}`,
    '',
    ...howToStart(process.cwd(), jwksUrl, state),
    ...keys,
  ].join('\n');
}

function listenToKeys(state: DevState, close: () => Promise<void>): void {
  const quit = () => close().then(() => process.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, quit);
  if (!process.stdin.isTTY) return;
  process.stdin.setRawMode(true).on('data', (key) => {
    if (['q', '\u0003'].includes(String(key))) quit();
    if (String(key) === 'r') rotate(state).then(({ kid }) => print(`Now ${kid} signs.`));
  });
}
