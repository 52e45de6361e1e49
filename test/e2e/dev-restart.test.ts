import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { type Running, startProcess } from '../../scripts/processes.ts';
import { ROOT, tool } from '../../scripts/run.ts';
import { CLI } from '../cli/run-cli.ts';
import { closedPort } from '../support/closed-port.ts';

describe('examples/cloudflare-workers under wrangler dev, behind pomerium-edge dev', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  const running: Running[] = [];
  let startDev: () => Running;
  let url: string;

  beforeAll(async () => {
    cpSync(`${ROOT}examples/cloudflare-workers`, folder, { recursive: true });
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ROOT, join(folder, 'node_modules', 'pomerium-edge'));
    const [appPort, port] = [await closedPort(), await closedPort()].map(String);
    const args = [CLI, 'dev', '--to', `http://127.0.0.1:${appPort}`, '--port', String(port)];
    startDev = () => start(process.execPath, args, { NODE_ENV: 'test' });
    url = `http://127.0.0.1:${port}`;
    const lines = await startDev().printed(/"npm run dev" and, in \.dev\.vars \(.*\):\n((?: {2}\S+=\S+\n)+)/);
    writeFileSync(join(folder, '.dev.vars'), lines);
    const flags = ['--ip', '127.0.0.1', '--port', String(appPort), '--inspector-port', '0'];
    await start(tool('wrangler'), ['dev', ...flags]).printed(/Ready on/);
  });
  afterAll(async () => {
    for (const one of running.reverse()) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(command: string, args: readonly string[], env = {}): Running {
    const one = startProcess(command, args, folder, env);
    running.push(one);
    return one;
  }

  const keysOf = async () => (await fetch(`${url}/.well-known/pomerium/jwks.json`)).json();

  test('the Worker knows who is signed in, with the printed lines in .dev.vars', async () => {
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    assert.include(await answer.json(), { email: 'alice@example.com' });
  });

  test('and after a restart, with the keys that it has', async () => {
    const keys = await keysOf();
    await running[0]?.stop('SIGINT');
    await startDev().printed(/\.dev\.vars has both already\./);
    assert.equal((await fetch(url)).status, 200);
    assert.deepEqual(await keysOf(), keys);
  });
});
