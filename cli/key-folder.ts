import { existsSync } from 'node:fs';
import { lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SigningKey } from '../testing/signing-key.ts';
import { readText } from './input.ts';
import { UsageError } from './output.ts';
import type { KeyRing, Rotation } from './rotation.ts';
import { certificateOf, readSigningKeys } from './signing-keys.ts';

/** The files of a key folder. The first two are secret; the last one is there while a rotation is under way. */
const FILES = {
  pem: 'signing-key.pem',
  base64: 'signing-key.base64',
  spki: 'public.pem',
  certificate: 'certificate.pem',
  jwks: 'jwks.json',
  rotation: 'rotation.json',
} as const;

export type KeyFiles = Readonly<Record<Exclude<keyof typeof FILES, 'rotation'>, string>>;

export function keyFilesIn(folder: string): KeyFiles {
  const { rotation, ...names } = FILES;
  const paths = Object.entries(names).map(([name, file]) => [name, join(folder, file)]);
  return Object.fromEntries(paths) as KeyFiles;
}

/** What a folder holds; undefined where it has no signing key. Throws `UsageError`. */
export async function readKeyFolder(folder: string): Promise<KeyRing | undefined> {
  const path = keyFilesIn(folder).pem;
  if (!existsSync(path)) return undefined;
  return { keys: await readSigningKeys(await readText(path), path), rotation: await readRotation(folder) };
}

/** A file that a first key would overwrite, and that is perhaps somebody's own. A link is replaced, and what it leads to stays. */
export async function findKeyFile(folder: string): Promise<string | undefined> {
  for (const path of Object.values(keyFilesIn(folder))) {
    const found = await lstat(path).catch(() => undefined);
    if (found?.isFile()) return path;
  }
  return undefined;
}

async function readRotation(folder: string): Promise<Rotation | undefined> {
  const path = join(folder, FILES.rotation);
  if (!existsSync(path)) return undefined;
  const rotation = parseRotation(await readText(path));
  if (rotation) return rotation;
  throw new UsageError(`${path} does not say how far a rotation is; delete it to forget the rotation.`);
}

function parseRotation(text: string): Rotation | undefined {
  try {
    const { step, keyId, at } = JSON.parse(text);
    const isRotation = (step === 'published' || step === 'signing') && typeof keyId === 'string';
    return isRotation && !Number.isNaN(Date.parse(at)) ? { step, keyId, at } : undefined;
  } catch {
    return undefined;
  }
}

/** Writes every form of the keys, in their order. */
export async function writeKeyFolder(folder: string, { keys, rotation }: KeyRing): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = keyFilesIn(folder);
  const pem = keys.map(({ pkcs8 }) => pkcs8).join('');
  await writeWhole(files.pem, pem, 0o600);
  await writeWhole(files.base64, `${Buffer.from(pem).toString('base64')}\n`, 0o600);
  await writeWhole(files.spki, keys.map(({ spki }) => spki).join(''));
  await writeWhole(files.certificate, await certificates(keys));
  await writeWhole(files.jwks, toJson({ keys: keys.map(({ publicJwk }) => publicJwk) }));
  const path = join(folder, FILES.rotation);
  if (rotation) await writeWhole(path, toJson(rotation));
  else await rm(path, { force: true });
}

function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function certificates(keys: readonly SigningKey[]): Promise<string> {
  const now = new Date();
  return (await Promise.all(keys.map((key) => certificateOf(key, now)))).join('');
}

/**
 * Renamed into place: a key is never half written. The draft is a new file under a name that nobody can know before (`wx`), so
 * that it has this mode and nobody else has it open.
 */
async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const draft = `${path}.${crypto.randomUUID()}`;
  await writeFile(draft, text, { mode, flag: 'wx' });
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
