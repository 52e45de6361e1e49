import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, assert, beforeEach, describe, test, vi } from 'vitest';
import { createTestIssuer } from '../../testing/index.ts';
import { CLI } from './run-cli.ts';

const issuer = await createTestIssuer();

describe('at a terminal (tmux)', () => {
  let socket: string;
  let folder: string;
  beforeEach(() => {
    socket = `pomerium-edge-${crypto.randomUUID()}`;
    folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  });
  afterEach(() => {
    tmux('kill-server');
    rmSync(folder, { recursive: true, force: true });
  });

  const tmux = (...args: string[]) => execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' });
  const screen = () => tmux('capture-pane', '-p', '-J');
  const sees = (text: RegExp) => vi.waitFor(() => assert.match(screen(), text), { timeout: 20_000, interval: 50 });
  const run = (command: string) =>
    tmux(
      'new-session',
      '-d',
      '-x',
      '160',
      '-y',
      '50',
      `NODE_ENV=test '${process.execPath}' '${CLI}' ${command}; echo "exit $?"; cat`,
    );

  test('inspect asks for the assertion, and does not show it', async () => {
    writeFileSync(join(folder, 'public.pem'), issuer.keys[0]?.spki ?? '');
    const token = await issuer.sign();
    run(`inspect -a ${issuer.host} -k '${folder}/public.pem'`);
    await sees(/The assertion \(it is not shown\)/);
    tmux('send-keys', '-l', token);
    tmux('send-keys', 'Enter');
    await sees(/exit 0/);
    assert.match(screen(), /valid: a verifier with these settings accepts it/);
    assert.notInclude(screen(), token.slice(0, 40));
  });

  test('doctor asks first, and takes no for an answer', async () => {
    run('doctor http://127.0.0.1:1/ -a app.corp.example.com');
    await sees(/Only say yes if it is yours/);
    tmux('send-keys', 'n', 'Enter');
    await sees(/Nothing was sent[\s\S]*exit 2/);
  });

  test('dev rotates the key on r, and ends on q', async () => {
    run('dev --to http://127.0.0.1:1 --port 0');
    await sees(/r rotates the signing key, q quits/);
    tmux('send-keys', 'r');
    await sees(/Now [0-9a-f]{64} signs/);
    tmux('send-keys', 'q');
    await sees(/exit 0/);
  });
});
