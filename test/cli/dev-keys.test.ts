import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, assert, beforeEach, describe, test, vi } from 'vitest';
import { findKeys, keyFolderOf } from '../../cli/dev/kept-keys.ts';
import { createDevState, rotate } from '../../cli/dev/state.ts';
import { readKeyFolder, writeKeyFolder } from '../../cli/key-folder.ts';
import { freePort } from '../../scripts/free-port.ts';
import { startProcess } from '../../scripts/processes.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { makeSigningKey } from '../../testing/signing-key.ts';
import { CLI, runCli } from './run-cli.ts';

let project: string;
let cache: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  cache = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  mkdirSync(join(project, 'node_modules'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const folder of [project, cache]) rmSync(folder, { recursive: true, force: true });
});

const idsOf = (keys: readonly { kid: string }[] = []) => keys.map(({ kid }) => kid);

describe('pomerium-edge dev keeps its key', () => {
  const start = (port: number, ...args: string[]) =>
    startProcess(process.execPath, [CLI, 'dev', '--to', 'http://127.0.0.1:1', '--port', String(port), ...args], {
      cwd: project,
      env: { NODE_ENV: 'test', XDG_CACHE_HOME: cache },
    });

  /** The ids of what a start publishes. `use`: what is done to it. */
  async function publishedBy(port: number, args: string[] = [], use = async (_url: string) => {}): Promise<string[]> {
    const dev = start(port, ...args);
    try {
      const jwksUrl = await dev.printed(/POMERIUM_JWKS_URL=(\S+)/);
      await use(new URL(jwksUrl).origin);
      const { keys } = (await (await fetch(jwksUrl)).json()) as { keys: { kid: string }[] };
      return idsOf(keys);
    } finally {
      await dev.stop('SIGINT');
    }
  }

  const rotateAt = async (url: string) => {
    await fetch(`${url}/.pomerium/rotate`, { method: 'POST', redirect: 'manual' });
  };

  const folderFor = (port: number) => join(project, 'node_modules/.cache/pomerium-edge', `dev-${port}`);

  const PLANTED: [name: string, plant: (folder: string, elsewhere: string) => void][] = [
    ['behind a link', (folder, elsewhere) => symlinkSync(elsewhere, folder)],
    [
      'that others may write',
      (folder, elsewhere) => {
        cpSync(elsewhere, folder, { recursive: true });
        chmodSync(join(folder, 'signing-key.pem'), 0o666);
      },
    ],
  ];
  for (const [name, plant] of PLANTED) {
    test(`takes no key ${name}`, async () => {
      const elsewhere = join(cache, 'elsewhere');
      await writeKeyFolder(elsewhere, { keys: [await makeSigningKey()], rotation: undefined });
      const folder = keyFolderOf(project, 8000);
      mkdirSync(dirname(folder), { recursive: true });
      plant(folder, elsewhere);
      const { note = '', keep, keys } = await findKeys({ project, port: 8000 });
      assert.match(note, /is a link, or not for you alone/);
      assert.isUndefined(keep);
      assert.notDeepEqual(idsOf(keys), idsOf((await readKeyFolder(elsewhere))?.keys));
    });
  }

  test('over restarts and rotations, in a file that only its owner reads', async () => {
    const port = await freePort();
    const first = await publishedBy(port);
    assert.deepEqual(await publishedBy(port), first);
    const rotated = await publishedBy(port, [], rotateAt);
    assert.lengthOf(rotated, 2);
    assert.equal(rotated[1], first[0]);
    assert.deepEqual(await publishedBy(port), rotated);
    for (const file of ['signing-key.pem', 'signing-key.base64'])
      assert.equal(statSync(join(folderFor(port), file)).mode & 0o777, 0o600);
  });

  test('replaces a key file that is broken, and says so', async () => {
    const port = await freePort();
    const folder = folderFor(port);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'signing-key.pem'), 'rubbish');
    const dev = start(port);
    try {
      await dev.printed(/signing-key\.pem holds no private key in PEM.* A new key replaces it\./);
      await dev.printed(/POMERIUM_JWKS_URL=/);
      assert.lengthOf((await readKeyFolder(folder))?.keys ?? [], 1);
    } finally {
      await dev.stop('SIGINT');
    }
  });

  test('goes on where it cannot keep the key, and says so', async () => {
    writeFileSync(join(project, 'node_modules/.cache'), 'no folder');
    const dev = start(await freePort());
    try {
      await dev.printed(/The signing key cannot be kept \(ENOTDIR at .*\)/);
      assert.equal((await fetch(await dev.printed(/POMERIUM_JWKS_URL=(\S+)/))).status, 200);
    } finally {
      await dev.stop('SIGINT');
    }
  });

  test('does not change the file of --key', async () => {
    const file = join(project, 'own.pem');
    const key = await makeSigningKey('RS256');
    writeFileSync(file, key.pkcs8);
    const port = await freePort();
    const published = await publishedBy(port, ['--key', file], rotateAt);
    assert.lengthOf(published, 2);
    assert.equal(published[1], key.kid);
    assert.equal(readFileSync(file, 'utf8'), key.pkcs8);
    assert.deepEqual(await publishedBy(port, ['--key', file]), [key.kid]);
  });

  test('a second one for the same port is refused, and leaves the first one’s key alone', async () => {
    const port = await freePort();
    const published = await publishedBy(port, [], async () => {
      const args = ['dev', '--to', 'http://127.0.0.1:1', '--port', String(port)];
      const { code, stderr } = await runCli(args, { cwd: project });
      assert.equal(code, 2);
      assert.match(stderr, /EADDRINUSE/);
    });
    assert.deepEqual(await publishedBy(port), published);
  });

  test('a file of --key that cannot be read is a usage error', async () => {
    const { code, stderr } = await runCli(['dev', '--to', 'http://127.0.0.1:1', '--port', '0', '--key', '/nowhere']);
    assert.equal(code, 2);
    assert.match(stderr, /\/nowhere cannot be read: ENOENT/);
  });
});

describe('the place of the key', () => {
  test('is another one for each port, so that processes side by side have nothing in common', () => {
    assert.notEqual(keyFolderOf(project, 8000), keyFolderOf(project, 8001));
  });

  test('is in the user’s cache, for each project, where there is no node_modules', () => {
    vi.stubEnv('XDG_CACHE_HOME', cache);
    const other = keyFolderOf(join(project, 'a'), 8000);
    assert.match(other.slice(cache.length), /^.pomerium-edge.dev-8000-[0-9a-f]{16}$/);
    assert.equal(keyFolderOf(join(project, 'a'), 8000), other);
    assert.notEqual(keyFolderOf(join(project, 'b'), 8000), other);
  });

  test('does not exist with --port 0', async () => {
    const { keep } = await findKeys({ project, port: 0 });
    assert.isUndefined(keep);
  });
});

describe('a rotation', () => {
  test('keeps what is published, the last four', async () => {
    const folder = join(project, 'keys');
    const issuer = await createTestIssuer();
    const keepKeys = (keys: typeof issuer.keys) => writeKeyFolder(folder, { keys });
    const state = createDevState({ issuer, keepKeys, to: '', identities: {} });
    const ids = [...idsOf(issuer.keys)];
    for (let i = 0; i < 5; i++) ids.unshift((await rotate(state)).kid);
    assert.deepEqual(idsOf(issuer.keys), ids.slice(0, 4));
    assert.deepEqual(idsOf((await readKeyFolder(folder))?.keys), ids.slice(0, 4));
  });
});
