import { type Command, Option } from 'commander';
import { IDENTITIES } from '../testing/identities.ts';
import { createTestIssuer } from '../testing/issuer.ts';
import { readList, readNumber, readText, requireHostNames } from './input.ts';
import { print, printJson, UsageError } from './output.ts';
import { readSigningKeys } from './signing-keys.ts';

interface SignOptions {
  readonly key: string;
  readonly host: string;
  readonly issuerFormat: 'host' | 'uri';
  readonly user?: string;
  readonly email?: string;
  readonly name?: string;
  readonly groups?: readonly string[];
  readonly anonymous?: boolean;
  readonly claim: Readonly<Record<string, unknown>>;
  readonly lifetime: number;
  readonly json?: boolean;
}

export function addSign(program: Command): void {
  program
    .command('sign')
    .description('sign an assertion as Pomerium would, for tests')
    .requiredOption('-k, --key <file>', 'the private key: PEM, or base64 of one')
    .requiredOption('--host <host>', 'the route’s host')
    .addOption(new Option('--issuer-format <format>', 'as jwt_issuer_format').choices(['host', 'uri']).default('host'))
    .option('--user <id>', 'default: u-alice')
    .option('--email <address>', 'default: alice@example.com')
    .option('--name <name>', 'default: Alice Liddell')
    .option('--groups <groups>', 'with commas', readList)
    .option('--anonymous', 'for nobody')
    .option('--claim <name=value>', 'one more claim, or another value; JSON or text; may be repeated', addClaim, {})
    .option('--lifetime <seconds>', 'from now until it expires', readNumber('lifetime'), 300)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: SignOptions) => {
      const assertion = await sign(options);
      if (options.json) printJson({ assertion });
      else print(assertion);
    });
}

const EXAMPLES = `
Exit codes: 0 the assertion is printed, 2 called wrongly.

Examples:
  $ pomerium-edge sign --key keys/signing-key.pem --host app.corp.example.com --groups admins,staff
  $ curl -H "x-pomerium-jwt-assertion: $(pomerium-edge sign -k keys/signing-key.pem --host app.corp.example.com)" http://127.0.0.1:8787/`;

function addClaim(text: string, claims: Record<string, unknown>): Record<string, unknown> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new UsageError(`--claim must be name=value; it is ${JSON.stringify(text)}.`);
  return { ...claims, [name]: parseValue(value) };
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function sign(options: SignOptions): Promise<string> {
  const { key, host, issuerFormat, user, email, name, groups, anonymous, claim, lifetime } = options;
  requireHostNames('host', [host]);
  const keys = await readSigningKeys(await readText(key), key);
  const issuer = await createTestIssuer({ host, issuerFormat, keys });
  const chosenClaims = {
    ...(user !== undefined && { sub: user, user }),
    ...(email !== undefined && { email }),
    ...(name !== undefined && { name }),
    ...(groups && { groups }),
  };
  const iat = Math.floor(Date.now() / 1000);
  return issuer.sign({ ...(anonymous && IDENTITIES.anonymous), iat, exp: iat + lifetime, ...chosenClaims, ...claim });
}
