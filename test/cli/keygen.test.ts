import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, assert, describe, test } from 'vitest';
import { dropOld, type KeyRing, promoteNext, publishNext, WAIT_MINUTES } from '../../cli/rotation.ts';
import { createVerifier, staticKeys } from '../../core/index.ts';
import { makeSigningKey } from '../../testing/signing-key.ts';
import { HOST } from '../support/issuer.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
const openssl = async (...args: string[]) => (await promisify(execFile)('openssl', args)).stdout;

describe('pomerium-edge keygen', () => {
  for (const algorithm of ['ES256', 'RS256'] as const) {
    test(`${algorithm}: what it writes, openssl reads and every form of staticKeys takes`, async () => {
      const out = algorithm;
      const { code, stdout } = await runCli(['keygen', '--out', at(out), '--algorithm', algorithm, '--json']);
      assert.equal(code, 0);
      const { keyIds } = JSON.parse(stdout);
      const file = (name: string) => at(`${out}/${name}`);
      assert.equal(await openssl('pkey', '-in', file('signing-key.pem'), '-pubout'), read(`${out}/public.pem`));
      const fromCertificate = await openssl('x509', '-in', file('certificate.pem'), '-noout', '-pubkey');
      assert.equal(fromCertificate, read(`${out}/public.pem`));
      await openssl('verify', '-CAfile', file('certificate.pem'), file('certificate.pem'));
      const signed = await runCli(['sign', '--key', file('signing-key.base64'), '--host', HOST]);
      for (const name of ['public.pem', 'certificate.pem', 'jwks.json']) {
        const text = read(`${out}/${name}`);
        for (const material of [text, Buffer.from(text).toString('base64')]) {
          const verifier = createVerifier({ audience: HOST, keys: staticKeys(material), algorithms: [algorithm] });
          assert.equal((await verifier.verify(signed.stdout.trim())).subject, 'u-alice', name);
        }
      }
      assert.equal(JSON.parse(read(`${out}/jwks.json`)).keys[0].kid, keyIds[0]);
    });
  }

  test('keeps what is secret in files of its owner, and prints nothing of it', async () => {
    const { stdout, stderr } = await runCli(['keygen', '--out', at('secret')]);
    const secrets = [
      read('secret/signing-key.base64').trim(),
      ...read('secret/signing-key.pem').split('\n').slice(1, -2),
    ];
    for (const secret of secrets) assert.notInclude(stdout + stderr, secret);
    for (const name of readdirSync(at('secret')))
      assert.equal(statSync(at(`secret/${name}`)).mode & 0o777, name.startsWith('signing-key') ? 0o600 : 0o644, name);
  });

  test('a file that somebody put where a draft was written neither lends its mode nor is written to', async () => {
    mkdirSync(at('planted'));
    for (const name of ['signing-key.pem.new', 'signing-key.base64.new']) {
      writeFileSync(at(`planted/${name}`), 'planted');
      chmodSync(at(`planted/${name}`), 0o666);
    }
    assert.equal((await runCli(['keygen', '--out', at('planted')])).code, 0);
    for (const name of ['signing-key.pem', 'signing-key.base64']) {
      assert.equal(statSync(at(`planted/${name}`)).mode & 0o777, 0o600, name);
      assert.equal(read(`planted/${name}.new`), 'planted');
    }
    assert.lengthOf(readdirSync(at('planted')), 7, 'no draft is left');
  });

  test('follows no link that somebody put where a file comes', async () => {
    mkdirSync(at('linked'));
    writeFileSync(at('victim'), 'as it was');
    for (const name of ['signing-key.base64', 'public.pem', 'certificate.pem', 'jwks.json'])
      symlinkSync('../victim', at(`linked/${name}`));
    symlinkSync('../nowhere', at('linked/signing-key.pem'));
    assert.equal((await runCli(['keygen', '--out', at('linked')])).code, 0);
    assert.equal(read('victim'), 'as it was');
    assert.isFalse(existsSync(at('nowhere')));
    for (const name of readdirSync(at('linked'))) assert.isTrue(lstatSync(at(`linked/${name}`)).isFile(), name);
  });

  const unwritable: [name: string, plant: (path: string) => void][] = [
    ['a link to nowhere', (path) => symlinkSync('nowhere', path)],
    ['a file', (path) => writeFileSync(path, '')],
    ['a folder where a file comes', (path) => mkdirSync(join(path, 'public.pem'), { recursive: true })],
  ];
  for (const [name, plant] of unwritable) {
    test(`says in a sentence that it cannot write to ${name}, and leaves no draft`, async () => {
      const path = at(`unwritable ${name}`);
      plant(path);
      const { code, stderr } = await runCli(['keygen', '--out', path]);
      assert.equal(code, 2);
      assert.match(stderr, /^pomerium-edge: .* cannot be written: E[A-Z]+\.\n$/);
      if (existsSync(join(path, 'public.pem'))) assert.notMatch(readdirSync(path).join(), /\.pem\.[0-9a-f]/);
    });
  }

  test('overwrites nothing, and says how to go on', async () => {
    await runCli(['keygen', '--out', at('twice')]);
    const before = read('twice/signing-key.pem');
    const { code, stderr } = await runCli(['keygen', '--out', at('twice')]);
    assert.equal(code, 2);
    assert.match(stderr, /signing-key\.pem is there already; --rotate publishes a new key behind it/);
    assert.equal(read('twice/signing-key.pem'), before);
  });

  for (const name of ['certificate.pem', 'jwks.json', 'signing-key.base64']) {
    test(`overwrites no ${name} of somebody else`, async () => {
      mkdirSync(at(`foreign ${name}`));
      writeFileSync(at(`foreign ${name}/${name}`), 'as it was');
      const { code, stderr } = await runCli(['keygen', '--out', at(`foreign ${name}`)]);
      assert.equal(code, 2);
      assert.match(stderr, /is there already, without .*signing-key\.pem: say another folder\.\n$/);
      assert.deepEqual(readdirSync(at(`foreign ${name}`)), [name]);
      assert.equal(read(`foreign ${name}/${name}`), 'as it was');
    });
  }

  test('wants the name of a folder', async () => {
    const { code, stderr } = await runCli(['keygen', '--out', '']);
    assert.deepEqual({ code, stderr }, { code: 2, stderr: 'pomerium-edge: --out must name a folder; it is empty.\n' });
  });

  test('prints what a shell takes, also of a folder with spaces in its name', async () => {
    const { stdout } = await runCli(['keygen', '--out', at('my keys')]);
    const [, command = ''] = /For Pomerium: (.*)/.exec(stdout) ?? [];
    const { stdout: value } = await promisify(execFile)('sh', ['-c', `${command}; printf %s "$SIGNING_KEY"`]);
    assert.equal(value, read('my keys/signing-key.base64').trim());
  });
});

describe('a rotation with pomerium-edge keygen', () => {
  /** Moves the last step of the rotation into the past. */
  const passTime = (name: string, minutes: number) => {
    const rotation = JSON.parse(read(`${name}/rotation.json`));
    const moved = { ...rotation, at: new Date(Date.parse(rotation.at) - minutes * 60_000).toISOString() };
    writeFileSync(at(`${name}/rotation.json`), JSON.stringify(moved));
  };
  const keygen = (name: string, ...args: string[]) => runCli(['keygen', '--out', at(name), ...args]);
  const sign = async (name: string) =>
    (await runCli(['sign', '--key', at(`${name}/signing-key.pem`), '--host', HOST])).stdout.trim();

  test('refuses no assertion of any step with the keys of the step before or after it', async () => {
    const steps: { kids: string[]; sets: string[]; assertion: string; stdout: string }[] = [];
    for (const option of [[], ['--rotate'], ['--promote'], ['--drop-old']]) {
      const { code, stdout, stderr } = await keygen('flow', ...option);
      assert.equal(code, 0, stderr);
      const kids = JSON.parse(read('flow/jwks.json')).keys.map(({ kid }: { kid: string }) => kid);
      const sets = ['public.pem', 'certificate.pem', 'jwks.json'].map((name) => read(`flow/${name}`));
      steps.push({ kids, sets, assertion: await sign('flow'), stdout });
      if (option.length > 0 && option[0] !== '--drop-old') passTime('flow', WAIT_MINUTES);
    }
    const [made, rotated, promoted, dropped] = steps.map(({ kids }) => kids);
    const [old, next] = rotated ?? [];
    assert.deepEqual([made, rotated, promoted, dropped], [[old], [old, next], [next, old], [next]]);
    for (const [i, { sets }] of steps.entries()) {
      for (const { assertion } of steps.slice(Math.max(0, i - 1), i + 2)) {
        for (const set of sets) {
          const verifier = createVerifier({ audience: HOST, keys: staticKeys(set) });
          assert.equal((await verifier.verify(assertion)).subject, 'u-alice', `step ${i}`);
        }
      }
    }
    assert.notInclude(readdirSync(at('flow')), 'rotation.json', 'it is over');
  });

  test('says after each step what signs, what to do and when the next one is', async () => {
    const first = JSON.parse((await keygen('told', '--json')).stdout);
    assert.notProperty(first, 'next');
    const steps: [option: string, next: string, reason: RegExp][] = [
      ['--rotate', '--promote', /Wait 6 minutes from when every Pomerium publishes the new key/],
      ['--promote', '--drop-old', /Wait 6 minutes from when every Pomerium signs with the new key/],
    ];
    for (const [option, next, reason] of steps) {
      const { stdout } = await keygen('told', option);
      const { keys } = JSON.parse(read('told/jwks.json'));
      assert.include(stdout, `Key ${keys[0].kid} signs.\nKey ${keys[1].kid} is published and does not sign.\n`);
      assert.match(stdout, reason);
      const notBefore = new Date(Date.parse(JSON.parse(read('told/rotation.json')).at) + WAIT_MINUTES * 60_000);
      assert.include(stdout, `keygen --out ${at('told')} ${next}   (not before ${notBefore.toISOString()})`);
      passTime('told', WAIT_MINUTES);
    }
    assert.include((await keygen('told', '--drop-old')).stdout, 'For Pomerium: SIGNING_KEY=');
    const { next } = JSON.parse((await keygen('told', '--rotate', '--json')).stdout);
    assert.equal(next.option, '--promote');
    assert.isAtLeast(Date.parse(next.notBefore), Date.now());
  });

  const refusals: [name: string, before: string[], option: string, message: RegExp][] = [
    ['a folder without a key', [], '--rotate', /There is no .*signing-key\.pem to rotate/],
    ['a folder without a key', [], '--promote', /There is no .*signing-key\.pem to rotate/],
    ['one key', [''], '--promote', /No key waits behind the one that signs; --rotate makes and publishes one/],
    ['one key', [''], '--drop-old', /There is no old key to drop/],
    ['a new key that was published just now', ['', '--rotate'], '--promote', /less than 6 minutes ago.*Try again at 2/],
    ['a new key that does not sign yet', ['', '--rotate'], '--rotate', /does not sign yet; --promote makes it sign/],
    ['a new key that does not sign yet', ['', '--rotate'], '--drop-old', /does not sign yet; --promote makes it sign/],
  ];
  for (const [i, [name, before, option, message]] of refusals.entries()) {
    test(`refuses ${option} with ${name}, and changes nothing`, async () => {
      for (const one of before) await keygen(`refused-${i}`, ...(one ? [one] : []));
      const pem = before.length > 0 && read(`refused-${i}/signing-key.pem`);
      const { code, stderr, stdout } = await keygen(`refused-${i}`, option);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, message);
      if (pem) assert.equal(read(`refused-${i}/signing-key.pem`), pem);
    });
  }

  test('refuses two steps at once', async () => {
    for (const [one, other] of [
      ['--rotate', '--promote'],
      ['--rotate', '--drop-old'],
      ['--promote', '--drop-old'],
    ] as const) {
      const { code, stderr } = await keygen('two', one, other);
      assert.equal(code, 2);
      assert.match(stderr, /cannot be used with option/);
    }
  });

  test('refuses a rotation.json that says nothing, and names it', async () => {
    await keygen('junk');
    for (const text of [
      '',
      '[]',
      '{"step":"published","keyId":"a","at":"soon"}',
      '{"step":"done","keyId":"a","at":"2026-01-01"}',
    ]) {
      writeFileSync(at('junk/rotation.json'), text);
      const { code, stderr } = await keygen('junk', '--rotate');
      assert.equal(code, 2, text);
      assert.match(stderr, /rotation\.json does not say how far a rotation is; delete it/);
    }
  });
});

describe('the steps of a rotation', () => {
  const minutes = (count: number) => new Date(Date.UTC(2026, 0, 1) + count * 60_000);
  const almost = WAIT_MINUTES - 0.001;
  const kids = ({ keys }: KeyRing) => keys.map(({ kid }) => kid);

  test('each may be done when the wait is over, and not before', async () => {
    const [old, next] = [await makeSigningKey('ES256'), await makeSigningKey('ES256')];
    const published = publishNext({ keys: [old] }, next, minutes(0));
    assert.throws(
      () => promoteNext(published, minutes(almost)),
      /would refuse what it signs\. Try again at 2026-01-01T00:06:00/,
    );
    const promoted = promoteNext(published, minutes(WAIT_MINUTES));
    assert.deepEqual(kids(promoted), [next.kid, old.kid]);
    assert.throws(() => promoteNext(promoted, minutes(60)), /No key waits/);
    assert.throws(
      () => dropOld(promoted, minutes(WAIT_MINUTES + almost)),
      /Assertions of the old key may still be valid/,
    );
    assert.deepEqual(dropOld(promoted, minutes(2 * WAIT_MINUTES)), { keys: [next] });
  });

  test('a second rotation may begin before the old key of the first is dropped, and drops both', async () => {
    const [first, second, third] = [
      await makeSigningKey('ES256'),
      await makeSigningKey('ES256'),
      await makeSigningKey('RS256'),
    ];
    const promoted = promoteNext(publishNext({ keys: [first] }, second, minutes(0)), minutes(6));
    const published = publishNext(promoted, third, minutes(7));
    assert.deepEqual(kids(published), [second.kid, first.kid, third.kid]);
    const again = promoteNext(published, minutes(13));
    assert.deepEqual(kids(again), [third.kid, second.kid, first.kid]);
    assert.deepEqual(kids(dropOld(again, minutes(19))), [third.kid]);
  });

  test('a key that somebody took out of the file by hand does not hold up the next rotation', async () => {
    const [old, lost, next] = [
      await makeSigningKey('ES256'),
      await makeSigningKey('ES256'),
      await makeSigningKey('ES256'),
    ];
    const { rotation } = publishNext({ keys: [old] }, lost, minutes(0));
    assert.throws(() => promoteNext({ keys: [old], rotation }, minutes(6)), /No key waits/);
    assert.deepEqual(kids(publishNext({ keys: [old], rotation }, next, minutes(1))), [old.kid, next.kid]);
  });
});
