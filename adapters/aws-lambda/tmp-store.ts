import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JwksStore, requireKnown, requireOptions } from '../../core/adapter.ts';

/**
 * `/tmp`: survives a crash of the process, but not its environment. `folder`: another one.
 * @throws {PomeriumError} `invalid_configuration` for an option that there is not
 */
export function tmpStore(options: { folder?: string } = {}): JwksStore {
  requireOptions(options);
  requireKnown(options, ['folder'], 'option of tmpStore()');
  const { folder = tmpdir() } = options;
  const pathOf = (key: string) => join(folder, `pomerium-edge-${createHash('sha256').update(key).digest('hex')}.json`);
  return {
    async getItem(key) {
      return readFile(pathOf(key), 'utf8').catch((error) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
    },
    async setItem(key, value) {
      // Renamed into place: a reader never sees half of it.
      const draft = join(folder, `pomerium-edge-${randomUUID()}`);
      await writeFile(draft, value, { mode: 0o600 });
      await rename(draft, pathOf(key));
    },
  };
}
