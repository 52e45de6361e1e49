import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Algorithm } from '../core/signature/algorithms.ts';
import { makeSigningKey, type SigningKey } from '../testing/signing-key.ts';
import { readText } from './input.ts';
import { print, printJson, UsageError } from './output.ts';
import { certificateOf, readSigningKeys } from './signing-keys.ts';

interface KeygenOptions {
  readonly out: string;
  readonly algorithm: Extract<Algorithm, 'ES256' | 'RS256'>;
  readonly rotate?: boolean;
  readonly json?: boolean;
}

/** What is written. The first two are secret. */
const FILES = {
  pem: 'signing-key.pem',
  base64: 'signing-key.base64',
  spki: 'public.pem',
  certificate: 'certificate.pem',
  jwks: 'jwks.json',
} as const;

export function addKeygen(program: Command): void {
  program
    .command('keygen')
    .description('make a signing key for Pomerium, and its public half in every form')
    .requiredOption('-o, --out <folder>', 'where to write the files')
    .addOption(new Option('--algorithm <name>', 'of the key').choices(['ES256', 'RS256']).default('ES256'))
    .option('--rotate', 'put a new key before those in the folder, which go on being published')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: KeygenOptions) => {
      const files = await writeKeys(options);
      if (options.json) printJson(files);
      else print(describe(files, options));
    });
}

const EXAMPLES = `
The private key is written to files that only you can read, and never printed.

Examples:
  $ pomerium-edge keygen --out keys
  $ export SIGNING_KEY="$(cat keys/signing-key.base64)"   # for Pomerium
  $ pomerium-edge keygen --out keys --rotate              # later: the new key signs, the old one is still published`;

interface Written {
  readonly keyIds: readonly string[];
  readonly files: Readonly<Record<keyof typeof FILES, string>>;
}

async function writeKeys({ out, algorithm, rotate = false }: KeygenOptions): Promise<Written> {
  const at = (name: keyof typeof FILES) => join(out, FILES[name]);
  const exists = existsSync(at('pem'));
  if (exists && !rotate) throw new UsageError(`${at('pem')} is there already; --rotate puts a new key before it.`);
  if (!exists && rotate) throw new UsageError(`There is no ${at('pem')} to rotate.`);
  const old = exists ? await readSigningKeys(await readText(at('pem')), at('pem')) : [];
  const key = await makeSigningKey(algorithm);
  const keys = [key, ...old];
  await mkdir(out, { recursive: true });
  const pem = keys.map(({ pkcs8 }) => pkcs8).join('');
  await writeWhole(at('pem'), pem, 0o600);
  await writeWhole(at('base64'), `${Buffer.from(pem).toString('base64')}\n`, 0o600);
  await writeWhole(at('spki'), keys.map(({ spki }) => spki).join(''));
  await writeWhole(at('certificate'), await certificates(keys));
  await writeWhole(at('jwks'), `${JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }, null, 2)}\n`);
  const names = Object.keys(FILES) as (keyof typeof FILES)[];
  return {
    keyIds: keys.map(({ kid }) => kid),
    files: Object.fromEntries(names.map((name) => [name, at(name)])) as Written['files'],
  };
}

async function certificates(keys: readonly SigningKey[]): Promise<string> {
  const now = new Date();
  return (await Promise.all(keys.map((key) => certificateOf(key, now)))).join('');
}

/** Renamed into place: a key is never half written, and never readable by others in between. */
async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const draft = `${path}.new`;
  await writeFile(draft, text, { mode });
  await rename(draft, path);
}

function describe({ keyIds, files }: Written, { rotate }: KeygenOptions): string {
  const [kid] = keyIds;
  return [
    `Key ${kid} signs${rotate ? `; ${keyIds.length - 1} older one${keyIds.length > 2 ? 's are' : ' is'} still published` : ''}.`,
    '',
    `  ${files.pem}     secret: the private key, PEM`,
    `  ${files.base64}  secret: the same in base64, for SIGNING_KEY`,
    `  ${files.spki}          public key, PEM`,
    `  ${files.certificate}     public key, X.509`,
    `  ${files.jwks}           public key, JWKS: for POMERIUM_JWKS or staticKeys()`,
    '',
    `For Pomerium: SIGNING_KEY="$(cat ${files.base64})"`,
  ].join('\n');
}
