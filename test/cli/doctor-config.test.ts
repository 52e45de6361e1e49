import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, describe, test } from 'vitest';
import { parse } from 'yaml';
import { compilePolicy, compileRoutes, createVerifier, type RoutesOptions, staticKeys } from '../../core/index.ts';
import { serve } from '../../scripts/start/server.ts';
import { makeKey } from '../support/issuer.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const key = await makeKey();
writeFileSync(join(folder, 'key.pem'), key.pkcs8);

const HOST = 'app.example.com';
const CONFIG = `pass_identity_headers: true
jwt_claims_headers: [level]
routes:
  - from: https://app.example.com
    to: http://app
    prefix: /public
    allow_public_unauthenticated_access: true
  - from: https://app.example.com
    to: http://app
    prefix: /staff
    allowed_domains: [corp.example.com]
  - from: https://app.example.com
    to: http://app
    prefix: /admin
    policy: [{allow: {and: [{groups: admins}, {claim/level: "5"}]}}, {deny: {or: [{domain: bad.example.com}]}}]
  - from: https://app.example.com
    to: http://app
    prefix: /closed
  - from: https://app.example.com
    to: http://app
    prefix: /patterns
    policy: [{allow: {or: [{email: {starts_with: root}}]}}]
  - from: https://open.example.com
    to: http://open
    allow_any_authenticated_user: true
`;
writeFileSync(join(folder, 'config.yaml'), CONFIG);

const keys = staticKeys({ keys: [key.publicJwk] });
const guardedBy = (verifier: { verifyRequest(request: object): Promise<unknown> }) => (request: IncomingMessage) =>
  verifier
    .verifyRequest({ url: `https://${HOST}${request.url}`, method: request.method, headers: request.headersDistinct })
    .then(
      () => true,
      () => false,
    );

interface Finding {
  readonly name: string;
  readonly verdict: string;
}

async function examine(path: string, isAllowed: (request: IncomingMessage) => Promise<boolean>, ...args: string[]) {
  const server = await serve(async (request, response) => {
    response.writeHead((await isAllowed(request)) ? 200 : 403).end();
  });
  try {
    const options = ['--config', 'config.yaml', '-y', '--rate', '1000', '--json', ...args];
    const { code, stdout, stderr } = await runCli(['doctor', server.url + path, ...options], { cwd: folder });
    assert.equal(stderr, '');
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return { code, findings, letIn: findings.filter(({ verdict }) => verdict === 'let in').map(({ name }) => name) };
  } finally {
    await server.close();
  }
}

const WITH_KEY = ['--host', HOST, '--key', 'key.pem'];

describe('pomerium-edge doctor --config', () => {
  const options: RoutesOptions = { hosts: [HOST] };
  const byRoutes = guardedBy(createVerifier({ routes: compileRoutes(parse(CONFIG), options), keys }));

  const paths: [path: string, hasAllowed: boolean, refused: string[]][] = [
    ['/staff', true, ['of another domain', 'whom no route names', 'for nobody', 'for the host open.example.com']],
    ['/admin', true, ['in no group', 'whom no route names', 'for nobody', 'for the host open.example.com']],
    ['/public', true, ['for the host open.example.com']],
    [
      '/closed',
      false,
      ['in no group', 'of another domain', 'whom no route names', 'for nobody', 'for the host open.example.com'],
    ],
    [
      '/patterns',
      false,
      ['in no group', 'of another domain', 'whom no route names', 'for nobody', 'for the host open.example.com'],
    ],
    [
      '/elsewhere',
      false,
      ['in no group', 'of another domain', 'whom no route names', 'for nobody', 'for the host open.example.com'],
    ],
  ];
  test('with --as it proves what no policy names anybody for, and says where the routes refuse that person', async () => {
    writeFileSync(join(folder, 'root.json'), '{"email":"root@example.com"}');
    const { code, letIn } = await examine('/patterns', byRoutes, ...WITH_KEY, '--as', 'root.json');
    assert.deepEqual([code, ...letIn], [0]);
    const args = ['--config', 'config.yaml', '-y', ...WITH_KEY, '--as', 'root.json'];
    const refused = await runCli(['doctor', 'http://127.0.0.1:1/closed', ...args], { cwd: folder });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /The routes refuse this person here; say --as or --groups/);
  });

  for (const [path, hasAllowed, refused] of paths) {
    test(`${path}: finds nothing where the routes are asked, and tries ${refused.length} people whom they refuse`, async () => {
      const { code, findings, letIn } = await examine(path, byRoutes, ...WITH_KEY);
      assert.deepEqual(letIn, []);
      assert.equal(code, hasAllowed ? 0 : 3, 'nothing is proved where nobody may get in');
      const tried = findings.map(({ name }) => name).filter((name) => name.startsWith('a good assertion, for '));
      assert.deepEqual(
        tried.map((name) => refused.find((end) => name.endsWith(end))),
        refused,
      );
      assert.equal(
        findings.some(({ name }) => name === 'a good assertion'),
        hasAllowed,
      );
    });
  }

  test('finds an endpoint that asks for no policy', async () => {
    const lax = guardedBy(createVerifier({ audience: HOST, keys }));
    const { code, letIn } = await examine('/admin', lax, ...WITH_KEY);
    assert.equal(code, 1);
    assert.deepEqual(letIn, [
      'a good assertion, for somebody in no group',
      'a good assertion, for somebody whom no route names',
    ]);
  });

  test('finds an endpoint that takes the assertions of another host', async () => {
    const policy = compilePolicy({ allow: { or: [{ domain: 'corp.example.com' }] } });
    const verifier = createVerifier({ audience: [HOST, 'open.example.com'], keys, policy });
    const lax = ({ headers }: IncomingMessage) =>
      verifier.verify(String(headers['x-pomerium-jwt-assertion'] ?? '')).then(
        () => true,
        () => false,
      );
    const { letIn } = await examine('/staff', lax, ...WITH_KEY);
    assert.include(letIn, 'a good assertion, for the host open.example.com');
  });

  test('does not hold against a wildcard that it takes the hosts of it', async () => {
    const wild = CONFIG.replaceAll('https://app.example.com', 'https://*.apps.example.com');
    writeFileSync(join(folder, 'wild.yaml'), wild);
    const hosts = ['a.apps.example.com', '*.apps.example.com'];
    const verifier = createVerifier({ routes: compileRoutes(parse(wild), { hosts }), keys });
    const isAllowed = ({ url, method, headersDistinct }: IncomingMessage) =>
      verifier.verifyRequest({ url: `https://worker.example.net${url}`, method, headers: headersDistinct }).then(
        () => true,
        () => false,
      );
    const { code, letIn } = await examine(
      '/staff',
      isAllowed,
      '--config',
      'wild.yaml',
      '--host',
      ...hosts,
      '--key',
      'key.pem',
    );
    assert.deepEqual({ code, letIn }, { code: 0, letIn: [] });
  });

  test('finds a flaw that only somebody who is allowed can use', async () => {
    const routes = compileRoutes(parse(CONFIG), options);
    const late = guardedBy(createVerifier({ routes, keys, clockTolerance: 600 }));
    const { letIn } = await examine('/admin', late, ...WITH_KEY);
    assert.include(letIn, 'expired');
  });

  test('without --key sends no good assertion', async () => {
    const { code, findings } = await examine('/admin', byRoutes, '--host', HOST);
    assert.equal(code, 3);
    assert.isFalse(findings.some(({ name }) => name.startsWith('a good assertion')));
  });

  test('signs with the issuer format that the routes have', async () => {
    const uri = CONFIG.replace('pass_identity_headers', 'jwt_issuer_format: uri\npass_identity_headers');
    writeFileSync(join(folder, 'uri.yaml'), uri);
    const isAllowed = guardedBy(createVerifier({ routes: compileRoutes(parse(uri), options), keys }));
    const { code, findings } = await examine('/staff', isAllowed, ...WITH_KEY, '--config', 'uri.yaml');
    assert.equal(code, 0);
    assert.isTrue(findings.some(({ name, verdict }) => name === 'a good assertion' && verdict === 'as it should'));
  });

  const wrong: [args: string[], message: RegExp][] = [
    [[], /Say --audience/],
    [['--host', HOST], /are for --config/],
    [
      ['--config', 'config.yaml'],
      /Which host is this endpoint for\? Say --host with one of app\.example\.com, open\.example\.com/,
    ],
    [['--config', 'config.yaml', '--host', 'x.example.com'], /there is no route/],
    [['--config', '/nowhere', '--host', HOST], /cannot be read/],
  ];
  for (const [args, message] of wrong) {
    test(`says in a sentence what is wrong with: ${args.join(' ') || 'nothing'}`, async () => {
      const { code, stderr } = await runCli(['doctor', 'http://127.0.0.1:1/', '-y', ...args], { cwd: folder });
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }
});
