import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createVerifier, staticKeys } from '../../core/index.ts';
import { HOST, makeKey } from '../support/issuer.ts';
import { type CliResult, runCli } from './run-cli.ts';

/** A key whose assertions `verifier` takes, and `file`, where the doctor finds it. */
export const key = await makeKey();
export const verifier = createVerifier({ audience: HOST, keys: staticKeys({ keys: [key.publicJwk] }) });
/** A folder of the test file. */
export const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
export const file = join(folder, 'key.pem');
writeFileSync(file, key.pkcs8);

/** The command, asking nobody and waiting for nothing. */
export function runDoctor(url: string, ...args: readonly string[]): Promise<CliResult> {
  return runCli(['doctor', url, '-a', HOST, '-y', '--rate', '1000', ...args]);
}
