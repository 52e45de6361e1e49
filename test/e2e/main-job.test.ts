import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { assert, describe, test } from 'vitest';
import { ROOT } from '../../scripts/run.ts';
import { startProcess } from './processes.ts';

const node = process.execPath;

describe('npm start', () => {
  test('-- --once shows every verdict as expected and exits with 0', async () => {
    const { stdout } = await promisify(execFile)(node, ['scripts/launch.js', 'start', '--once'], { cwd: ROOT });
    assert.match(stdout, /every verdict as expected/);
    assert.isAtLeast(stdout.match(/^✓ /gm)?.length ?? 0, 30);
    assert.notMatch(stdout, /^✗ /m);
  });

  test('goes on serving until Ctrl-C, and leaves nothing behind', async () => {
    const started = startProcess(node, ['scripts/launch.js', 'start']);
    const through = await started.printed(/through Pomerium.*(http:\/\/127\.0\.0\.1:\d+)/);
    const around = await started.printed(/straight to the guard:\s+(http:\/\/127\.0\.0\.1:\d+)/);
    assert.equal((await fetch(`${through}/hello`)).status, 200);
    assert.equal((await fetch(`${around}/hello`)).status, 401);
    await started.stop('SIGINT');
    for (const url of [through, around]) {
      const answer = await fetch(url).then(
        () => 'still there',
        () => 'gone',
      );
      assert.equal(answer, 'gone');
    }
  });

  test('says in a sentence what is wrong with its arguments', async () => {
    const error = await promisify(execFile)(node, ['scripts/launch.js', 'start', '--twice'], { cwd: ROOT }).catch(
      (e) => e,
    );
    assert.equal(error.code, 1);
    assert.equal(error.stderr.trim(), 'There is no argument --twice; "npm start -- --once" ends after the table.');
  });
});
