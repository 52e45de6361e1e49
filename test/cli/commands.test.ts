import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { createVerifierFromEnvironment } from '../../core/index.ts';
import { freePort } from '../../scripts/free-port.ts';
import { ROOT } from '../../scripts/run.ts';
import { type LocalServer, serve } from '../../scripts/start/server.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { makeSigningKey } from '../../testing/signing-key.ts';
import { assertHarmless, ESCAPED_NAME, FOREIGN_NAME } from '../support/foreign.ts';
import { HOST } from '../support/issuer.ts';
import { oldestNode } from '../support/oldest-node.ts';
import { P384_SPKI, SEED_CERTIFICATE, SEED_TOKEN } from '../support/seed.ts';
import { startTlsOrigin } from '../support/tls-origin.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const openssl = async (...args: string[]) => (await promisify(execFile)('openssl', args)).stdout;

describe('pomerium-edge', () => {
  describe('helps, with examples, and the exit codes of docs/tools.md', () => {
    const documented = Object.fromEntries(
      [...readFileSync(`${ROOT}docs/tools.md`, 'utf8').matchAll(/^\| `([a-z -]+)` \|(.*)\|$/gm)].map(
        ([, name = '', cells = '']) => {
          const codes = cells.split('|').map((cell, code) => [code, cell.trim()] as const);
          return [
            name,
            codes
              .filter(([, meaning]) => meaning !== '')
              .map(([code, meaning]) => `${code} ${meaning}`)
              .join(', '),
          ];
        },
      ),
    );
    const commands = [
      'keygen',
      'sign',
      'inspect',
      'jwks',
      'doctor',
      'policy check',
      'policy test',
      'policy print',
      'routes',
    ];
    for (const command of commands) {
      test(command, async () => {
        const { code, stdout } = await runCli([...command.split(' '), '--help']);
        assert.equal(code, 0);
        assert.match(stdout, /\nExamples:\n {2}\$ [^\n]*pomerium-edge /);
        assert.match(stdout, / --json /);
        const [, codes, more] = /^Exit codes: ([^.]*)\.(?: With --as: ([^.]*)\.)?$/m.exec(stdout) ?? [];
        assert.equal(codes, documented[command]);
        if (command === 'routes') assert.equal(more, documented['routes --as']);
      });
    }

    test('of the program and of policy', async () => {
      for (const args of [['--help'], ['policy', '--help']]) {
        const { code, stdout } = await runCli(args);
        assert.equal(code, 0);
        const names = commands
          .map((name) => name.split(' '))
          .flatMap(([name, sub]) => (args.length > 1 ? (sub ?? []) : [name]));
        for (const name of names) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
      }
    });
  });

  test('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
    assert.equal((await runCli(['--version'])).stdout.trim(), version);
  });

  const wrong: [args: string[], message: RegExp][] = [
    [['inspekt'], /unknown command/],
    [['keygen'], /--out/],
    [['inspect', 'x', '--audiense', 'a'], /unknown option/],
    [['inspect', 'x', '--at', 'noon'], /--at must be a number, 0 or more; it is "noon"/],
    [['inspect', 'x', '--algorithms', 'es256'], /The algorithm "es256" cannot be used; write some of ES256,/],
    [['jwks', 'a.example.com', '--algorithms', 'HS256'], /The algorithm "HS256" cannot be used; write some of ES256,/],
    [
      ['inspect', 'x', '--key', '/nowhere', '--jwks', 'default'],
      /'-u, --jwks <url>' cannot be used with option '-k, --/,
    ],
    [['inspect', 'x', '--key', '/nowhere'], /\/nowhere cannot be read: ENOENT/],
    [['sign', '--key', '/nowhere', '--host', 'a'], /cannot be read/],
    [['jwks', 'http://a.example.com/'], /https/i],
    [['inspect'], /: Nothing came on standard input\.\n$/],
    [['inspect', '-'], /: Nothing came on standard input\.\n$/],
    [
      ['inspect', 'x', '--jwks', 'default'],
      /: --jwks default is the key set of the audience: say --audience, too\.\n$/,
    ],
    [
      ['inspect', 'x', '--jwks', 'keys/jwks.json'],
      /: --jwks takes a URL, or default; for keys in a file write --key\.\n$/,
    ],
    [['inspect', ' '], /: The assertion is empty; is its variable set\?\n$/],
    [['doctor', 'ftp://a', '-a', 'a', '-y'], /not an http/],
    [['doctor', 'http://127.0.0.1:1/', '-a', 'a'], /say --yes/],
    [['policy', 'check', '/nowhere'], /cannot be read/],
    ...[
      ['inspect', 'x', '-a', 'https://a.example.com'],
      ['inspect', 'x', '-a', 'a.example.com,b.example.com:8443'],
      ['doctor', 'http://127.0.0.1:1/', '-y', '-a', 'https://a.example.com'],
      ['sign', '--key', '/nowhere', '--host', 'https://a.example.com'],
    ].map((args): [string[], RegExp] => [
      args,
      /: --(audience|host) takes a host name without scheme, port and path, as in app\.corp\.example\.com; it is "[^"]+"\.\n$/,
    ]),
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
    const { code, stdout } = await runCli(['inspect', SEED_TOKEN, '--json'], { node: oldestNode() });
    assert.equal(code, 1, 'it has expired');
    assert.include(JSON.parse(stdout).header, { alg: 'ES256' });
  });
});

describe('pomerium-edge sign takes a private key', () => {
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

  const forms: [name: string, make: () => Promise<string>, algorithm: string][] = [
    ['EC, SEC 1', () => openssl('ecparam', '-genkey', '-name', 'prime256v1', '-noout'), 'ES256'],
    ['EC, PKCS #8', () => openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'), 'ES256'],
    ['RSA, PKCS #1', () => openssl('genrsa', '-traditional', '2048'), 'RS256'],
    ['RSA, PKCS #8', () => openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'), 'RS256'],
    ['RSA of 1024 bits, which a verifier refuses', () => openssl('genrsa', '1024'), 'RS256'],
  ];
  for (const [name, make, algorithm] of forms) {
    test(`${name}: as PEM, with Windows line ends, and in base64`, async () => {
      const pem = await make();
      for (const text of [pem, pem.replaceAll('\n', '\r\n'), Buffer.from(pem).toString('base64')]) {
        writeFileSync(at('form.pem'), text);
        const { code, stdout, stderr } = await runCli(['sign', '--key', at('form.pem'), '--host', HOST]);
        assert.equal(code, 0, stderr);
        assert.equal(JSON.parse(Buffer.from(stdout.split('.')[0] ?? '', 'base64url').toString()).alg, algorithm);
      }
    });
  }

  const refusals: [name: string, make: () => Promise<string>, message: RegExp][] = [
    ['Ed25519', () => openssl('genpkey', '-algorithm', 'ed25519'), /cannot sign with: it takes EC P-256 and RSA/],
    [
      'an encrypted one',
      () => openssl('genpkey', '-algorithm', 'ed25519', '-aes-128-cbc', '-pass', 'pass:x'),
      /holds a private key that cannot be read/,
    ],
    ['a public key', async () => P384_SPKI, /holds no private key in PEM, nor base64 of one/],
  ];
  for (const [name, make, message] of refusals) {
    test(`refuses ${name}`, async () => {
      writeFileSync(at('refused.pem'), await make());
      const { code, stderr } = await runCli(['sign', '--key', at('refused.pem'), '--host', HOST]);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.notMatch(stderr, /\n\s+at /, 'no stack');
    });
  }
});

describe('pomerium-edge sign and inspect', () => {
  beforeAll(async () => {
    await runCli(['keygen', '--out', at('keys')]);
  });
  const sign = async (...args: string[]) =>
    (await runCli(['sign', '--key', at('keys/signing-key.pem'), '--host', HOST, ...args])).stdout.trim();
  const inspect = (args: string[], input = '') =>
    runCli(['inspect', ...args, '--key', at('keys/public.pem')], { input });

  test('sign puts user, email, groups and claims of its options into the assertion', async () => {
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
    const { jti, iat, exp, ...rest } = claims;
    assert.equal(exp - iat, 60);
    assert.deepEqual(rest, {
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

  test('inspect prints for people: times in words, every rule, how to fix it, and no colours into a pipe', async () => {
    writeFileSync(at('seed.pem'), SEED_CERTIFICATE);
    const result = await runCli([
      'inspect',
      SEED_TOKEN,
      '-a',
      'other.example.com',
      '-k',
      at('seed.pem'),
      '--at',
      '1795000000',
    ]);
    assert.equal(result.code, 1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a colour begins with
    assert.notMatch(result.stdout, /\x1b/);
    assert.match(result.stdout, /exp +\d+ +expires in 5 minutes, 2026-/);
    assert.match(result.stdout, /✗ audience/);
    assert.match(result.stdout, /→ .*set audience to it \(POMERIUM_AUDIENCE\)/);
    assert.match(result.stdout, /\nrefused\n$/);
  });

  test('inspect lets an assertion write nothing on a terminal, and forge no line', async () => {
    const issuer = await createTestIssuer();
    writeFileSync(at('issuer.pem'), issuer.keys[0]?.spki ?? '');
    const kid = issuer.keys[0]?.kid;
    const header = { kid, [FOREIGN_NAME]: FOREIGN_NAME };
    const token = await issuer.sign({ [FOREIGN_NAME]: { [FOREIGN_NAME]: [FOREIGN_NAME] } }, { header });
    const args = ['inspect', token, '-a', HOST, '-k', at('issuer.pem')];
    const printed = await runCli(args);
    assert.equal(printed.code, 0);
    assertHarmless(printed.stdout);
    assert.include(printed.stdout, `  ${ESCAPED_NAME}`);
    const json = await runCli([...args, '--json']);
    assertHarmless(json.stdout);
    assert.deepEqual(JSON.parse(json.stdout).claims[FOREIGN_NAME], { [FOREIGN_NAME]: [FOREIGN_NAME] });
    const strange = await issuer.sign({}, { header: { kid: FOREIGN_NAME } });
    assertHarmless((await runCli(['inspect', strange, '-a', FOREIGN_NAME, '-k', at('issuer.pem')])).stdout);
  });

  test('inspect prints a time that no calendar has as a number', async () => {
    for (const exp of ['9007199254740991', '8640000000001']) {
      const { code, stdout, stderr } = await inspect([await sign('--claim', `exp=${exp}`), '-a', HOST]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`^ {2}exp +${exp}$`, 'm'));
      assert.match(stdout, new RegExp(`✓ expiry +${exp}$`, 'm'));
    }
  });

  test('inspect --json says how to fix what fails', async () => {
    const { stdout } = await inspect([await sign(), '-a', 'other.example.com', '--json']);
    const { checks } = JSON.parse(stdout) as { checks: { rule: string; verdict: string; fix?: string }[] };
    assert.match(checks.find(({ rule }) => rule === 'audience')?.fix ?? '', /set audience to it/);
  });

  test('inspect says why the key set could not be fetched', async () => {
    const url = `http://127.0.0.1:${await freePort()}/jwks.json`;
    const { code, stdout } = await runCli(['inspect', await sign(), '-a', HOST, '--jwks', url]);
    assert.equal(code, 3);
    assert.match(stdout, /\? key .*the connection was refused \(ECONNREFUSED\)/);
  });

  const unusable: [name: string, text: string, message: RegExp][] = [
    ['P-384', P384_SPKI, /P-384/],
    ['P-384 in base64', btoa(P384_SPKI), /P-384/],
    [
      'a damaged block',
      SEED_CERTIFICATE.replace(/\nETEP.*/, ''),
      /A PEM block \(CERTIFICATE\) is not a key that can be read/,
    ],
    ['a block of another kind', P384_SPKI.replaceAll('PUBLIC KEY', 'EC PARAMETERS'), /is a EC PARAMETERS; write/],
    ['no key at all', 'rubbish', /neither PEM, nor a JWK/],
    ['JSON that is no key', '{"name":"x"}', /: A key cannot be used\. It is no JWK: it has no kty\.\n$/],
  ];
  for (const [name, text, message] of unusable) {
    test(`inspect --key with a file that holds ${name} is called wrongly`, async () => {
      writeFileSync(at('unusable.pem'), text);
      const { code, stdout, stderr } = await runCli(['inspect', await sign(), '-a', HOST, '--key', at('unusable.pem')]);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.notMatch(stderr, /\n\s+at /, 'no stack');
      assert.equal(stdout, '');
    });
  }

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
        ['down', /could not be fetched: the connection was closed/],
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

  describe('helps with what is no key set that the default verifier uses', () => {
    let server: LocalServer;
    const documents: Record<string, string> = {
      '/page': '\n<!doctype html><title>Sign in</title>',
      '/discovery': JSON.stringify({ issuer: 'https://a/', jwks_uri: 'https://a.example.com/keys\u001b[2J' }),
      '/none': '{"keys":[]}',
      '/proto': '{"__proto__":{"jwks_uri":"https://a/"}}',
    };
    beforeAll(async () => {
      const { publicJwk } = await makeSigningKey('RS256');
      documents['/rsa'] = JSON.stringify({ keys: [{ ...publicJwk, kid: 'k1' }] });
      documents['/both'] = JSON.stringify({ keys: [{ ...publicJwk, kid: 'k1' }, (await makeSigningKey()).publicJwk] });
      server = await serve(({ url = '' }, response) => {
        if (url === '/') response.writeHead(302, { location: 'https://a/.pomerium/sign_in' });
        if (url === '/jwks') response.writeHead(404);
        response.end(documents[url]);
      });
    });
    afterAll(() => server.close());

    const cases: [path: string, code: number, message: RegExp][] = [
      [
        '/rsa',
        1,
        /✗ A verifier that accepts ES256 uses none[\s\S]*\? skipped {2}k1: .*algorithms: \['RS256'\] \(POMERIUM_ALG/,
      ],
      ['/both', 0, /✓ ES256[\s\S]*\? skipped {2}k1: It is for RS256/],
      ['/', 1, /a redirect, [\s\S]*\? Pomerium has its key set at .*:\d+\/\.well-known\/pomerium\/jwks\.json\n/],
      ['/jwks', 1, /status 404\.\n\? Pomerium has its key set at /],
      ['/page', 1, /It is a page \(HTML\): .*Take the host of a route, as in https/],
      ['/discovery', 1, /its key set is at "https:\/\/a\.example\.com\/keys\\u001b\[2J"\./],
      ['/none', 1, /publishes no signing key/],
      ['/proto', 1, /not a JWKS, which is a JSON object with "keys"\.\n/],
    ];
    for (const [path, code, message] of cases) {
      test(path, async () => {
        const result = await runCli(['jwks', server.url + path]);
        assert.match(result.stdout, message);
        assert.equal(result.code, code);
        assertHarmless(result.stdout);
      });
    }

    test('rsa, with --algorithms RS256', async () => {
      const { code, stdout } = await runCli(['jwks', `${server.url}/rsa`, '--algorithms', 'RS256', '--json']);
      assert.equal(code, 0);
      assert.deepInclude(JSON.parse(stdout), { usable: [{ keyId: 'k1', algorithm: 'RS256' }], skipped: [] });
    });
  });

  test('says what to set for a private CA', async () => {
    const issuer = await createTestIssuer();
    const origin = await startTlsOrigin(folder, (_, response) => void response.end(JSON.stringify(issuer.jwks())));
    try {
      const untrusted = await runCli(['jwks', origin.url]);
      assert.equal(untrusted.code, 1);
      assert.match(untrusted.stdout, /certificate is not trusted here .*for a private CA set NODE_EXTRA_CA_CERTS/);
      assert.equal((await runCli(['jwks', origin.url], { env: origin.variables })).code, 0);
      const [, address = ''] = origin.url.split('://');
      for (const [text, url] of [
        [address, origin.url],
        [new URL(origin.url).host, `https://${new URL(origin.url).host}/.well-known/pomerium/jwks.json`],
        [`${new URL(origin.url).host}/`, `https://${new URL(origin.url).host}/.well-known/pomerium/jwks.json`],
      ] as const) {
        const { code, stdout } = await runCli(['jwks', text], { env: origin.variables });
        assert.equal(code, 0);
        assert.equal(stdout.split('\n', 1)[0], url, text);
      }
    } finally {
      origin.close();
    }
  });

  test('goes by way of HTTPS_PROXY as Node.js does, and says what that needs', async () => {
    const issuer = await createTestIssuer();
    const origin = await startTlsOrigin(folder, (_, response) => void response.end(JSON.stringify(issuer.jwks())));
    const asked: string[] = [];
    const proxy = createServer().on('connect', ({ url = '' }, client) => {
      asked.push(url);
      const server = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        client.pipe(server).pipe(client);
      }).on('error', () => client.destroy());
      client.on('error', () => server.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const env = { ...origin.variables, HTTPS_PROXY, NO_PROXY: '', no_proxy: '' };
    try {
      const used = await runCli(['jwks', origin.url], { env: { ...env, NODE_USE_ENV_PROXY: '1' } });
      assert.equal(used.code, 0, used.stdout);
      assert.deepEqual(asked, [new URL(origin.url).host]);
      const url = `https://127.0.0.1:${await freePort()}/jwks.json`;
      const unused = await runCli(['jwks', url], { env: { ...env, NODE_USE_ENV_PROXY: '' } });
      assert.match(unused.stdout, /\? HTTPS_PROXY is set, but Node\.js uses it only with NODE_USE_ENV_PROXY=1/);
      assert.lengthOf(asked, 1);
      const old = await runCli(['jwks', url], { node: oldestNode(), env: { ...env, NODE_USE_ENV_PROXY: '1' } });
      assert.match(old.stdout, /\? HTTPS_PROXY is set, but .*Node\.js 24\.5 or later/);
      const none = await runCli(['jwks', url], { env: { HTTPS_PROXY: '', https_proxy: '' } });
      assert.notMatch(none.stdout, /HTTPS_PROXY/);
    } finally {
      proxy.close().closeAllConnections();
      origin.close();
    }
  });

  test('says why there was no answer: nothing listens', async () => {
    const { code, stdout } = await runCli(['jwks', `http://127.0.0.1:${await freePort()}/jwks.json`]);
    assert.equal(code, 1);
    assert.match(stdout, /✗ .*could not be fetched: the connection was refused \(ECONNREFUSED\); nothing listens/);
  });

  test('lets a key set write nothing on a terminal, and forge no line', async () => {
    const issuer = await createTestIssuer();
    const keys = [
      { ...issuer.keys[0]?.publicJwk, kid: FOREIGN_NAME },
      { kty: 'EC', crv: FOREIGN_NAME, kid: `${FOREIGN_NAME}2` },
    ];
    const server = await serve((_, response) => {
      response.end(JSON.stringify({ keys }));
    });
    try {
      for (const args of [[], ['--json']]) {
        const { code, stdout } = await runCli(['jwks', `${server.url}/jwks.json`, ...args]);
        assert.equal(code, 0);
        assertHarmless(stdout);
        assert.include(stdout, ESCAPED_NAME);
      }
    } finally {
      await server.close();
    }
  });

  test('explains P-384, and an answer without ETag or max-age', async () => {
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

  test('print gives one line of JSON, as POMERIUM_POLICY takes it', async () => {
    writeFileSync(at('policy.yaml'), `${POLICY}    - claim/level: "\\e[2J\\u202e"\n`);
    const { code, stdout, stderr } = await runCli(['policy', 'print', 'policy.yaml', '--list-claims', '[]'], {
      cwd: folder,
    });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\{"allow".*\}\n$/);
    assertHarmless(stdout);
    const policy = JSON.parse(stdout);
    assert.deepEqual(policy.deny, { or: [{ groups: 'contractors' }, { 'claim/level': '\u001b[2J\u202e' }] });
    assert.match(stderr, /^policy\.yaml:10:\d+: claim\/level needs jwt_claims_headers/);
    assert.isOk(
      createVerifierFromEnvironment({ POMERIUM_AUDIENCE: HOST, POMERIUM_POLICY: stdout, POMERIUM_LIST_CLAIMS: '[]' }),
    );
    const json = await runCli(['policy', 'print', 'policy.yaml', '--list-claims', '[]', '--json'], { cwd: folder });
    assert.deepEqual(JSON.parse(json.stdout).policy, policy);
  });

  test('print refuses what check refuses, and routes', async () => {
    writeFileSync(at('bad.yaml'), BAD);
    const { code, stdout, stderr } = await runCli(['policy', 'print', 'bad.yaml'], { cwd: folder });
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
    assert.lengthOf(stderr.trim().split('\n'), 3);
    writeFileSync(at('routes.yaml'), 'routes: [{from: https://a.example.com, to: http://a}]');
    const routes = await runCli(['policy', 'print', 'routes.yaml'], { cwd: folder });
    assert.equal(routes.code, 2);
    assert.match(routes.stderr, /holds routes; "pomerium-edge routes routes\.yaml --for env"/);
  });

  const hints: [yaml: string, hint: RegExp][] = [
    ['{allow: {and: [{or: [{domain: a}]}]}}', /operators do not nest: write another rule/],
    ['{allow: {or: [{claims/groups: x}]}}', /write claim\/groups/],
    ['{allow: {or: [{claim.roles: x}]}}', /write claim\/roles/],
    ['{allow: {or: [{email: [a, b]}]}}', /it is a list: write in: \[/],
    ['{allow: {or: [{claim/roles: [a, b]}]}}', /write a criterion for each value, under or/],
    [
      '{allow: {or: [{claim/verified: true}]}}',
      /true and "true" are the same there, and are not in Pomerium.*--leave claim\/verified\)/,
    ],
    ['{allow: {or: [{claim/level: {is: 5}}]}}', /5 and "5" are the same there/],
    ['{allow: {or: [{email: , is: a}]}}', /it has email, is \(indent/],
    ['allow: {or: [{domain: a}]}\n---\ndeny: {or: [{domain: b}]}', /A policy is one document/],
  ];
  for (const [yaml, hint] of hints) {
    test(`check helps with ${yaml.replaceAll('\n', ' ')}`, async () => {
      writeFileSync(at('hint.yaml'), yaml);
      const { code, stdout } = await runCli(['policy', 'check', at('hint.yaml')]);
      assert.equal(code, 1);
      assert.match(stdout, hint);
    });
  }

  test('check names a criterion that no terminal obeys', async () => {
    writeFileSync(at('foreign.json'), JSON.stringify({ allow: { or: [{ [FOREIGN_NAME]: 1 }] } }));
    const { code, stdout } = await runCli(['policy', 'check', 'foreign.json'], { cwd: folder });
    assert.equal(code, 1);
    assertHarmless(stdout);
    assert.match(stdout, /^✗ foreign\.json:1:\d+: /);
    assert.lengthOf(stdout.trim().split('\n'), 1);
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
    for (const path of ['/admin/%zz', '/admin/%2e%2e/x', '/admin%2fx', 'admin']) {
      const unreadable = await decide('alice.json', path);
      assert.equal(unreadable.code, 1);
      assert.match(unreadable.stdout, /different ways\nnot allowed/);
    }
    const { code, stderr } = await runCli(['policy', 'test', at('policy.yaml'), '--as', at('alice.json')]);
    assert.equal(code, 2);
    assert.match(stderr, /^pomerium-edge: The policy asks about the path of the request; say --path [^;]*\.\n$/);
    writeFileSync(at('method.yaml'), 'allow: {and: [{http_method: GET}]}');
    const withoutMethod = await runCli(['policy', 'test', at('method.yaml'), '--as', at('alice.json')]);
    assert.match(withoutMethod.stderr, /asks about the method of the request; say --method GET\.\n$/);
    assert.equal(withoutMethod.code, 2);
  });
});
