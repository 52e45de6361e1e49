import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { DEFAULT_IDENTITIES } from '../../cli/dev/identities.ts';
import { type DevServer, startDevServer } from '../../cli/dev/server.ts';
import { createDevState } from '../../cli/dev/state.ts';
import { freePort } from '../../scripts/free-port.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { SEED_TOKEN } from '../support/seed.ts';
import { runCli } from './run-cli.ts';

const REFUSED = /the connection was refused \(ECONNREFUSED\); nothing listens/;

describe('pomerium-edge dev, where the app does not run', () => {
  let dev: DevServer;
  let to: string;
  beforeAll(async () => {
    to = `http://127.0.0.1:${await freePort()}`;
    const services = [{ name: 'A service', url: `${to}/service` }];
    const issuer = await createTestIssuer();
    const state = createDevState({ issuer, to, identities: DEFAULT_IDENTITIES });
    state.services = services;
    dev = await startDevServer(state, 0);
  });
  afterAll(() => dev.close());

  const page = async (path: string, form?: Record<string, string>) => {
    const init = form && { method: 'POST', body: new URLSearchParams(form) };
    return (await fetch(dev.url + path, init)).text();
  };

  test('says so, and why, to whoever asks for the app', async () => {
    const response = await fetch(`${dev.url}/x`);
    assert.equal(response.status, 502);
    const text = await response.text();
    assert.include(text, `The app at ${to} cannot be reached: `);
    assert.match(text, REFUSED);
  });

  test('lists the request with the reason on its page', async () => {
    await fetch(`${dev.url}/listed`);
    const [, row = ''] = /<tr>(<td((?!<tr>).)*GET \/listed<.*?)<\/tr>/s.exec(await page('/.pomerium/')) ?? [];
    assert.match(row, REFUSED);
  });

  test('says of a service why it did not answer', async () => {
    const [, row = ''] = /A service<\/a>(.*?)<\/tr>/s.exec(await page('/.pomerium/')) ?? [];
    assert.lengthOf(row.split('no answer: the connection was refused (ECONNREFUSED)'), 3, 'with and without');
  });

  test('finds the assertion in what is pasted', async () => {
    const text = await page('/.pomerium/', { assertion: `> x-pomerium-jwt-assertion: ${SEED_TOKEN}` });
    assert.match(text, /<td class="pass">✓ holds<\/td><td>one compact JWS/);
  });

  test('explains what is pasted on the page of an attack, and attacks no more', async () => {
    const text = await page('/.pomerium/attack', { assertion: 'not.an.assertion' });
    assert.include(text, 'The assertion that was pasted');
    assert.notInclude(text, 'got in that must not');
  });

  test('attacks every path as one of the app, also one that is no path of a URL', async () => {
    for (const path of ['/\\', '\\\\evil.test/', '//[', '']) {
      assert.match(await page('/.pomerium/attack', { attack: 'expired', path }), /1 got in|None of 1 /, path);
    }
  });

  test('calls attacks on an app that is not there no success', async () => {
    const text = await page('/.pomerium/attack', { path: '/' });
    assert.match(
      text,
      /<p class="verdict open" role="status">\? None of (\d+) got in that must not, and \1 of them cannot be told\.<\/p>/,
    );
    assert.notInclude(text, '✓ None of');
  });

  test('says of an attack on another path that nothing was sent', async () => {
    const text = await page('/.pomerium/attack', { attack: 'path /admin/.', path: '/other' });
    assert.include(text, 'Nothing was sent: there is no such attack on this path.');
    assert.notInclude(text, 'got in that must not');
  });

  test('says of an attack why there was no answer', async () => {
    assert.match(
      await page('/.pomerium/attack', { attack: 'expired', path: '/' }),
      /no answer: the connection was refused/,
    );
  });
});

describe('pomerium-edge dev takes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const refuse = async (args: string[], message: RegExp) => {
    const { code, stderr, stdout } = await runCli(['dev', ...args]);
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.equal(stdout, '');
  };

  for (const host of ['localhost', '127.0.0.1', '[::1]', 'app.localhost', '0.0.0.0']) {
    test(`itself at ${host} for no app`, async () => {
      const port = String(await freePort());
      await refuse(['--to', `http://${host}:${port}`, '--port', port], /is the address of this stand-in itself/);
    });
  }

  test('no URL for a host', async () => {
    const args = ['--to', 'http://127.0.0.1:1', '--port', '0', '--host', 'https://app.corp.example.com'];
    await refuse(args, /--host takes a host name without scheme, port and path/);
  });

  for (const text of ['{}', '[]', '[{}]', '{"Carol":[]}', '{"":{}}', '{"Carol":null}', 'null', 'Carol']) {
    test(`no identities of ${text}`, async () => {
      const file = join(folder, 'identities.json');
      writeFileSync(file, text);
      const args = ['--to', 'http://127.0.0.1:1', '--port', '0', '--identities', file];
      await refuse(args, /must be JSON: an object of names with claims, as \{"Carol"/);
    });
  }
});

test('pomerium-edge dev --as takes nobody who is not there', async () => {
  const { code, stderr } = await runCli(['dev', '--to', 'http://127.0.0.1:1', '--port', '0', '--as', 'mallory']);
  assert.equal(code, 2);
  assert.match(stderr, /--as must be one of Alice, a user; .*; it is mallory\./);
});
