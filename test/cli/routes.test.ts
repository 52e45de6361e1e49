import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, describe, test } from 'vitest';
import { parse } from 'yaml';
import { compileRoutes, createVerifierFromEnvironment } from '../../core/index.ts';
import { inFolder, READERS } from './read-settings.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-routes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const routes = (...args: string[]) => runCli(['routes', ...args], { cwd: folder });

const COMPANY = `authenticate_service_url: https://authenticate.corp.example.com
pass_identity_headers: true
jwt_claims_headers: [department]
routes:
  - from: https://app.corp.example.com
    to: http://app:8080
    prefix: /admin
    policy:
      - allow: {and: [{groups: admins}, {http_method: {in: [GET, HEAD]}}]}
      - deny: {or: [{email: leaver@example.com}]}
  - from: https://app.corp.example.com
    to: http://app:8080
    allowed_domains: [example.com]
  - name: previews
    from: https://*.preview.corp.example.com
    to: http://previews
    allow_any_authenticated_user: true
    cors_allow_preflight: true
  - from: https://office.corp.example.com
    to: http://office
    policy: [{allow: {and: [{domain: example.com}, {source_ip: 10.0.0.0/8}]}}]
  - from: https://old.corp.example.com
    redirect: {host_redirect: app.corp.example.com}
  - from: https://files.corp.example.com
    to: http://files/base
    prefix: /share
    pass_identity_headers: false
`;
const company = fileOf('company.yaml', COMPANY);

/** Whatever people put into a file that some format takes for its own. */
const ODD = `jwt_claims_headers: [department]
pass_identity_headers: true
routes:
  - from: https://app.corp.example.com
    name: "O'Brien's \\"app\\" # $HOME \${HOME} \`id\` %PATH% \\\\ \\\\n é \\u200b"
    to: http://app
    regex: ^/it's/(a|b)\\.json$
    policy:
      - allow: {or: [{email: "o'brien@example.com"}, {claim/department: "R&D # \\"two\\"\\nline \\t \\x7f"}]}
`;
const odd = fileOf('odd.yaml', ODD);

describe('pomerium-edge routes --for prints settings that the platform reads back', () => {
  for (const { format, by, read } of READERS) {
    test(`${format}: ${by}`, () =>
      inFolder(async (own) => {
        const options = { hosts: ['app.corp.example.com'], listClaims: ['department'] };
        const expected = compileRoutes(parse(COMPANY), options);
        const args = ['--host', 'app.corp.example.com', '--list-claims', 'department'];
        const { code, stdout, stderr } = await routes(company, ...args, '--for', format);
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
        const settings = await read(stdout, own);
        assert.deepEqual(settings, {
          POMERIUM_ROUTES: JSON.stringify(expected),
          POMERIUM_LIST_CLAIMS: 'department',
        });
        assert.isFunction(createVerifierFromEnvironment(settings).verifyRequest);
      }));

    test(`${format}: ${by}, with every odd character`, () =>
      inFolder(async (own) => {
        const { code, stdout } = await routes(odd, '--list-claims', '[]', '--for', format);
        assert.equal(code, 0);
        assert.notMatch(stdout, /[^\x20-\x7e\né]/u, 'nothing that a terminal obeys');
        const settings = await read(stdout, own);
        const expected = compileRoutes(parse(ODD), { listClaims: [] });
        assert.deepEqual(JSON.parse(settings['POMERIUM_ROUTES'] ?? ''), JSON.parse(JSON.stringify(expected)));
        // The verifier knows that no claim is a list, or it would refuse the routes.
        assert.isFunction(createVerifierFromEnvironment(settings).verifyRequest);
      }));
  }

  test('json: to import in code', async () => {
    const { stdout } = await routes(company, '--leave', 'source_ip', '--for', 'json');
    const expected = compileRoutes(parse(COMPANY), { leaveToPomerium: ['source_ip'] });
    assert.equal(stdout, `${JSON.stringify(expected)}\n`);
  });

  test('the Serverless Framework finds nothing to fill in', async () => {
    const { stdout } = await routes(odd, '--list-claims', '[]', '--for', 'aws');
    assert.notInclude(stdout, '${');
  });
});

describe('pomerium-edge routes --for', () => {
  const SECRET = `signing_key: SECRET-01
shared_secret: SECRET-02
cookie_secret: SECRET-03
idp_client_secret: SECRET-04
certificates: [{cert: SECRET-05, key: SECRET-06}]
databroker_storage_connection_string: postgres://user:SECRET-07@db
pass_identity_headers: true
routes:
  - from: https://app.corp.example.com
    to: https://user:SECRET-08@app.internal:8443
    tls_client_key: SECRET-09
    tls_client_cert: SECRET-10
    tls_custom_ca: SECRET-11
    kubernetes_service_account_token: SECRET-12
    idp_client_secret: SECRET-13
    set_request_headers: {Authorization: Bearer SECRET-14}
    set_response_headers: {X-Key: SECRET-15}
    mcp: {server: {upstream_oauth2: {client_secret: SECRET-16}}}
    allowed_domains: [example.com]
  - from: https://other.corp.example.com
    to: http://SECRET-17.internal
    policy: [{allow: {or: [{email: SECRET-18@example.com}]}}]
`;
  for (const format of ['cloudflare', 'aws', 'vercel', 'next', 'node', 'env', 'json']) {
    test(`${format}: nothing secret of the file, and no policy of another host`, async () => {
      const { code, stdout } = await routes(
        fileOf('secret.yaml', SECRET),
        '--host',
        'app.corp.example.com',
        '--for',
        format,
      );
      assert.equal(code, 0);
      assert.include(stdout, 'app.corp.example.com');
      assert.notMatch(stdout, /SECRET/);
    });
  }

  test('prints nothing to paste where something is refused, and all that is on stderr', async () => {
    const { code, stdout, stderr } = await routes(company, '--for', 'env');
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
    assert.match(stderr, /^company\.yaml:21:64: routes\[3\]\.policy\[0\]\.allow\.and\[1\]\.source_ip: /);
  });

  test('prints what is left to Pomerium, and warns where no assertion arrives', async () => {
    const { stdout } = await routes(company, '--leave', 'source_ip,device', '--for', 'env');
    assert.include(stdout, "export POMERIUM_LEAVE_TO_POMERIUM='source_ip,device'");
    assert.match(stdout, /^# No assertion arrives by routes\[5\] \(https:\/\/files\.corp\.example\.com\)/m);
  });

  const urls: [what: string, yaml: string, args: string[], url: string | undefined][] = [
    ['one host', COMPANY, ['--host', 'app.corp.example.com'], undefined],
    ['a host that a wildcard takes', COMPANY, ['--host', 'x.preview.corp.example.com'], undefined],
    ['a wildcard beside other hosts', COMPANY, ['--host', '*.preview.corp.example.com'], 'app.corp.example.com'],
    [
      'a wildcard alone',
      'authenticate_service_url: https://login.example.org:8443\nroutes: [{from: "https://*.example.com", to: http://a}]',
      [],
      'login.example.org:8443',
    ],
    [
      'a wildcard alone, with the hosted sign-in',
      'authenticate_service_url: https://authenticate.pomerium.app\nroutes: [{from: "https://*.example.com", to: http://a}]',
      [],
      'any.example.com',
    ],
    ['a port', 'routes: [{from: "https://a.example.com:8443", to: http://a}]', [], 'a.example.com:8443'],
    [
      'a port, and the host without one',
      'routes: [{from: "https://a.example.com:8443", to: http://a}, {from: "https://a.example.com", to: http://b}]',
      [],
      undefined,
    ],
  ];
  for (const [what, yaml, args, host] of urls) {
    test(`says where the keys are: ${what}`, async () => {
      const file = fileOf('keys.yaml', yaml);
      const { code, stdout } = await routes(file, '--leave', 'source_ip', ...args, '--for', 'env');
      assert.equal(code, 0);
      const url = /^export POMERIUM_JWKS_URL='(.*)'$/m.exec(stdout)?.[1];
      assert.equal(url, host && `https://${host}/.well-known/pomerium/jwks.json`);
      if (!host) assert.match(stdout, /^# The keys are fetched at https:\/\//m);
    });
  }

  const many = fileOf(
    'many.yaml',
    Array.from(
      { length: 40 },
      (_, i) =>
        `- {from: https://app.corp.example.com, prefix: /team-${i}/, to: http://a, pass_identity_headers: true, allowed_users: [lead-of-team-${i}@example.com]}`,
    ).join('\n'),
  );
  for (const [format, adapter] of [
    ['cloudflare', 'withPomerium'],
    ['aws', 'createAuthorizer'],
  ] as const) {
    test(`${format}: what no variable can hold goes into code`, async () => {
      const { code, stdout } = await routes(many, '--leave', 'device', '--for', format);
      assert.equal(code, 0);
      assert.match(stdout, /This takes \d{4,} bytes/);
      assert.include(stdout, 'pomerium-edge routes many.yaml --leave device --for json > routes.json');
      assert.match(
        stdout,
        new RegExp(`${adapter}\\(.*routes: compileRoutes\\(configuration, \\{ leaveToPomerium: \\['device'\\] \\}\\)`),
      );
      assert.notMatch(stdout, /^[^#]/m, 'nothing to paste');
    });
  }

  test('next: it is said where the Edge runtime cannot hold it', async () => {
    const { stdout } = await routes(many, '--for', 'next');
    assert.match(stdout, /This takes \d{4,} bytes, and one variable of the Edge runtime holds 5 KB\./);
    assert.match(stdout, /^POMERIUM_ROUTES='/m);
  });
});

describe('pomerium-edge routes shows', () => {
  test('each route, who may pass, and where that is decided', async () => {
    const { code, stdout } = await routes(company, '--leave', 'source_ip');
    assert.equal(code, 0);
    const expected = [
      /^✓ app\.corp\.example\.com +\/admin\* +group admins, if the method is GET or +here\n +HEAD\n +deny: leaver@example\.com$/m,
      /^✓ app\.corp\.example\.com +\/\* +@example\.com +here$/m,
      /^✓ \*\.preview\.corp\.example\.com +\/\* +everybody who is signed in, preflights +here$/m,
      /^\? office\.corp\.example\.com .* here, but source_ip$/m,
      /^- old\.corp\.example\.com .* at Pomerium: redirect$/m,
    ];
    for (const row of expected) assert.match(stdout, row);
    assert.match(
      stdout,
      /nobody +here\n {2}! no assertion arrives \(pass_identity_headers\)\n {2}! the service is asked/,
    );
  });

  test('the routes of other hosts as such, whatever their policies', async () => {
    const { code, stdout } = await routes(company, '--host', 'app.corp.example.com');
    assert.equal(code, 0, 'source_ip is asked for another host');
    assert.match(stdout, /^- office\.corp\.example\.com .* another host$/m);
  });

  test('the same as JSON', async () => {
    const { stdout } = await routes(company, '--leave', 'source_ip', '--json');
    const report = JSON.parse(stdout);
    assert.deepEqual(report.problems, []);
    assert.equal(report.kind, 'configuration');
    assert.include(report.hosts, '*.preview.corp.example.com');
    assert.deepInclude(report.routes[3], {
      at: 'routes[3]',
      place: 'company.yaml:19:5',
      host: 'office.corp.example.com',
      decided: 'in part',
      left: ['source_ip'],
      who: ['@example.com, if source_ip 10.0.0.0/8 (left to Pomerium)'],
    });
    assert.deepInclude(report.routes[2], { name: 'previews', decided: 'here' });
  });

  test('all that is refused, each at its place', async () => {
    const file = fileOf(
      'wrong.yaml',
      `jwt_claim_headers: [team]
routes:
  - from: app.example.com
    to: http://app
    polcy:
      - deny: {or: [{device: x}, {claim/team: a}]}
    allowed_user: [a@example.com]
  - from: https://b.example.com
    to: b
    policy:
      - allow: {or: [{source_ip: 1.2.3.4}, {group: b}, {email: [a, b]}]}
        alow: {or: []}
      - {}
      - text
  - from: https://c.example.com
    to: http://c
    regex: (
    allow_any_authenticated_user: yes
    allowed_domains: [example.com, '']
  - {from: https://d.example.com, to: http://d, allowed_domains: [example.com]}
  - {from: https://d.example.com, to: http://d, allowed_domains: [example.org]}
`,
    );
    const { code, stdout } = await routes(file);
    assert.equal(code, 1);
    const found = stdout.match(/^✗ wrong\.yaml:\d+:\d+: \S+/gm)?.map((line) => line.replace(/^✗ wrong\.yaml:/, ''));
    assert.deepEqual(found, [
      '1:20: jwt_claim_headers:',
      '3:11: routes[0].from',
      '5:5: routes[0].polcy:',
      '6:30: routes[0].polcy[0].deny.or[0].device:',
      '6:47: routes[0].polcy[0].deny.or[1].claim/team:',
      '7:19: routes[0].allowed_user:',
      '9:9: routes[1].to',
      '11:34: routes[1].policy[0].allow.or[0].source_ip:',
      '11:52: routes[1].policy[0].allow.or[1].group:',
      '11:64: routes[1].policy[0].allow.or[2].email',
      '12:15: routes[1].policy[0].alow:',
      '14:9: routes[1].policy[2]',
      '17:12: routes[2].regex',
      '18:35: routes[2].allow_any_authenticated_user',
      '18:35: routes[2]',
      '19:36: routes[2].allowed_domains[1]',
      '21:5: routes[4]',
    ]);
    assert.match(stdout, /^✓ d\.example\.com +\/\* +@example\.com +here$/m, 'what is right is shown all the same');
    assert.notMatch(stdout, /refused-\d|\.invalid/, 'nothing of what was put in place of mistakes');
    assert.include(stdout, 'With --leave device,source_ip');
  });

  test('a hundred problems and no more', async () => {
    const list = Array.from({ length: 150 }, (_, i) => `- {from: https://a${i}.example.com, to: http://a, x: 1}`);
    const { code, stdout } = await routes(fileOf('bad.yaml', list.join('\n')));
    assert.equal(code, 1);
    assert.lengthOf(stdout.match(/^✗ bad\.yaml/gm) ?? [], 100);
  });
});

describe('pomerium-edge routes --as says what becomes of a request', () => {
  const people = {
    'admin.json': { email: 'root@example.org', groups: ['admins'] },
    'staff.json': { email: 'staff@example.com' },
    'leaver.json': { email: 'leaver@example.com', groups: ['admins'] },
    'nobody.json': {},
  };
  for (const [name, claims] of Object.entries(people)) fileOf(name, JSON.stringify(claims));
  const APP = 'https://app.corp.example.com';

  const cases: [as: keyof typeof people, args: string[], code: number, output: RegExp][] = [
    [
      'admin.json',
      ['--url', `${APP}/admin/users?x=1`],
      0,
      /routes\[0\] .*company\.yaml:5:5\n✓ allow .*\n.*\n +✓ groups/,
    ],
    ['admin.json', ['--url', `${APP}/admin`, '--method', 'POST'], 1, /✓ groups.*\n +✗ http_method/],
    ['leaver.json', ['--url', `${APP}/admin`], 1, /✓ deny.*\n.*\n +✓ email[\s\S]*routes\[0\]\.policy\[1\]\.deny holds/],
    ['admin.json', ['--url', `${APP}/`], 1, /routes\[1\] [\s\S]*no allow rule holds/],
    ['staff.json', ['--url', `${APP}/`], 0, /routes\[1\] .*\n✓ allow {2}routes\[1\]\n {2}✓ or\n {4}✓ domain/],
    ['nobody.json', ['--url', `${APP}/`], 1, /asks who it is/],
    ['staff.json', ['--url', `${APP}/admin%2Fx`], 1, /No route of this host leads such a request/],
    ['staff.json', ['--url', `${APP}/a//b`], 1, /Servers read this path in different ways, so that/],
    ['staff.json', ['--url', `${APP}/.pomerium/`], 1, /No route of this host leads such a request/],
    ['staff.json', ['--url', 'https://new.preview.corp.example.com/'], 0, /routes\[2\] .*\*\.preview/],
    ['nobody.json', ['--url', 'https://new.preview.corp.example.com/'], 1, /asks who it is/],
    [
      'nobody.json',
      [
        '--url',
        'https://new.preview.corp.example.com/',
        '--method',
        'OPTIONS',
        '--header',
        'Origin: https://a.example.com',
        'Access-Control-Request-Method: PUT',
      ],
      0,
      /✓ cors_preflight/,
    ],
    ['staff.json', ['--url', 'https://office.corp.example.com/'], 0, /\? source_ip .*left to Pomerium/],
    ['staff.json', ['--url', 'https://old.corp.example.com/'], 1, /leads to no service by HTTP: redirect/],
    ['staff.json', ['--url', 'https://nowhere.example.com/'], 1, /No route is for the host nowhere\.example\.com/],
    ['staff.json', ['--url', 'https://files.corp.example.com/base/x'], 1, /no assertion arrives[\s\S]*lets anybody in/],
  ];
  for (const [as, args, expected, output] of cases) {
    test(`${as.replace('.json', '')} ${args.slice(1).join(' ')}`, async () => {
      const { code, stdout, stderr } = await routes(company, '--leave', 'source_ip', '--as', as, ...args);
      assert.equal(code, expected, stdout + stderr);
      assert.match(stdout, output);
      assert.match(stdout, expected === 0 ? /\nallowed\n$/ : /\nnot allowed\n$/);
    });
  }

  test('of a host that is not wanted', async () => {
    const { code, stdout } = await routes(
      company,
      '--host',
      'app.corp.example.com',
      ...asStaff('https://x.preview.corp.example.com'),
    );
    assert.equal(code, 1);
    assert.include(stdout, 'x.preview.corp.example.com is not one of the hosts that are wanted.');
  });

  test('where paths are rewritten, by every route that it may have come by', async () => {
    const file = fileOf(
      'rewritten.yaml',
      `- {from: https://a.example.com, prefix: /x/, prefix_rewrite: /, to: http://a, allowed_users: [x@example.com]}
- {from: https://a.example.com, to: http://a, allowed_domains: [example.com]}
`,
    );
    const { code, stdout } = await routes(file, ...asStaff('https://a.example.com/b'));
    assert.equal(code, 1);
    assert.match(stdout, /several routes: each must let it through/);
    assert.match(stdout, /\[1\] [\s\S]*✓ domain/);
    assert.match(stdout, /\[0\] [\s\S]*✗ email/);
  });

  test('with the issuer that the route has', async () => {
    const file = fileOf(
      'uri.yaml',
      `- {from: https://a.example.com, to: http://a, jwt_issuer_format: uri, allowed_domains: [example.com]}`,
    );
    assert.equal((await routes(file, ...asStaff('https://a.example.com/'))).code, 0);
  });

  test('the same as JSON', async () => {
    const { stdout } = await routes(company, '--leave', 'source_ip', '--json', ...asStaff(`${APP}/admin`));
    const answer = JSON.parse(stdout);
    assert.deepInclude(answer, { method: 'GET', url: `${APP}/admin`, allowed: false });
    assert.equal(answer.routes[0].at, 'routes[0]');
    assert.equal(answer.routes[0].policy.allowed, false);
    assert.include(answer.reason, 'no allow rule holds');
  });

  function asStaff(url: string): string[] {
    return ['--as', 'staff.json', '--url', url];
  }
});

describe('pomerium-edge routes says in a sentence what is wrong with the call', () => {
  const wrong: [args: string[], message: RegExp][] = [
    [['/nowhere'], /cannot be read/],
    [[company, '--host', 'x.example.com'], /^pomerium-edge: --host has "x\.example\.com", for which there is no route/],
    [[company, '--leave', 'sourceip'], /"sourceip", which is no criterion/],
    [[company, '--for', 'heroku'], /Allowed choices are cloudflare, aws/],
    [[company, '--for', 'env', '--as', 'staff.json'], /exclude each other/],
    [[company, '--url', 'https://a'], /--url is for --as/],
    [[company, '--method', 'POST'], /--method is for --as/],
    [[company, '--header', 'a: b'], /--header is for --as/],
    [[company, '--as', 'staff.json'], /say --url/],
    [[company, '--as', 'staff.json', '--url', 'app.corp.example.com'], /say --url/],
    [
      [company, '--as', 'staff.json', '--url', 'https://a', '--leave', 'source_ip', '--header', 'Origin'],
      /is no header/,
    ],
    [[company, '--as', '/nowhere', '--url', 'https://a', '--leave', 'source_ip'], /cannot be read/],
    [[company, '--as', company, '--url', 'https://a', '--leave', 'source_ip'], /is no identity/],
    [
      [company, '--as', 'staff.json', '--url', 'https://app.corp.example.com/'],
      /the file cannot be used:\n {2}company/,
    ],
    [[fileOf('policy.yaml', 'allow: {or: [{domain: a}]}')], /is one policy, without routes/],
    [[company, '--leave', 'source_ip', '--list-claims', "a'b", '--for', 'env'], /"a'b", which no variable can hold/],
  ];
  for (const [args, message] of wrong) {
    test(args.join(' '), async () => {
      const { code, stdout, stderr } = await routes(...args);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
      assert.match(stderr, message);
      assert.notMatch(stderr, /\n\s+at /, 'no stack');
    });
  }

  test('prints its help, with examples and exit codes', async () => {
    const { code, stdout } = await routes('--help');
    assert.equal(code, 0);
    assert.match(stdout, /Exit codes: 0 .*, 1 .*, 2 called wrongly/);
    assert.match(stdout, /Examples:/);
  });
});
