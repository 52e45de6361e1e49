import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { freePort } from '../../scripts/free-port.ts';
import { type Running, startProcess } from '../../scripts/processes.ts';
import { CLI } from '../cli/run-cli.ts';
import { installProject, type Project } from '../support/example-project.ts';
import { startWrangler } from './wrangler.ts';

describe('examples/cloudflare-workers under wrangler dev, behind pomerium-edge dev', () => {
  let project: Project;
  const running: Running[] = [];
  let startDev: () => Running;
  let url: string;

  beforeAll(async () => {
    project = await installProject('examples/cloudflare-workers');
    const [appPort, port] = [await freePort(), await freePort()];
    const args = [CLI, 'dev', '--to', `http://127.0.0.1:${appPort}`, '--port', String(port)];
    startDev = () => {
      const dev = startProcess(process.execPath, args, { cwd: project.folder, env: { NODE_ENV: 'test' } });
      running.push(dev);
      return dev;
    };
    url = `http://127.0.0.1:${port}`;
    const lines = await startDev().printed(/"npm run dev" and, in \.dev\.vars \(.*\):\n((?: {2}\S+=\S+\n)+)/);
    writeFileSync(join(project.folder, '.dev.vars'), lines);
    running.push(await startWrangler(['dev'], { folder: project.folder, port: appPort }));
  });
  afterAll(async () => {
    for (const one of running.reverse()) await one.stop();
    project?.remove();
  });

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
