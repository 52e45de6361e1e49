import { type Command, Option } from 'commander';
import type { Algorithm } from '../core/signature/algorithms.ts';
import { safeLines } from '../inspector/text.ts';
import { makeSigningKey } from '../testing/signing-key.ts';
import { findKeyFile, type KeyFiles, keyFilesIn, readKeyFolder, writeKeyFolder } from './key-folder.ts';
import { print, printJson, UsageError } from './output.ts';
import { dropOld, type KeyRing, nextStepAt, promoteNext, publishNext, WAIT_MINUTES } from './rotation.ts';
import { shellWord } from './routes/quoting.ts';

interface KeygenOptions {
  readonly out: string;
  readonly algorithm: Extract<Algorithm, 'ES256' | 'RS256'>;
  readonly rotate?: boolean;
  readonly promote?: boolean;
  readonly dropOld?: boolean;
  readonly json?: boolean;
}

export function addKeygen(program: Command): void {
  program
    .command('keygen')
    .description('make a signing key for Pomerium, and its public half in every form; rotate it')
    .requiredOption('-o, --out <folder>', 'where the files are')
    .addOption(new Option('--algorithm <name>', 'of the key').choices(['ES256', 'RS256']).default('ES256'))
    .addOption(
      new Option('--rotate', 'step 1: make a new key and publish it; the current one goes on signing').conflicts([
        'promote',
        'dropOld',
      ]),
    )
    .addOption(
      new Option('--promote', 'step 2: the new key signs; the old one is still published').conflicts('dropOld'),
    )
    .option('--drop-old', 'step 3: the old key is published no more')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: KeygenOptions) => {
      const { out, json } = options;
      if (out === '') throw new UsageError('--out must name a folder; it is empty.');
      const ring = await changedRing(await readKeyFolder(out), options);
      await writeKeyFolder(out, ring);
      if (json) printJson(toJson(ring, out));
      else print(safeLines([...describeKeys(ring, keyFilesIn(out)), ...describeNext(ring, out)].join('\n')));
    });
}

const EXAMPLES = `
The private key is written to files that only you can read, and never printed.

A verifier may know the keys of up to ${WAIT_MINUTES} minutes ago. So a rotation is three steps with as many minutes between them; each one
says what to do next, and is refused before its time.

Exit codes: 0 the files are written, 2 called wrongly, also too early.

Examples:
  $ pomerium-edge keygen --out keys
  $ export SIGNING_KEY="$(cat keys/signing-key.base64)"   # for Pomerium, after each step
  $ pomerium-edge keygen --out keys --rotate              # the new key is published, the current one signs
  $ pomerium-edge keygen --out keys --promote             # the new key signs, the old one is still published
  $ pomerium-edge keygen --out keys --drop-old            # the new key is the only one`;

async function changedRing(ring: KeyRing | undefined, options: KeygenOptions): Promise<KeyRing> {
  const { out, algorithm, rotate, promote, dropOld: drop } = options;
  const path = keyFilesIn(out).pem;
  const now = new Date();
  if (!ring) {
    if (rotate || promote || drop) throw new UsageError(`There is no ${path} to rotate.`);
    const file = await findKeyFile(out);
    if (file !== undefined) throw new UsageError(`${file} is there already, without ${path}: say another folder.`);
    return { keys: [await makeSigningKey(algorithm)] };
  }
  if (rotate) return publishNext(ring, await makeSigningKey(algorithm), now);
  if (promote) return promoteNext(ring, now);
  if (drop) return dropOld(ring, now);
  throw new UsageError(`${path} is there already; --rotate publishes a new key behind it.`);
}

/** The step after this one, and when it may be done; undefined where no rotation is under way. */
function nextStep({ rotation }: KeyRing): { option: string; notBefore: string } | undefined {
  if (!rotation) return undefined;
  const option = rotation.step === 'published' ? '--promote' : '--drop-old';
  return { option, notBefore: nextStepAt(rotation).toISOString() };
}

function toJson(ring: KeyRing, out: string): object {
  const next = nextStep(ring);
  return { keyIds: ring.keys.map(({ kid }) => kid), files: keyFilesIn(out), ...(next && { next }) };
}

function describeKeys({ keys }: KeyRing, files: KeyFiles): string[] {
  const [current, ...others] = keys.map(({ kid }) => kid);
  return [
    `Key ${current} signs.`,
    ...others.map((kid) => `Key ${kid} is published and does not sign.`),
    '',
    `  ${files.pem}     secret: the private keys, PEM`,
    `  ${files.base64}  secret: the same in base64, for SIGNING_KEY`,
    `  ${files.spki}          public keys, PEM`,
    `  ${files.certificate}     public keys, X.509`,
    `  ${files.jwks}           public keys, JWKS: for POMERIUM_JWKS or staticKeys()`,
    '',
  ];
}

/** What to do with the files, and what comes after that. */
function describeNext(ring: KeyRing, out: string): string[] {
  const files = keyFilesIn(out);
  const forPomerium = `SIGNING_KEY="$(cat ${shellWord(files.base64)})"`;
  const next = nextStep(ring);
  if (!next) return [`For Pomerium: ${forPomerium}`];
  const reason =
    next.option === '--promote'
      ? 'publishes the new key: then every verifier has it'
      : 'signs with the new key: then no assertion of the old one is valid';
  return [
    'Next:',
    `  1. Give Pomerium ${forPomerium}, and verifiers that do not fetch keys ${files.jwks}.`,
    `  2. Wait ${WAIT_MINUTES} minutes from when every Pomerium ${reason}.`,
    `  3. pomerium-edge keygen --out ${shellWord(out)} ${next.option}   (not before ${next.notBefore})`,
  ];
}
