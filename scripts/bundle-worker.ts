import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { must, ROOT, tool } from './run.ts';

/** Of the Worker that is deployed, and so of every workerd here. */
export const COMPATIBILITY_DATE =
  /^compatibility_date = "(.*)"$/m.exec(readFileSync(`${ROOT}wrangler.toml`, 'utf8'))?.[1] ?? '';

/**
 * What `wrangler deploy` would upload, and what it says about it. `entry` instead of the configuration's own Worker;
 * `config` instead of the root's `wrangler.toml`.
 */
export async function bundleWorker(
  options: { entry?: string; config?: string } = {},
): Promise<{ code: string; output: string }> {
  const { entry = 'dist/adapters/cloudflare/worker.js', config = 'wrangler.toml' } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  try {
    const args = ['deploy', entry, '--config', config, '--dry-run', '--outdir', folder];
    const output = await must(tool('wrangler'), args, { capture: true });
    return { code: readFileSync(join(folder, `${basename(entry).replace(/\.[jt]s$/, '')}.js`), 'utf8'), output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
