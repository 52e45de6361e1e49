import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { HOST, type TestKey } from '../support/issuer.ts';

interface Options {
  /** What it finds all the same, by name. */
  readonly known?: readonly string[];
  /** What the endpoint's rules give to everybody. */
  readonly publicPaths?: readonly string[];
}

/** That `pomerium-edge doctor`, with the endpoint's own key, finds nothing wrong with it. */
export async function assertDoctorFindsNothing(
  url: string,
  key: TestKey,
  { known = [], publicPaths = [] }: Options = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  try {
    const file = join(folder, 'key.pem');
    writeFileSync(file, key.pkcs8);
    const args = ['doctor', url, '--audience', HOST, '--key', file, '--rate', '1000', '--yes', '--json'];
    if (publicPaths.length > 0) args.push('--public', ...publicPaths);
    const { code, stdout, stderr } = await runCli(args);
    assert.equal(stderr, '');
    const { findings } = JSON.parse(stdout) as { findings: { name: string; verdict: string }[] };
    const wrong = findings.filter(({ verdict }) => verdict !== 'as it should').map(({ name }) => name);
    assert.deepEqual(wrong, known);
    assert.isAtLeast(findings.length, 80);
    assert.include(findings[0]?.name ?? '', 'a good assertion');
    assert.equal(code, known.length > 0 ? 1 : 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
