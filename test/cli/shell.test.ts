import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, describe, test } from 'vitest';
import { makeSigningKey } from '../../testing/signing-key.ts';
import { HOST } from '../support/issuer.ts';
import { CLI, runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const POLICY = 'allow:\n  or:\n    - domain: example.com\n';
const ALICE = '{"email": "alice@example.com"}';
const BROKEN = 'allow: {or: [{groups: {is: admins}}]}';
writeFileSync(at('policy.yaml'), POLICY);
writeFileSync(at('broken.yaml'), BROKEN);
writeFileSync(at('alice.json'), ALICE);
const key = await makeSigningKey();
writeFileSync(at('key.pem'), key.pkcs8);

/** A command whose output nobody reads, or goes where it cannot be written. */
function runInto(stdout: 'nobody' | number, args: readonly string[]): Promise<{ code: number; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: folder,
      stdio: ['pipe', stdout === 'nobody' ? 'pipe' : stdout, 'pipe'],
    });
    child.stdout?.destroy();
    let stderr = '';
    child.stderr?.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject).on('close', (code) => resolve({ code: code ?? -1, stderr }));
    child.stdin?.end();
  });
}

describe('pomerium-edge in a pipe', () => {
  const commands: [args: string[], code: number][] = [
    [['--help'], 0],
    [['policy', 'check', 'policy.yaml'], 0],
    [['policy', 'check', 'broken.yaml'], 1],
    [['policy', 'test', 'policy.yaml', '--as', 'alice.json', '--json'], 0],
    [['sign', '--key', 'key.pem', '--host', HOST], 0],
    [['inspect', 'x.y.z'], 1],
  ];
  for (const [args, code] of commands) {
    test(`${args.join(' ')} | true ends as without the pipe, and says nothing`, async () => {
      assert.deepEqual(await runInto('nobody', args), { code, stderr: '' });
    });
  }

  test.skipIf(process.platform !== 'linux')('a disk that is full is said in a sentence', async () => {
    const { code, stderr } = await runInto(openSync('/dev/full', 'w'), ['sign', '--key', 'key.pem', '--host', HOST]);
    assert.equal(stderr, 'pomerium-edge: standard output cannot be written: ENOSPC.\n');
    assert.equal(code, 2);
  });

  const inputs: [args: string[], input: string][] = [
    [['policy', 'test', '-', '--as', 'alice.json'], POLICY],
    [['policy', 'test', 'policy.yaml', '--as', '-'], ALICE],
    [['sign', '--key', '-', '--host', HOST], key.pkcs8],
    [['routes', '-'], 'routes: [{from: https://a.example.com, to: http://a, allow_any_authenticated_user: true}]'],
  ];
  for (const [args, input] of inputs) {
    test(`${args.join(' ')} reads standard input`, async () => {
      const { code, stderr } = await runCli(args, { input, cwd: folder });
      assert.equal(code, 0, stderr);
    });
  }

  test('a file on standard input that is empty is told from none', async () => {
    const { code, stderr } = await runCli(['policy', 'check', '-']);
    assert.deepEqual({ code, stderr }, { code: 2, stderr: 'pomerium-edge: - is empty.\n' });
  });
});

describe('pomerium-edge reads files as Windows writes them', () => {
  const utf16 = Buffer.from(`\ufeff${ALICE}`, 'utf16le');
  const encodings: [name: string, bytes: Uint8Array][] = [
    ['UTF-8 with a mark', Buffer.from(`\ufeff${ALICE}`)],
    ['UTF-16', utf16],
    ['UTF-16, big-endian', Buffer.from(utf16).swap16()],
    ['CRLF', Buffer.from(ALICE.replace(' ', '\r\n'))],
  ];
  for (const [name, bytes] of encodings) {
    test(name, async () => {
      writeFileSync(at('windows.json'), bytes);
      const { code, stderr } = await runCli(['policy', 'test', 'policy.yaml', '--as', 'windows.json'], { cwd: folder });
      assert.equal(code, 0, stderr);
    });
  }
});
