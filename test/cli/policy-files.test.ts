import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, describe, test } from 'vitest';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-policy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const policy = (...args: string[]) => runCli(['policy', ...args], { cwd: folder });
const alice = fileOf('alice.json', '{"email": "alice@example.com", "roles": "admin,staff"}');

const ROUTE = `from: https://app.example.com
    to: http://app
    policy: [{allow: {or: [{domain: example.com}, {groups: admins}]}}]`;
const FILES: [kind: string, text: string][] = [
  ['config.yaml', `pass_identity_headers: true\nroutes:\n  - ${ROUTE}\n`],
  ['an old configuration', `policy:\n  - ${ROUTE}\n`],
  ['a list of routes', `-   ${ROUTE}\n`],
  ['one route', ROUTE.replaceAll('\n    ', '\n')],
  ['Helm values', `config:\n  rootDomain: example.com\n  routes:\n  - ${ROUTE}\n`],
  [
    'an Ingress',
    `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: app
  annotations:
    ingress.pomerium.io/policy: '[{"allow":{"or":[{"domain":"example.com"},{"groups":"admins"}]}}]'
spec:
  ingressClassName: pomerium
  rules:
    - host: app.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app, port: {number: 80}}}}]}
`,
  ],
];

describe('pomerium-edge policy takes files of routes', () => {
  for (const [kind, text] of FILES) {
    test(`${kind}: check`, async () => {
      const { code, stdout } = await policy('check', fileOf('file.yaml', text));
      assert.equal(code, 0);
      assert.match(stdout, /^✓ app\.example\.com +\/\* +@example\.com, group admins +here$/m);
    });

    test(`${kind}: test`, async () => {
      const { code, stdout } = await policy(
        'test',
        fileOf('file.yaml', text),
        '--as',
        alice,
        '--url',
        'https://app.example.com/',
      );
      assert.equal(code, 0);
      assert.match(stdout, /✓ domain/);
      assert.match(stdout, /✗ groups/);
    });

    test(`${kind}: what is refused, at its place`, async () => {
      const file = fileOf('file.yaml', text.replace('groups', 'group'));
      const { code, stdout } = await policy('check', file);
      assert.equal(code, 1);
      assert.match(stdout, /^✗ file\.yaml:\d+:\d+: .*group: there is no criterion "group"; write groups\.$/m);
    });
  }

  test('test asks for a URL, since a route is for a host', async () => {
    const [, text] = FILES[0] as [string, string];
    const file = fileOf('file.yaml', text);
    assert.match((await policy('test', file, '--as', alice)).stderr, /say --url/);
    assert.match((await policy('test', file, '--as', alice, '--path', '/')).stderr, /of routes say --url/);
  });
});

describe('pomerium-edge policy --leave', () => {
  const file = fileOf(
    'left.yaml',
    'allow: {and: [{domain: example.com}, {source_ip: 10.0.0.0/8}]}\ndeny: {or: [{device: {approved: false}}]}\n',
  );

  test('without --leave, criteria that Pomerium alone decides are refused', async () => {
    const { code, stdout } = await policy('check', file);
    assert.equal(code, 1);
    assert.match(stdout, /source_ip: the criterion source_ip cannot be answered.*\(--leave\)/);
  });

  test('check prints what is left to Pomerium', async () => {
    const { code, stdout } = await policy('check', file, '--leave', 'source_ip,device');
    assert.equal(code, 0);
    assert.equal(
      stdout,
      [
        '✓ left.yaml can be decided at the edge, but for what is left to Pomerium.',
        '? left.yaml:1:50: allow.and[1].source_ip is left to Pomerium.',
        '? left.yaml:2:22: deny.or[0].device is left to Pomerium.',
        '',
      ].join('\n'),
    );
    const json = await policy('check', file, '--leave', 'source_ip,device', '--json');
    assert.lengthOf(JSON.parse(json.stdout).left, 2);
  });

  test('test marks in its tree what is left to Pomerium', async () => {
    const { code, stdout } = await policy('test', file, '--as', alice, '--leave', 'source_ip,device');
    assert.equal(code, 0);
    assert.match(stdout, /^ {4}✓ domain/m);
    assert.match(stdout, /^ {4}\? source_ip .*left to Pomerium$/m);
    assert.match(stdout, /^✗ deny/m);
  });
});

describe('pomerium-edge policy says of claims what must be so', () => {
  const file = fileOf(
    'claims.yaml',
    'allow:\n  or:\n    - claim/roles: admin\n    - claim/team: blue\n    - claim/groups: a\n',
  );

  test('check: in notes', async () => {
    const { code, stdout } = await policy('check', file);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^! claims\.yaml:3:20: claim\/roles needs jwt_claims_headers in Pomerium to name roles, and --list-claims/m,
    );
    assert.match(stdout, /^! claims\.yaml:4:19: claim\/team needs/m);
    assert.notMatch(stdout, /claim\/groups needs/);
    const known = await policy('check', file, '--list-claims', 'roles');
    assert.match(known.stdout, /to name roles\.$/m);
  });

  test('test: one that is absent, and one that holds a comma', async () => {
    const { code, stdout } = await policy('test', file, '--as', alice);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^! claim\/team: the identity has no team; an assertion has it only if jwt_claims_headers names it\.$/m,
    );
    assert.match(stdout, /^! claim\/roles is taken as one value, with its comma; say --list-claims roles/m);
    const known = await policy('test', file, '--as', alice, '--list-claims', 'roles');
    assert.equal(known.code, 0);
    assert.notMatch(known.stdout, /with its comma/);
    const json = await policy('test', file, '--as', alice, '--json');
    assert.lengthOf(JSON.parse(json.stdout).notes, 2);
  });
});

describe('pomerium-edge policy check says what is meant', () => {
  const cases: [policy: string, advice: RegExp][] = [
    ['allow: {and: [{or: [{groups: a}]}]}', /operators do not nest: write another rule into the list of rules/],
    ['allow: {or: [{claim/aud: a}]}', /aud in an assertion is Pomerium's own.*; no assertion has that one\./],
    ['allow: {or: [{claim/sub: a}]}', /write user for the user's id/],
    ['allow: {or: [{claims/groups: a}]}', /write claim\/groups\./],
    ['allow: {or: [{claim.groups: a}]}', /write claim\/groups\./],
    ['allow: {or: [{"claim:team": a}]}', /write claim\/team\./],
    ['allow: {or: [{group: a}]}', /write groups\./],
    ['allow: {or: [{users: a}]}', /write user\./],
    ['allow: {or: [{domains: a}]}', /write domain\./],
    ['allow: {or: [{roles: a}]}', /write claim\/roles if it is a claim, or one of accept, /],
    ['allow: {or: [{email: [a, b]}]}', /must be one string; it is a list: write in: \[ … \]\./],
    ['allow: {or: [{email: {is: [a, b]}}]}', /email\.is must be one string; it is a list: write in: \[ … \]\./],
    ['allow: {or: [{email: {in: a}}]}', /email\.in must be a list of strings/],
    ['allow: {or: [{claim/team: [a, b]}]}', /write a criterion for each value, under or\./],
    [
      'allow:\n  or:\n    - email:\n      is: a',
      /it has email, is \(indent what belongs to a criterion more than its name\)\./,
    ],
    ['allow: {or: [{email: a, groups: b}]}', /it has email, groups\./],
    ['allow: {or: [a]}', /exactly one criterion.*; it is a value of type string\./],
    ['allow: {or: [{}]}', /exactly one criterion.*; it has none\./],
    ['allow: {or: [{domain: a}]}\n---\ndeny: {}', /:2:|:3:.*A policy is one document; write its rules as one list/],
  ];
  for (const [text, advice] of cases) {
    test(text.replaceAll('\n', ' '), async () => {
      const { code, stdout } = await policy('check', fileOf('wrong.yaml', text));
      assert.equal(code, 1);
      assert.match(stdout, advice);
    });
  }
});
