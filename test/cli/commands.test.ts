import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { createVerifier, staticKeys } from '../../core/index.ts';
import { ROOT } from '../../scripts/run.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { HOST } from '../support/issuer.ts';
import { SEED_CERTIFICATE, SEED_TOKEN } from '../support/seed.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
const openssl = async (...args: string[]) => (await promisify(execFile)('openssl', args)).stdout;

describe('pomerium-edge', () => {
  test('helps, with examples and exit codes', async () => {
    const { code, stdout } = await runCli(['--help']);
    assert.equal(code, 0);
    for (const command of ['keygen', 'sign', 'inspect', 'jwks', 'doctor', 'policy']) {
      assert.include(stdout, command);
      const help = await runCli([command, '--help']);
      assert.equal(help.code, 0);
      if (command !== 'policy') assert.match(help.stdout, /Examples:/);
    }
    assert.match((await runCli(['policy', 'check', '--help'])).stdout, /Example:/);
  });

  test('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
    assert.equal((await runCli(['--version'])).stdout.trim(), version);
  });

  const wrong: [args: string[], message: RegExp][] = [
    [['inspekt'], /unknown command/],
    [['keygen'], /--out/],
    [['inspect', 'x', '--audiense', 'a'], /unknown option/],
    [['inspect', 'x', '--at', 'noon'], /--at must be a number/],
    [['inspect', 'x', '--key', '/nowhere'], /\/nowhere cannot be read: ENOENT/],
    [['sign', '--key', '/nowhere', '--host', 'a'], /cannot be read/],
    [['jwks', 'http://a.example.com/'], /https/i],
    [['doctor', 'ftp://a', '-a', 'a', '-y'], /not an http/],
    [['doctor', 'http://127.0.0.1:1/', '-a', 'a'], /say --yes/],
    [['policy', 'check', '/nowhere'], /cannot be read/],
  ];
  for (const [args, message] of wrong) {
    test(`says in a sentence what is wrong with: ${args.join(' ')}`, async () => {
      const { code, stderr, stdout } = await runCli(args);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.notMatch(stderr, /\n\s+at /, 'no stack');
      assert.equal(stdout, '');
    });
  }

  test('runs on Node.js 20', async () => {
    const node = `${ROOT}toolchain/oldest/node_modules/.bin/node`;
    const { code, stdout } = await runCli(['inspect', SEED_TOKEN, '--json'], { node });
    assert.equal(code, 1, 'it has expired');
    assert.include(JSON.parse(stdout).header, { alg: 'ES256' });
  });
});

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

  test('--rotate puts a new key before the old ones; without it nothing is overwritten', async () => {
    const out = at('rotated');
    const first = JSON.parse((await runCli(['keygen', '--out', out, '--json'])).stdout);
    const old = (await runCli(['sign', '--key', `${out}/signing-key.pem`, '--host', HOST])).stdout.trim();
    const refused = await runCli(['keygen', '--out', out]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--rotate/);
    const second = JSON.parse((await runCli(['keygen', '--out', out, '--rotate', '--json'])).stdout);
    assert.deepEqual(second.keyIds.slice(1), first.keyIds);
    const young = (await runCli(['sign', '--key', `${out}/signing-key.pem`, '--host', HOST])).stdout.trim();
    for (const name of ['public.pem', 'certificate.pem', 'jwks.json']) {
      const verifier = createVerifier({ audience: HOST, keys: staticKeys(read(`rotated/${name}`)) });
      for (const token of [old, young]) assert.equal((await verifier.verify(token)).subject, 'u-alice', name);
    }
    assert.equal((await runCli(['keygen', '--out', at('nothing'), '--rotate'])).code, 2);
  });

  test('takes the key that the old guide made with openssl', async () => {
    const pem = await openssl('ecparam', '-genkey', '-name', 'prime256v1', '-noout');
    assert.include(pem, 'EC PRIVATE KEY');
    writeFileSync(at('old.pem'), pem);
    const { code, stdout } = await runCli(['sign', '--key', at('old.pem'), '--host', HOST]);
    assert.equal(code, 0);
    assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    writeFileSync(at('p384.pem'), await openssl('ecparam', '-genkey', '-name', 'secp384r1', '-noout'));
    const refused = await runCli(['sign', '--key', at('p384.pem'), '--host', HOST]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /secp384r1.*EC P-256 and RSA/);
  });
});

describe('pomerium-edge sign and inspect', () => {
  beforeAll(async () => {
    await runCli(['keygen', '--out', at('keys')]);
  });
  const sign = async (...args: string[]) =>
    (await runCli(['sign', '--key', at('keys/signing-key.pem'), '--host', HOST, ...args])).stdout.trim();
  const inspect = (args: string[], input = '') =>
    runCli(['inspect', ...args, '--key', at('keys/public.pem')], { input });

  test('sign says what it is told to', async () => {
    const token = await sign(
      '--user',
      'u-bob',
      '--email',
      'bob@example.com',
      '--groups',
      'a, b',
      '--claim',
      'n=1',
      '--claim',
      'dept=R=D',
      '--issuer-format',
      'uri',
      '--lifetime',
      '60',
    );
    const { claims, verdict } = JSON.parse((await inspect([token, '-a', HOST, '--json'])).stdout);
    assert.equal(verdict, 'valid');
    const { jti, iat, exp, ...said } = claims;
    assert.equal(exp - iat, 60);
    assert.deepEqual(said, {
      aud: HOST,
      dept: 'R=D',
      email: 'bob@example.com',
      groups: ['a', 'b'],
      iss: `https://${HOST}/`,
      n: 1,
      name: 'Alice Liddell',
      sid: 's-alice',
      sub: 'u-bob',
      user: 'u-bob',
    });
    const nobody = await inspect([await sign('--anonymous'), '-a', HOST]);
    assert.equal(nobody.code, 1);
    assert.match(nobody.stdout, /✗ subject/);
  });

  test('inspect reads an argument, stdin, and what people copy', async () => {
    const token = await sign();
    for (const [args, input] of [
      [[token], ''],
      [['-'], `${token}\n`],
      [[], token],
      [['-'], `X-Pomerium-Jwt-Assertion: ${token}`],
      [['-'], `Authorization: Bearer ${token}`],
    ] as [string[], string][]) {
      const { code, stdout } = await inspect([...args, '-a', HOST], input);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /valid: a verifier with these settings accepts it/);
    }
  });

  test('inspect prints for people: times in words, every rule, how to mend it, and no colours into a pipe', async () => {
    writeFileSync(at('seed.pem'), SEED_CERTIFICATE);
    const shown = await runCli([
      'inspect',
      SEED_TOKEN,
      '-a',
      'other.example.com',
      '-k',
      at('seed.pem'),
      '--at',
      '1795000000',
    ]);
    assert.equal(shown.code, 1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a colour begins with
    assert.notMatch(shown.stdout, /\x1b/);
    assert.match(shown.stdout, /exp +\d+ +expires in 5 minutes, 2026-/);
    assert.match(shown.stdout, /✗ audience/);
    assert.match(shown.stdout, /→ .*set audience to it \(POMERIUM_AUDIENCE\)/);
    assert.match(shown.stdout, /\nrefused\n$/);
  });

  test('without keys or audience it proves nothing, and says so with its exit code', async () => {
    const { code, stdout } = await runCli(['inspect', await sign()]);
    assert.equal(code, 3);
    assert.match(stdout, /not proved/);
  });
});

describe('pomerium-edge jwks', () => {
  test('tells what is used, skipped and for how long', async () => {
    const issuer = await createTestIssuer();
    const server = await issuer.serve();
    try {
      const { code, stdout } = await runCli(['jwks', server.jwksUrl]);
      assert.equal(code, 0);
      assert.include(stdout, `✓ ES256  ${issuer.keys[0]?.kid}`);
      assert.include(stdout, 'Used for 60 s (max-age=60), and for 300 s more while it is refreshed');
      assert.include(stdout, 'stops verifying within 6 minutes');
      for (const [fault, message] of [
        ['keys-null', /publishes no signing key.*signing_key/],
        ['redirect', /redirect, which is never followed/],
        ['html', /not a JWKS/],
        ['error', /status 500/],
        ['down', /request failed/],
      ] as const) {
        server.fault(fault);
        const failed = await runCli(['jwks', server.jwksUrl, '--json']);
        assert.equal(failed.code, 1, fault);
        assert.match(JSON.parse(failed.stdout).problem, message);
      }
    } finally {
      await server.close();
    }
  });

  test('explains P-384, and an answer without ETag or max-age', async () => {
    const { serve } = await import('../../scripts/start/server.ts');
    const vectors = JSON.parse(readFileSync(`${ROOT}test/vectors/pomerium-2026.json`, 'utf8'));
    const { keys: p384 } = JSON.parse(vectors.jwks['p384-labelled-es256'].body);
    const { keys: good } = JSON.parse(vectors.jwks.es256.body);
    const server = await serve((_, response) => {
      response.end(JSON.stringify({ keys: [...p384, ...good] }));
    });
    try {
      const { code, stdout } = await runCli(['jwks', `${server.url}/jwks.json`]);
      assert.equal(code, 0);
      assert.match(stdout, /\? skipped {2}173077c6.*P-384/);
      assert.match(stdout, /\? There is no strong ETag/);
      assert.match(stdout, /\? There is no max-age: the shortest time counts, 60 s/);
    } finally {
      await server.close();
    }
  });
});

describe('pomerium-edge policy', () => {
  const POLICY = `# who may do what
allow:
  and:
    - domain: example.com
    - http_path:
        starts_with: /admin
deny:
  or:
    - groups: contractors
`;
  const BAD = `- allow:
    or:
      - domain: example.com
      - source_ip: 10.0.0.0/8
- deny:
    or:
      - email:
          matches: x
      - groups:
          is: admins
`;

  test('check says that it can be decided, or where not and why: all of it', async () => {
    writeFileSync(at('policy.yaml'), POLICY);
    writeFileSync(at('bad.yaml'), BAD);
    writeFileSync(at('policy.json'), '{"allow":{"or":[{"accept":true}]}}');
    writeFileSync(at('broken.yaml'), 'allow: [');
    for (const name of ['policy.yaml', 'policy.json'])
      assert.equal((await runCli(['policy', 'check', at(name)])).code, 0);
    const { code, stdout } = await runCli(['policy', 'check', 'bad.yaml'], { cwd: folder });
    assert.equal(code, 1);
    const lines = stdout.trim().split('\n');
    assert.lengthOf(lines, 3);
    assert.match(lines[0] ?? '', /^✗ bad\.yaml:4:\d+: .*source_ip cannot be answered/);
    assert.match(lines[1] ?? '', /^✗ bad\.yaml:8:\d+: .*matches/);
    assert.match(lines[2] ?? '', /^✗ bad\.yaml:10:\d+: .*groups/);
    assert.equal((await runCli(['policy', 'check', at('broken.yaml')])).code, 2);
  });

  test('test decides, and shows which criterion said what', async () => {
    writeFileSync(at('policy.yaml'), POLICY);
    writeFileSync(at('alice.json'), '{"sub":"u-alice","email":"alice@example.com","groups":["staff"]}');
    writeFileSync(at('eve.json'), '{"sub":"u-eve","email":"eve@example.com","groups":["contractors"]}');
    const decide = (as: string, path: string) =>
      runCli(['policy', 'test', at('policy.yaml'), '--as', at(as), '--method', 'GET', '--path', path]);
    const allowed = await decide('alice.json', '/admin/x');
    assert.equal(allowed.code, 0);
    assert.match(allowed.stdout, /✓ allow[\s\S]*✓ and\n {4}✓ domain[\s\S]*✓ http_path[\s\S]*✗ deny[\s\S]*\nallowed\n$/);
    const elsewhere = await decide('alice.json', '/');
    assert.equal(elsewhere.code, 1);
    assert.match(elsewhere.stdout, /✗ http_path/);
    assert.equal((await decide('eve.json', '/admin')).code, 1);
    const { code, stderr } = await runCli(['policy', 'test', at('policy.yaml'), '--as', at('alice.json')]);
    assert.equal(code, 2);
    assert.match(stderr, /asks about the path/);
  });
});
