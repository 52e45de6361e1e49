import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { must, tool } from './run.ts';

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
