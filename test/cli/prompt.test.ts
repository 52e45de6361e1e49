import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, assert, beforeEach, describe, test, vi } from 'vitest';
import { createTestIssuer } from '../../testing/index.ts';
import { CLI } from './run-cli.ts';

const issuer = await createTestIssuer();

// The script of macOS is another one.
describe.skipIf(process.platform !== 'linux')('at a terminal (script)', () => {
  let terminal: ChildProcessWithoutNullStreams;
  let output: string;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  });
  afterEach(() => {
    terminal.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (command: string) => {
    output = '';
    const line = `stty cols 160 rows 50; NODE_ENV=test '${process.execPath}' '${CLI}' ${command}; echo "exit $?"`;
    terminal = spawn('script', ['--quiet', '--command', line, '/dev/null']);
    terminal.stdout.on('data', (chunk) => {
      output += stripVTControlCharacters(String(chunk));
    });
  };
  const sees = (text: RegExp) => vi.waitFor(() => assert.match(output, text), { timeout: 20_000, interval: 50 });
  const press = (keys: string) => terminal.stdin.write(keys);

  test('inspect asks for the assertion, and does not show it', async () => {
    writeFileSync(join(folder, 'public.pem'), issuer.keys[0]?.spki ?? '');
    const token = await issuer.sign();
    run(`inspect -a ${issuer.host} -k '${folder}/public.pem'`);
    await sees(/The assertion \(it is not shown\)/);
    press(`${token}\r`);
    await sees(/exit 0/);
    assert.match(output, /valid: a verifier with these settings accepts it/);
    assert.notInclude(output, token.slice(0, 40));
  });

  test('doctor asks first, and takes no for an answer', async () => {
    run('doctor http://127.0.0.1:1/ -a app.corp.example.com');
    await sees(/Only say yes if it is yours/);
    press('n\r');
    await sees(/Nothing was sent[\s\S]*exit 2/);
  });

  test('dev rotates the key on r, and ends on q', async () => {
    run('dev --to http://127.0.0.1:1 --port 0');
    await sees(/r rotates the signing key, q quits/);
    press('r');
    await sees(/Now [0-9a-f]{64} signs/);
    press('q');
    await sees(/exit 0/);
  });
});
