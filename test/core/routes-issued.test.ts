import { assert, describe, test } from 'vitest';
import {
  compileRoutes,
  createVerifier,
  type PomeriumErrorCode,
  type RoutesOptions,
  staticKeys,
} from '../../core/index.ts';
import { jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { type Ask, compiled, outcomeOf, route } from '../support/judged-routes.ts';
import { assertMisconfigured, errorOf } from '../support/verifying.ts';

const HOST = 'app.corp.example.com';
const APP = `https://${HOST}`;
const URI = `${APP}/`;
const APPS = 'https://*.apps.corp.example.com';

const key = await makeKey();

type Case = [rule: string, ask: Ask, answer: string];

function check(configuration: unknown, cases: readonly Case[], options: RoutesOptions = {}): void {
  for (const [rule, ask, answer] of cases) {
    test(`${rule}: ${answer}`, () => assert.equal(outcomeOf(compiled(configuration, options), ask), answer));
  }
}

describe('the issuer is that of the route, which', () => {
  const formats: [format: object, globally: object, iss: string][] = [
    [{}, {}, HOST],
    [{ jwt_issuer_format: 'uri' }, {}, URI],
    [{ jwt_issuer_format: 'IssuerURI' }, {}, URI],
    [{ jwt_issuer_format: 'hostOnly' }, {}, HOST],
    [{ jwt_issuer_format: 'issuerhostonly' }, {}, HOST],
    [{}, { jwt_issuer_format: 'URI' }, URI],
    [{ jwt_issuer_format: 'hostOnly' }, { jwt_issuer_format: 'uri' }, HOST],
    [{ jwt_issuer_format: '' }, { jwt_issuer_format: 'uri' }, URI],
  ];
  for (const [own, globally, iss] of formats) {
    describe(`says ${JSON.stringify(own)} under ${JSON.stringify(globally)}:`, () => {
      const other = iss === HOST ? URI : HOST;
      check({ ...globally, routes: [route('app', APP, own)] }, [
        [iss, { url: `${APP}/`, iss }, 'app'],
        [other, { url: `${APP}/`, iss: other }, 'issuer_mismatch'],
        ['without the slash', { url: `${APP}/`, iss: APP }, 'issuer_mismatch'],
        ['another host', { url: `${APP}/`, iss: 'other.corp.example.com' }, 'issuer_mismatch'],
      ]);
    });
  }

  describe('is the one that is met, of several in two formats', () => {
    check(
      [route('uri', APP, { prefix: '/uri', jwt_issuer_format: 'uri' }), route('host', APP)],
      [
        ['its own', { url: `${APP}/uri`, iss: URI }, 'uri'],
        ['that of the other', { url: `${APP}/uri`, iss: HOST }, 'issuer_mismatch'],
        ['its own', { url: `${APP}/`, iss: HOST }, 'host'],
        ['that of the other', { url: `${APP}/`, iss: URI }, 'issuer_mismatch'],
      ],
    );
  });

  describe('for a wildcard is the concrete host', () => {
    check(
      [route('apps', APPS, { jwt_issuer_format: 'uri' })],
      [
        ['with the host', { url: 'https://a.apps.corp.example.com/', iss: 'https://a.apps.corp.example.com/' }, 'apps'],
        ['with the wildcard', { url: 'https://a.apps.corp.example.com/', iss: `${APPS}/` }, 'issuer_mismatch'],
      ],
    );
  });
});

describe('the audience', () => {
  const other = 'other.corp.example.com';
  check(
    [route('app', APP), route('other', `https://${other}`), route('apps', APPS)],
    [
      ['a list of one', { url: '/', aud: [HOST] }, 'app'],
      ['beside what no route is for', { url: '/', aud: [HOST, 'api.test'] }, 'app'],
      ['behind that', { url: '/', aud: ['api.test', HOST], iss: HOST }, 'app'],
      ['two hosts of these', { url: '/', aud: [HOST, other] }, 'audience_mismatch'],
      ['two hosts, of which the request names one', { url: `${APP}/`, aud: [HOST, other] }, 'audience_mismatch'],
      ['one twice', { url: '/', aud: [HOST, HOST] }, 'audience_mismatch'],
      ['none', { url: '/', aud: [], iss: HOST }, 'audience_mismatch'],
      ['a host that no route is for', { url: '/', aud: 'evil.test' }, 'audience_mismatch'],
      ['with a port', { url: '/', aud: `${HOST}:443` }, 'audience_mismatch'],
      ['with a scheme', { url: '/', aud: APP }, 'audience_mismatch'],
      ['the wildcard', { url: '/', aud: '*.apps.corp.example.com' }, 'audience_mismatch'],
      ['what is no host name, for a wildcard', { url: '/', aud: 'a/b.apps.corp.example.com' }, 'audience_mismatch'],
      ['the empty text', { url: '/', aud: '', iss: '' }, 'audience_mismatch'],
      ['as the client wrote it', { url: '/', aud: 'APP.corp.example.com' }, 'app'],
      ['another host than the request names', { url: `https://${other}/`, aud: HOST }, 'audience_mismatch'],
      ['another one by a wildcard', { url: 'https://a.apps.corp.example.com/', aud: HOST }, 'audience_mismatch'],
      ['any, where the request names a host of no route', { url: 'https://service.internal/', aud: other }, 'other'],
      ['another case than the request’s', { url: `${APP}/`, aud: 'APP.corp.example.com' }, 'app'],
    ],
  );
});

describe('the host of a request says nothing where only a tunnel is for it', () => {
  check(
    [route('app', APP), route('db', 'tcp+https://*.db.example.com:5432')],
    [['a wildcard', { url: 'https://x.db.example.com/', aud: HOST }, 'app']],
  );
});

describe('the service’s view of routes that rewrite', () => {
  const own = { allow_any_authenticated_user: false, allowed_users: ['u10'] };
  const admin = route('admin', APP, { prefix: '/admin', prefix_rewrite: '/', ...own });
  const all = route('all', APP);
  describe('prefix_rewrite', () => {
    check(
      [admin, all],
      [
        ['the path may have been /admin/x or /x: both must let it through', { url: '/x', aud: HOST }, 'policy_denied'],
        ['both do', { url: '/x', aud: HOST, as: 'dave' }, 'allowed'],
        ['the route is one, rewritten or not', { url: '/admin/x', aud: HOST, as: 'dave' }, 'admin'],
        ['nobody of them is asked about what Pomerium answers', { url: '/ping', aud: HOST, as: 'dave' }, 'admin'],
      ],
    );
  });
  describe('of the path that it came by', () => {
    check(
      [route('v1', APP, { prefix: '/v1', prefix_rewrite: '/api/v1', ...own }), all],
      [
        ['the rewritten one', { url: '/api/v1/x', aud: HOST }, 'policy_denied'],
        ['the rewritten one', { url: '/api/v1/x', aud: HOST, as: 'dave' }, 'allowed'],
        ['another one', { url: '/api/v2', aud: HOST }, 'all'],
      ],
    );
    check(
      [
        route('inner', APP, { prefix: '/v1/inner' }),
        route('v1', APP, { prefix: '/v1', prefix_rewrite: '/api/v1', ...own }),
        all,
      ],
      [['what a route before it takes', { url: '/api/v1/inner', aud: HOST }, 'all']],
    );
  });
  describe('a path in to', () => {
    check(
      [route('c', APP, { prefix: '/c', to: 'http://c:9000/base', ...own }), all],
      [
        ['/cd comes as /based', { url: '/based', aud: HOST }, 'policy_denied'],
        ['/cd comes as /based', { url: '/based', aud: HOST, as: 'dave' }, 'allowed'],
        ['/bas', { url: '/bas', aud: HOST }, 'all'],
      ],
    );
  });
  describe('a path is replaced whole', () => {
    check(
      [route('one', APP, { path: '/one', prefix_rewrite: '/two', ...own }), all],
      [
        ['/two', { url: '/two', aud: HOST }, 'policy_denied'],
        ['/two/x', { url: '/two/x', aud: HOST }, 'all'],
      ],
    );
    check(
      [
        route('early', APP, { prefix: '/one' }),
        route('one', APP, { path: '/one', prefix_rewrite: '/two', ...own }),
        all,
      ],
      [['what a route before it takes', { url: '/two', aud: HOST }, 'all']],
    );
  });
  describe('a regex too, so that the path before cannot be told', () => {
    check(
      [route('one', APP, { regex: '/a[0-9]+', prefix_rewrite: '/two', ...own }), all],
      [
        ['/two', { url: '/two', aud: HOST }, 'policy_denied'],
        ['/two', { url: '/two', aud: HOST, as: 'dave' }, 'allowed'],
        ['/three', { url: '/three', aud: HOST }, 'all'],
      ],
    );
  });
  describe('a regex for all paths, which leaves only the rewritten one', () => {
    check(
      [route('first', APP, { prefix: '/first' }), route('one', APP, { regex: '.*', prefix_rewrite: '/two' })],
      [
        ['/first', { url: '/first', aud: HOST }, 'first'],
        ['/two', { url: '/two', aud: HOST }, 'one'],
      ],
    );
  });
  describe('regex_rewrite_pattern', () => {
    const users = (pattern: string, substitution?: string) => [
      route('users', APP, {
        prefix: '/users/',
        regex_rewrite_pattern: pattern,
        regex_rewrite_substitution: substitution,
        ...own,
      }),
      all,
    ];
    const cases = (path: string, answer: string): Case[] => [[path, { url: path, aud: HOST }, answer]];
    check(users('^/users/([0-9]+)(.*)$', '/u\\2/\\1'), [...cases('/u/x/7', 'policy_denied'), ...cases('/x', 'all')]);
    check(users('^/users/|/admin/', '/u/'), cases('/x', 'policy_denied'));
    check(users('^?/users/', '/u/'), cases('/x', 'policy_denied'));
    check(users('users', 'u'), cases('/x', 'policy_denied'));
    check(users('^/users/', '/%75/'), cases('/u/7', 'policy_denied'));
    check(users('/users/[^/]+', '/u/'), cases('/x', 'policy_denied'));
    check(users('^/users/'), cases('/x', 'policy_denied'));
    check(
      [
        route('first', APP, { prefix: '/first' }),
        route('one', APP, { regex: '.*', regex_rewrite_pattern: '^/.*', regex_rewrite_substitution: '/two' }),
      ],
      cases('/first', 'first'),
    );
  });
  describe('escapes that need not be are undone in it, too', () => {
    check(
      [route('admin', APP, { prefix: '/x', prefix_rewrite: '/%61dmin', ...own }), all],
      [
        ['/admin', { url: '/admin/y', aud: HOST }, 'policy_denied'],
        ['/%61dmin', { url: '/%61dmin/y', aud: HOST }, 'policy_denied'],
      ],
    );
  });
  describe('one that is never met counts for nothing', () => {
    check(
      [all, route('late', APP, { prefix: '/late', prefix_rewrite: '/', ...own })],
      [['all others come first', { url: '/x', aud: HOST }, 'all']],
    );
    check(
      [all, route('twin', APP, { to: 'http://b', regex_rewrite_pattern: 'x', ...own })],
      [['the same paths', { url: '/x', aud: HOST }, 'all']],
    );
  });
  describe('one to the same path is none', () => {
    check(
      [route('same', APP, { prefix: '/a', prefix_rewrite: '/a', ...own }), all],
      [['/x', { url: '/x', aud: HOST }, 'all']],
    );
  });
});

describe('the port, which no assertion has:', () => {
  const routes = [
    route('8443', `${APP}:8443`, { allow_any_authenticated_user: false, allowed_users: ['u10'] }),
    route('any', APP),
  ];
  check(routes, [
    ['the URL says it', { url: `${APP}:8443/` }, 'policy_denied'],
    ['the URL says it', { url: `${APP}:8443/`, as: 'dave' }, '8443'],
    ['the URL says it', { url: `${APP}/` }, 'any'],
    ['the header Host says it', { url: '/', aud: HOST, headers: { host: `${HOST}:8443` } }, 'policy_denied'],
    ['the header Host says it', { url: '/', aud: HOST, headers: { Host: 'APP.corp.example.com' } }, 'any'],
    ['neither: all must let it through', { url: '/', aud: HOST }, 'policy_denied'],
    ['neither: all must let it through', { url: '/', aud: HOST, as: 'dave' }, 'allowed'],
    ['both say the same', { url: `${APP}/`, headers: { host: HOST } }, 'any'],
    ['both say the same', { url: `${APP}:8443/`, headers: { host: `${HOST}:8443` }, as: 'dave' }, '8443'],
    ['one says the port that goes without saying', { url: `${APP}/`, headers: { host: `${HOST}:443` } }, 'any'],
    ['they differ: all must let it through', { url: `${APP}/`, headers: { host: `${HOST}:8443` } }, 'policy_denied'],
    [
      'another host says nothing',
      { url: 'http://service.internal:8443/', aud: HOST, headers: { host: 'service.internal' } },
      'policy_denied',
    ],
    [
      'nor does its port',
      { url: 'http://service.internal:8443/', aud: HOST, headers: { host: 'service.internal:8443' }, as: 'dave' },
      'allowed',
    ],
    ['nor what is no authority', { url: '/', aud: HOST, headers: { host: `x:${HOST}:8443` }, as: 'dave' }, 'allowed'],
    ['nor what is no port', { url: '/', aud: HOST, headers: { host: `${HOST}:8443x` }, as: 'dave' }, 'allowed'],
  ]);
  describe('hosts says it, too:', () => {
    check(routes, [['with 8443', { url: '/', aud: HOST }, 'policy_denied']], { hosts: [`${HOST}:8443`] });
    check(routes, [['with 8443', { url: '/', aud: HOST, as: 'dave' }, '8443']], { hosts: [`${HOST}:8443`] });
    check(routes, [['with 443', { url: '/', aud: HOST }, 'any']], { hosts: [`${HOST}:443`] });
    check(routes, [['another port than that', { url: `${APP}/` }, 'policy_denied']], { hosts: [`${HOST}:8443`] });
    check(routes, [['without one, of all', { url: '/', aud: HOST }, 'policy_denied']], { hosts: [HOST] });
  });
});

describe('the option hosts', () => {
  const file = [
    route('app', APP),
    route('Wiki', 'https://Wiki.corp.example.com'),
    route('closed', 'https://x.apps.corp.example.com', { policy: [{ allow: { or: [{ source_ip: '10.0.0.0/8' }] } }] }),
    route('apps', APPS),
    route('all', 'https://*.corp.example.com'),
  ];
  const wanted: [hosts: string[], names: string[], open: string[], closed: string[]][] = [
    [[HOST], [HOST], [HOST], ['wiki.corp.example.com', 'a.apps.corp.example.com']],
    [['wiki.corp.example.com'], ['wiki.corp.example.com'], ['wiki.corp.example.com'], [HOST]],
    [['WIKI.corp.example.com'], ['WIKI.corp.example.com'], ['wiki.corp.example.com'], [HOST]],
    [[`${HOST}:443`], [HOST], [HOST], []],
    [[HOST, `${HOST}:443`], [HOST], [HOST], []],
    [
      ['*.apps.corp.example.com'],
      ['*.apps.corp.example.com'],
      ['a.apps.corp.example.com'],
      [HOST, 'a.corp.example.com'],
    ],
    [
      ['a.apps.corp.example.com'],
      ['a.apps.corp.example.com'],
      ['a.apps.corp.example.com'],
      ['b.apps.corp.example.com'],
    ],
    [
      [HOST, '*.corp.example.com'],
      [HOST, '*.corp.example.com'],
      [HOST, 'a.corp.example.com', 'a.apps.corp.example.com'],
      ['wiki.corp.example.com'],
    ],
  ];
  for (const [hosts, names, open, closed] of wanted) {
    test(`${hosts}: ${open}, and not ${closed}`, () => {
      const routes = compiled(file, { hosts });
      assert.deepEqual(routes.hosts, names);
      const answer = (host: string) => outcomeOf(routes, { url: '/', aud: host });
      for (const host of open) assert.notInclude(['audience_mismatch', 'policy_denied'], answer(host), host);
      for (const host of closed) assert.equal(answer(host), 'audience_mismatch', host);
    });
  }

  test('a host with a port of its own leaves its other ports to a wildcard', () => {
    const routes = compiled([route('8443', `${APP}:8443`), route('all', 'https://*.corp.example.com')], {
      hosts: [HOST],
    });
    assert.equal(outcomeOf(routes, { url: `${APP}:8443/` }), '8443');
    assert.equal(outcomeOf(routes, { url: `${APP}/` }), 'all');
    assert.equal(outcomeOf(routes, { url: '/', aud: HOST }), 'allowed');
    assert.equal(outcomeOf(routes, { url: '/', aud: 'a.corp.example.com' }), 'audience_mismatch');
  });

  test('a wildcard is wanted by its own name, though one before it has the same paths', () => {
    const routes = compiled([route('all', 'https://*.corp.example.com'), route('apps', APPS)], {
      hosts: ['*.apps.corp.example.com'],
    });
    assert.equal(outcomeOf(routes, { url: '/', aud: 'a.apps.corp.example.com' }), 'all');
    assert.equal(outcomeOf(routes, { url: '/', aud: 'a.corp.example.com' }), 'audience_mismatch');
  });

  test('what cannot be decided is refused for these alone', () => {
    assertMisconfigured(() => compiled(file), /^\[2\]\.policy\[0\]\.allow\.or\[0\]\.source_ip: /);
    assertMisconfigured(() => compiled(file, { hosts: ['x.apps.corp.example.com'] }), /source_ip/);
    const { length } = compiled(file, { hosts: [HOST] })
      .explain()
      .filter(({ isDecidedHere }) => isDecidedHere);
    assert.equal(length, 1);
  });

  describe('needs no other route to be decided than those that may be for them:', () => {
    const one = (from: string) =>
      route('left', `https://${from}`, { policy: [{ allow: { or: [{ source_ip: '10.0.0.0/8' }] } }] });
    const behind = [route('app', APP), one('*.corp.example.com')];
    const byPort = [route('8443', `${APP}:8443`), one('*.corp.example.com')];
    const wild = [route('apps', APPS), one('*.corp.example.com')];
    const cases: [what: string, file: object[], hosts: string[], isNeeded: boolean][] = [
      ['a wildcard behind an exact host', behind, [HOST], false],
      ['a wildcard behind an exact host with its port', behind, [`${HOST}:443`], false],
      ['a wildcard behind an exact host in another case', behind, ['APP.corp.example.com'], false],
      ['a wildcard that takes another of these hosts', behind, [HOST, 'x.corp.example.com'], true],
      ['a wildcard behind the port of a host', byPort, [`${HOST}:8443`], false],
      ['a wildcard that takes other ports of a host', byPort, [HOST], true],
      ['a wildcard that takes all that another takes', wild, ['*.apps.corp.example.com'], true],
      [
        'a wildcard of which another takes a part',
        [route('all', 'https://*.corp.example.com'), one('*.apps.corp.example.com')],
        ['*.corp.example.com'],
        true,
      ],
      [
        'a wildcard that shares no host',
        [route('apps', APPS), one('*.other.example.com')],
        ['*.apps.corp.example.com'],
        false,
      ],
      ['another port of a host', [route('app', APP), one(`${HOST}:8443`)], [`${HOST}:443`], false],
      ['one port of all', [route('app', APP), one(`${HOST}:8443`)], [HOST], true],
      ['all ports but one', [route('8443', `${APP}:8443`), one(HOST)], [`${HOST}:8443`], false],
      ['a wildcard for all, behind an exact host with its port', [route('app', APP), one('*')], [`${HOST}:443`], false],
      [
        'a wildcard for all, behind an address with its port',
        [route('app', APP), route('six', 'https://[::1]'), one('*')],
        [HOST, '[::1]:443'],
        false,
      ],
      [
        'a wildcard that ends alike',
        [route('apps', APPS), one('b-*.apps.corp.example.com')],
        ['a.apps.corp.example.com'],
        false,
      ],
      ['what ends alike', [route('app', APP), one(`x${HOST}`)], [HOST], false],
    ];
    for (const [what, file, hosts, isNeeded] of cases) {
      test(`${what}, with ${hosts}: ${isNeeded ? 'needed' : 'not needed'}`, () => {
        const build = () => compiled(file, { hosts });
        if (isNeeded) assertMisconfigured(build, /source_ip/);
        else assert.doesNotThrow(build);
      });
    }
  });

  test('takes an address as it is written, for all its ports', () => {
    assert.deepEqual(compiled([route('six', 'https://[::1]:8443')], { hosts: ['[::1]'] }).hosts, ['[::1]']);
  });

  test('takes a wildcard only as it is written', () => {
    const build = () => compiled([route('apps', APPS)], { hosts: ['*.corp.example.com'] });
    assertMisconfigured(build, /hosts has "\*\.corp\.example\.com", for which there is no route/);
  });

  test('shows one that is there, or how one looks where there is none', () => {
    const build = (file: object[]) => () => compiled(file, { hosts: [] });
    assertMisconfigured(build([route('app', `${APP}:8443`)]), /; write hosts: \['app\.corp\.example\.com'\]\.$/);
    assertMisconfigured(
      build([{ from: 'https://b.test', redirect: {} }]),
      /write hosts: \['app\.corp\.example\.com'\]/,
    );
    const two = [route('app', APP), route('admin', APP, { path: '/admin' }), route('b', 'https://b.example.com')];
    assertMisconfigured(
      () => compiled([...two, { from: 'https://c.test', redirect: {} }], { hosts: ['d.example.com'] }),
      /^hosts has "d\.example\.com", for which there is no route; there are app\.corp\.example\.com, b\.example\.com\.$/,
    );
  });

  const wrong: [hosts: unknown, message: RegExp][] = [
    [[HOST, ''], /hosts must be a list/],
    [[HOST, 1], /hosts must be a list/],
    [['other.corp.test'], /hosts has "other\.corp\.test", for which there is no route; there are app\.corp/],
    [[APP], /hosts has "https:\/\/app\.corp/],
    [['*.other.test'], /for which there is no route/],
    [[`${HOST}:8443`], /for which there is no route/],
    [[], /hosts must be a list of host names; write hosts: \['app\.corp\.example\.com'\]/],
    [[''], /hosts must be a list/],
    [HOST, /hosts must be a list/],
    [null, /hosts must be a list/],
    [[1], /hosts must be a list/],
  ];
  for (const [hosts, message] of wrong) {
    test(`${JSON.stringify(hosts)} is refused`, () => {
      assertMisconfigured(() => compileRoutes([route('app', APP)], { hosts: hosts as string[] }), message);
    });
  }
});

describe('a verifier with routes', () => {
  const keys = staticKeys(jwks(key));
  const now = () => NOW;
  const signFor = (host: string, claims: object = {}) => sign(key, { aud: host, iss: host, ...claims });
  const ask = async (routes: object, url: string, assertion: string) => {
    const verifier = createVerifier({ routes: compileRoutes(routes), keys, now });
    const headers = { 'x-pomerium-jwt-assertion': assertion };
    return (await errorOf(() => verifier.verifyRequest({ method: 'GET', url, headers }))) ?? 'valid';
  };
  const file = [
    route('app', APP, { allow_any_authenticated_user: false, allowed_domains: ['example.com'] }),
    route('public', 'https://public.corp.example.com', {
      allow_any_authenticated_user: false,
      allow_public_unauthenticated_access: true,
    }),
    { from: APPS, to: 'http://apps', allow_any_authenticated_user: true },
  ];

  const refused: [rule: string, url: string, host: string, claims: object, code: PomeriumErrorCode, status: number][] =
    [
      ['nobody, where somebody must be', '/', HOST, { sub: '', user: '', email: '' }, 'anonymous', 401],
      ['somebody whom the policy refuses', '/', HOST, { email: 'dave@other.test' }, 'policy_denied', 403],
      ['an assertion for another host', `${APP}/`, 'public.corp.example.com', {}, 'audience_mismatch', 401],
      ['an assertion for no host of these', '/', 'evil.test', {}, 'audience_mismatch', 401],
      ['an issuer in the other format', '/', HOST, { iss: URI }, 'issuer_mismatch', 401],
      ['an expired one, whatever its route', '/', 'public.corp.example.com', { exp: NOW - 61 }, 'expired', 401],
    ];
  for (const [rule, url, host, claims, code, status] of refused) {
    test(`refuses ${rule}: ${code}`, async () => {
      const error = await ask(file, url, await signFor(host, claims));
      assert.deepInclude(error, { code, status });
    });
  }

  test('refuses a forged one before any route is looked at', async () => {
    const error = await ask(file, '/', await sign(await makeKey(), { aud: 'evil.test' }, { kid: key.kid }));
    assert.deepInclude(error, { code: 'invalid_signature' });
  });

  test('lets nobody through where the route does', async () => {
    const nobody = await signFor('public.corp.example.com', { sub: '', user: '', email: '' });
    assert.equal(await ask(file, '/x', nobody), 'valid');
  });

  test('says by which route somebody came: its from, and its name if it has one', async () => {
    const verifier = createVerifier({ routes: compileRoutes(file), keys, now });
    const identity = await verifier.verifyRequest({
      url: `${APP}/x`,
      headers: { 'x-pomerium-jwt-assertion': await signFor(HOST) },
    });
    assert.deepEqual(identity.route, { from: APP, name: 'app' });
    assert.isTrue(Object.isFrozen(identity) && Object.isFrozen(identity.route));
    const other = await verifier.verifyRequest({
      url: '/x',
      headers: { 'x-pomerium-jwt-assertion': await signFor('a.apps.corp.example.com') },
    });
    assert.deepEqual(other.route, { from: APPS });
  });

  test('leaves identity.route out where two routes may have led there', async () => {
    const twofold = [route('a', APP, { prefix: '/a', prefix_rewrite: '/' }), route('all', APP)];
    const verifier = createVerifier({ routes: compileRoutes(twofold), keys, now });
    const headers = { 'x-pomerium-jwt-assertion': await signFor(HOST) };
    assert.isUndefined((await verifier.verifyRequest({ url: '/x', headers })).route);
  });

  test('judges the same assertion anew for each request', async () => {
    const routes = compileRoutes([
      route('admin', APP, { prefix: '/admin', allow_any_authenticated_user: false }),
      route('all', APP),
    ]);
    const verifier = createVerifier({ routes, keys, now });
    const headers = { 'x-pomerium-jwt-assertion': await signFor(HOST) };
    const seen: string[] = [];
    for (const url of ['/x', '/admin', '/x', '/admin/y']) {
      seen.push((await errorOf(() => verifier.verifyRequest({ url, headers })))?.code ?? 'valid');
    }
    assert.deepEqual(seen, ['valid', 'policy_denied', 'valid', 'policy_denied']);
  });

  test('needs to know the path where routes differ by it', async () => {
    const routes = compileRoutes([route('a', APP, { prefix: '/a' }), route('b', 'https://b.example.com')]);
    const verifier = createVerifier({ routes, keys, now });
    const error = await errorOf(async () => verifier.verify(await signFor(HOST)));
    assert.equal(error?.code, 'invalid_configuration');
    assert.match(String(error?.message), /routes differ by path, and none was given; use verifyRequest/);
    assert.isUndefined(await errorOf(async () => verifier.verify(await signFor('b.example.com'))));
  });

  test('takes a path that is decoded already, however it was written', async () => {
    const routes = compileRoutes([
      route('closed', APP, { prefix: '/a%20b', allow_any_authenticated_user: false }),
      route('all', APP),
    ]);
    const verifier = createVerifier({ routes, keys, now });
    const assertion = await signFor(HOST);
    const codeAt = async (path: string | null) =>
      (await errorOf(() => verifier.verify(assertion, { requestInfo: { path } })))?.code ?? 'valid';
    assert.deepEqual(await Promise.all(['/x', '/a b', '/a b/c', '/a//b', '/é', null].map(codeAt)), [
      'valid',
      'policy_denied',
      'policy_denied',
      'policy_denied',
      'valid',
      'policy_denied',
    ]);
  });

  test('takes none with a query that was left in it, where routes differ by path', async () => {
    const closed = route('closed', APP, { path: '/admin', allow_any_authenticated_user: false });
    const codeAt = async (path: string, list: object[]) => {
      const verifier = createVerifier({ routes: compileRoutes(list), keys, now });
      const assertion = await signFor(HOST);
      return (await errorOf(() => verifier.verify(assertion, { requestInfo: { path } })))?.code ?? 'valid';
    };
    for (const path of ['/admin?x', '/admin#x', '/x?/admin']) {
      assert.equal(await codeAt(path, [closed, route('all', APP)]), 'policy_denied', path);
      assert.equal(await codeAt(path, [route('admin', APP, { path: '/admin' }), route('all', APP)]), 'valid', path);
    }
  });

  test('takes none where Envoy leaves the path as it was written, and routes differ by it', async () => {
    const list = [route('closed', APP, { prefix: '/%61dmin', allow_any_authenticated_user: false }), route('all', APP)];
    const codeOf = async (normalize_path: boolean) => {
      const verifier = createVerifier({ routes: compileRoutes({ normalize_path, routes: list }), keys, now });
      const assertion = await signFor(HOST);
      return (await errorOf(() => verifier.verify(assertion, { requestInfo: { path: '/admin' } })))?.code ?? 'valid';
    };
    assert.deepEqual([await codeOf(true), await codeOf(false)], ['valid', 'policy_denied']);
  });

  test('takes an assertion for any host where a route is for all, and the request names none', async () => {
    const all = [{ from: 'https://*', to: 'http://app', allow_any_authenticated_user: true }];
    const assertion = await signFor(HOST);
    assert.equal(await ask(all, '/', assertion), 'valid');
    const verifier = createVerifier({ routes: compileRoutes(all), keys, now });
    assert.equal((await verifier.verify(assertion, { requestInfo: { method: 'GET', path: '/' } })).issuer, HOST);
    assert.deepInclude(await ask(all, 'https://other.corp.example.com/', assertion), { code: 'audience_mismatch' });
  });

  describe('gets its keys', () => {
    test('where it is told', async () => assert.equal(await ask(file, '/', await signFor(HOST)), 'valid'));

    test('at the first host by default, and never at one of a token or a request', async () => {
      const asked: string[] = [];
      const original = globalThis.fetch;
      globalThis.fetch = (async (input: string) => {
        asked.push(String(input));
        return Response.json(jwks(key));
      }) as typeof fetch;
      try {
        const routes = compileRoutes([route('first', 'https://First.corp.example.com:8443'), route('app', APP)]);
        const verifier = createVerifier({ routes, now });
        const headers = { 'x-pomerium-jwt-assertion': await signFor(HOST) };
        await verifier.verifyRequest({ url: `${APP}/`, headers });
      } finally {
        globalThis.fetch = original;
      }
      assert.deepEqual(asked, ['https://first.corp.example.com/.well-known/pomerium/jwks.json']);
    });

    test('only where it is told, with a wildcard', () => {
      const build =
        (routes: object, options: RoutesOptions = {}) =>
        () =>
          createVerifier({ routes: compileRoutes(routes, options) });
      assertMisconfigured(
        build(file),
        /have the host "\*\.apps\.corp\.example\.com", from which no JWKS URL can be made/,
      );
      assertMisconfigured(build(file), /write keys: remoteKeys\(.*or set POMERIUM_JWKS_URL/);
      assert.doesNotThrow(build(file, { hosts: [HOST] }));
      assert.doesNotThrow(build(file, { hosts: ['a.apps.corp.example.com'] }));
    });
  });

  const beside: [option: object, message: RegExp][] = [
    [{ audience: HOST }, /routes and audience exclude each other/],
    [{ issuer: HOST }, /routes and issuer exclude/],
    [{ issuers: { [HOST]: keys }, keys: undefined }, /routes and issuers exclude/],
    [{ policy: { decide: () => ({}), check: () => {} } }, /routes and policy exclude/],
    [{ routes: file }, /routes must be compiled routes; write routes: compileRoutes\(configuration\)/],
    [{ routes: null }, /routes must be compiled routes/],
    [{ routes: { check: () => {} } }, /routes must be compiled routes/],
    [{ routes: { requireIssued: () => {} } }, /routes must be compiled routes/],
  ];
  for (const [option, message] of beside) {
    const [[name, value] = []] = Object.entries(option);
    test(`refuses ${name} ${Object.keys(value ?? {})}: ${message.source}`, () => {
      const options = { routes: compileRoutes(file), keys, ...option };
      assertMisconfigured(() => createVerifier(options as Parameters<typeof createVerifier>[0]), message);
    });
  }
});

describe('compiled routes', () => {
  test('are frozen, and nothing that they say changes them', () => {
    const routes = compiled([route('app', APP), route('apps', APPS)]);
    assert.isTrue(Object.isFrozen(routes) && Object.isFrozen(routes.hosts));
    const [explained] = routes.explain();
    assert.isTrue(Object.isFrozen(explained?.policy[0]?.['allow']));
    Object.assign(Object(explained), { policy: [], left: ['x'] });
    assert.lengthOf(routes.explain()[0]?.policy ?? [], 1);
  });

  test('explain each route in order', () => {
    const [first, second, third, ...more] = compiled(
      {
        pass_identity_headers: true,
        routes: [
          route('moved', APP, { path: '/moved', redirect: {}, pass_identity_headers: false }),
          route('rewritten', APP, {
            prefix: '/a',
            prefix_rewrite: '/b',
            policy: [{ deny: { or: [{ user: 'u10' }] } }],
          }),
        ],
        policy: [{ from: 'https://b.example.com', regex: '/x', to: 'http://b', allowed_users: 'u10,u20' }],
      },
      { hosts: [HOST] },
    ).explain();
    const known = (explained: unknown) => JSON.parse(JSON.stringify(explained));
    const common = { rewritesPath: false, left: [], policy: [], letsNobodyIn: false };
    assert.deepEqual(known(first), {
      ...common,
      at: 'policy[0]',
      from: 'https://b.example.com',
      match: { by: 'regex', text: '/x' },
      end: 'upstream',
      isDecidedHere: false,
      passesAssertion: true,
    });
    assert.deepEqual(known(second), {
      ...common,
      at: 'routes[0]',
      from: APP,
      name: 'moved',
      match: { by: 'path', text: '/moved' },
      end: 'redirect',
      isDecidedHere: false,
      passesAssertion: false,
    });
    assert.deepEqual(known(third), {
      at: 'routes[1]',
      from: APP,
      name: 'rewritten',
      match: { by: 'prefix', text: '/a' },
      end: 'upstream',
      isDecidedHere: true,
      rewritesPath: true,
      passesAssertion: true,
      left: [],
      letsNobodyIn: false,
      policy: [{ allow: { or: [{ authenticated_user: true }] } }, { deny: { or: [{ user: 'u10' }] } }],
    });
    assert.deepEqual(more, []);
  });

  test('say where each route ends', () => {
    const login = 'https://authenticate.example.com';
    const explained = compiled({
      authenticate_service_url: login,
      services: 'proxy',
      routes: [
        route('upstream', APP),
        route('redirect', APP, { path: '/moved', redirect: { https_redirect: true }, response: { status: 410 } }),
        route('response', APP, { path: '/gone', response: { status: 410 } }),
        route('not http', 'tcp+https://db.example.com:5432', { to: 'tcp://db:5432' }),
        route('unchecked', 'https://Authenticate.example.com'),
      ],
    }).explain();
    for (const { name, end } of explained) assert.equal(end, name);
    assert.lengthOf(explained, 5);
  });

  const redirect = { https_redirect: true };
  const rewritten: [settings: object, rewrites: boolean][] = [
    [{}, false],
    [{ prefix: '/a', prefix_rewrite: '/b' }, true],
    [{ prefix: '/a', prefix_rewrite: '/a' }, false],
    [{ path: '/a', prefix_rewrite: '/a' }, false],
    [{ regex: '/a.', prefix_rewrite: '/a.' }, true],
    [{ prefix: '/a', regex_rewrite_pattern: 'x' }, true],
    [{ prefix: '/a', to: 'http://app/b' }, true],
    [{ prefix: '/a', to: 'http://[::1]:8080/a?b#c' }, false],
    [{ prefix: '/a', to: ['http://one/a,10', 'http://two/b'] }, false],
    [{ prefix: '/a,1/b', to: 'http://app/a,1/b,2' }, false],
    [{ prefix: '/a', to: undefined, redirect }, false],
    [{ prefix: '/a', to: 'app', redirect }, false],
  ];
  for (const [settings, rewrites] of rewritten) {
    test(`say whether the path is rewritten: ${JSON.stringify(settings)}`, () => {
      const [only] = compiled([route('app', APP, settings), route('b', 'https://b.example.com')]).explain();
      assert.equal(only?.rewritesPath, rewrites);
    });
  }

  const passed: [settings: object, globally: object, passes: boolean][] = [
    [{}, {}, false],
    [{ pass_identity_headers: 'true' }, {}, true],
    [{}, { pass_identity_headers: 1 }, true],
    [{ pass_identity_headers: false }, { pass_identity_headers: true }, false],
    [{ pass_identity_headers: true, remove_request_headers: ['X-POMERIUM-jwt-assertion'] }, {}, false],
    [{ pass_identity_headers: true, remove_request_headers: ['X-Other', 'X-Pomerium-Jwt-Assertion'] }, {}, false],
    [{ pass_identity_headers: true, remove_request_headers: ['X-Other'] }, {}, true],
    [{ pass_identity_headers: true, set_request_headers: { 'X-Pomerium-Jwt-Assertion': 'x' } }, {}, true],
  ];
  for (const [settings, globally, passes] of passed) {
    test(`say whether an assertion goes on: ${JSON.stringify([settings, globally])}`, () => {
      const [only] = compiled({ ...globally, routes: [route('app', APP, settings)] }).explain();
      assert.equal(only?.passesAssertion, passes);
    });
  }

  test('have no name where their route has none', () => {
    const [explained] = compiled([{ from: APP, to: 'http://app' }]).explain();
    assert.notProperty(explained, 'name');
  });

  const asksFor = (...criteria: object[]) => ({ policy: { allow: { and: criteria } } });
  const open: [what: string, settings: object, options: RoutesOptions, letsNobodyIn: boolean][] = [
    ['a public route', { allow_public_unauthenticated_access: true }, {}, true],
    ['a public route of another host', { allow_public_unauthenticated_access: true }, { hosts: ['b.test'] }, false],
    ['one for whoever is signed in', { allow_any_authenticated_user: true }, {}, false],
    ['one that a GET passes', asksFor({ http_method: 'GET' }), {}, true],
    ['one that only a POST passes', asksFor({ http_method: 'POST' }), {}, false],
    ['one that its own path passes', { prefix: '/a', ...asksFor({ http_path: '/a' }) }, {}, true],
    ['one that another path passes', { prefix: '/b', ...asksFor({ http_path: '/a' }) }, {}, false],
    ['one whose text is no path, as for /', { regex: '/a//b', ...asksFor({ http_path: '/' }) }, {}, true],
    ['one that lets some users in', asksFor({ email: 'alice@example.com' }), {}, false],
    ['one that lets all but a group in', asksFor({ groups: { exclude: 'admins' } }), {}, false],
    ['one that no preflight comes to', { cors_allow_preflight: true, ...asksFor({ reject: true }) }, {}, false],
  ];
  for (const [what, settings, options, letsNobodyIn] of open) {
    test(`say whether nobody passes: ${what}`, () => {
      const only = { from: APP, to: 'http://app', ...settings };
      const [explained] = compiled([only, route('b', 'https://b.test')], options).explain();
      assert.equal(explained?.letsNobodyIn, letsNobodyIn);
    });
  }
});
