import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { assert, describe, test } from 'vitest';
import { startProcess } from '../../scripts/processes.ts';
import { ROOT } from '../../scripts/run.ts';

const node = process.execPath;

describe('npm start', () => {
  test('-- --once shows every verdict as expected and exits with 0', async () => {
    const { stdout } = await promisify(execFile)(node, ['scripts/launch.js', 'start', '--once'], { cwd: ROOT });
    assert.match(stdout, /every verdict as expected/);
    assert.isAtLeast(stdout.match(/^✓ /gm)?.length ?? 0, 30);
    assert.notMatch(stdout, /^✗ /m);
    assert.match(stdout, /^ +request +status +verdict\n/, 'the table comes first');
    for (const line of stdout.split('\n')) assert.isAtMost([...line].length, 100, line);
    assert.notMatch(stdout, /assertion_refused/);
    const log = /log: (\S+)/.exec(stdout)?.[1] ?? '';
    assert.match(readFileSync(`${ROOT}${log}`, 'utf8'), /^guard: \{"type":"assertion_refused"/m);
  });

  test('then goes on with a service behind each adapter, side by side on its page, and leaves nothing behind', async () => {
    const started = startProcess(node, ['scripts/launch.js', 'start']);
    const pageUrl = await started.printed(/(http:\/\/localhost:\d+\/\.pomerium\/)\n$/);
    const through = await started.printed(/through Pomerium.*(http:\/\/localhost:\d+)/);
    const around = await started.printed(/straight to the guard:\s+(http:\/\/127\.0\.0\.1:\d+)/);
    const lambda = await started.printed(/Lambda authorizer.*(http:\/\/127\.0\.0\.1:\d+)/);
    const hono = await started.printed(/Hono.*(http:\/\/127\.0\.0\.1:\d+)/);
    assert.equal((await fetch(`${through}/hello`)).status, 200);
    assert.equal((await fetch(`${around}/hello`)).status, 401);
    const page = await (await fetch(pageUrl)).text();
    for (const name of ['Guard Worker', 'Hono', 'Lambda authorizer']) {
      const row = new RegExp(`<tr><th scope="row"><a href="[^"]*">${name}.*?</tr>`, 's').exec(page)?.[0] ?? '';
      assert.match(row, /class="pass">✓ alice@example\.com<.*class="pass">✓ 401/s, name);
    }
    // Twice, as when npm hands Ctrl-C on.
    await Promise.all([started.stop('SIGINT'), started.stop('SIGINT')]);
    for (const url of [through, around, lambda, hono]) {
      const answer = await fetch(url).then(
        () => 'still there',
        () => 'gone',
      );
      assert.equal(answer, 'gone', url);
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
