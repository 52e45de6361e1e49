import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeSigningKey, type SigningKey } from '../../testing/signing-key.ts';
import { readText } from '../input.ts';
import { keyFilesIn, readKeyFolder, writeKeyFolder } from '../key-folder.ts';
import { UsageError } from '../output.ts';
import { readSigningKeys } from '../signing-keys.ts';

/** The keys to begin with. */
export interface DevKeys {
  readonly keys: readonly SigningKey[];
  /** What a person should know of them, if anything. */
  readonly note?: string;
  /** Whether they are in no file yet. */
  readonly isNew: boolean;
  /** Keeps these for the next start. Undefined where nothing is kept. */
  readonly keep?: (keys: readonly SigningKey[]) => Promise<void>;
}

export interface KeyPlace {
  /** The folder that `dev` runs in. */
  readonly project: string;
  readonly port: number;
  /** Of `--key`. */
  readonly file?: string | undefined;
}

/** Writes nothing: keys are kept only by who listens on the port, so that two processes never write to one folder. */
export async function findKeys({ project, port, file }: KeyPlace): Promise<DevKeys> {
  if (file !== undefined) return { keys: await readSigningKeys(await readText(file), file), isNew: false };
  // Whoever lets the system choose has another address with each start, and nobody keeps the keys of that one.
  if (port === 0) return { keys: [await makeSigningKey()], isNew: true };
  const folder = keyFolderOf(project, port);
  const stranger = await findNotOurs([folder, keyFilesIn(folder).pem]);
  if (stranger !== undefined) {
    return {
      keys: [await makeSigningKey()],
      note: `${stranger} is a link, or not for you alone: no key is taken from there, and none is kept.`,
      isNew: true,
    };
  }
  const keep = (keys: readonly SigningKey[]) => writeKeyFolder(folder, { keys });
  try {
    const ring = await readKeyFolder(folder);
    if (ring) return { keys: ring.keys, isNew: false, keep };
    return { keys: [await makeSigningKey()], isNew: true, keep };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { keys: [await makeSigningKey()], note: `${error.message} A new key replaces it.`, isNew: true, keep };
  }
}

/** The first of these that somebody else could have put there, or could change. */
async function findNotOurs(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await lstat(path).catch(() => undefined);
    if (found && (found.isSymbolicLink() || found.uid !== (process.getuid?.() ?? found.uid) || isOpen(found.mode))) {
      return path;
    }
  }
  return undefined;
}

/** Whether others may write there. Windows has no such modes. */
function isOpen(mode: number): boolean {
  return process.platform !== 'win32' && (mode & 0o022) !== 0;
}

/**
 * A folder for each project and port: an app keeps key sets by their URL, in which the port is. Never among files that are
 * committed.
 */
export function keyFolderOf(project: string, port: number): string {
  const modules = join(project, 'node_modules');
  if (existsSync(modules)) return join(modules, '.cache', 'pomerium-edge', `dev-${port}`);
  const id = createHash('sha256').update(project).digest('hex').slice(0, 16);
  return join(userCache(), 'pomerium-edge', `dev-${port}-${id}`);
}

function userCache(): string {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  if (xdg) return xdg;
  if (process.platform === 'win32') return local ?? join(homedir(), 'AppData', 'Local');
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}
