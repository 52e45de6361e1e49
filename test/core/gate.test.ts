import { assert, describe, test } from 'vitest';
import type { GateOptions, GateRequest } from '../../core/adapter.ts';
import { compilePolicy, type PathRule, PomeriumError } from '../../core/index.ts';
import { ASSERTION, eventNames, key, makeGateRig, ORIGIN, SENDERS, type Sender } from '../support/gate.ts';
import { sign } from '../support/issuer.ts';

const ADMINS = { allow: { or: [{ groups: 'admins' }] } };

/** Who sends it, whom the gate lets in or with which code it refuses, and the events. */
type Row = [sender: Sender, answer: string, events: string[]];

function testSenders(
  title: string,
  options: GateOptions<Request>,
  rows: readonly Row[],
  request: Partial<GateRequest> = {},
) {
  describe(title, () => {
    for (const [sender, answer, events] of rows) {
      test(`${sender}: ${answer}, and ${events.length === 0 ? 'no event' : `the event ${events}`}`, async () => {
        const rig = makeGateRig(options);
        assert.equal(await rig.ask({ headers: SENDERS[sender], ...request }), answer);
        assert.deepEqual(eventNames(rig.events), events);
        assert.lengthOf(rig.lines, events.filter((name) => name !== 'verified').length, 'each refusal is one line');
      });
    }
  });
}

const ALL_MUST_BE_KNOWN: readonly Row[] = [
  ['nobody', 'missing_assertion', ['missing_assertion']],
  ['blank', 'missing_assertion', ['missing_assertion']],
  ['anonymous', 'anonymous', ['anonymous']],
  ['expired', 'expired', ['expired']],
  ['twice', 'duplicate_assertion', ['duplicate_assertion']],
];

testSenders('without rules everybody must come through Pomerium', {}, [
  ...ALL_MUST_BE_KNOWN,
  ['alice', 'u-alice', ['verified']],
]);

const rules: GateOptions['rules'] = [
  { prefix: '/public', access: 'public' },
  { prefix: '/app', access: 'authenticated' },
  { prefix: '/admin', access: ADMINS },
];
const at = (path: string) => ({ url: `${ORIGIN}${path}` });

describe('rules', () => {
  const ON_PUBLIC_PATHS: readonly Row[] = [
    ['nobody', 'nobody', []],
    ['blank', 'nobody', []],
    ['anonymous', 'nobody', []],
    ['expired', 'nobody', ['expired']],
    ['twice', 'nobody', ['duplicate_assertion']],
  ];
  testSenders(
    'public: whoever it is',
    { rules },
    [...ON_PUBLIC_PATHS, ['alice', 'u-alice', ['verified']]],
    at('/public'),
  );
  testSenders(
    'public, where the policy of the gate refuses Alice: she is nobody there',
    { rules, policy: compilePolicy(ADMINS) },
    [...ON_PUBLIC_PATHS, ['alice', 'nobody', ['policy_denied']], ['admin', 'u-admin', ['verified']]],
    at('/public'),
  );
  testSenders(
    'authenticated: whoever comes through Pomerium',
    { rules },
    [...ALL_MUST_BE_KNOWN, ['alice', 'u-alice', ['verified']]],
    at('/app/x?y=/public'),
  );
  testSenders(
    'a policy: whom it allows',
    { rules },
    [...ALL_MUST_BE_KNOWN, ['alice', 'policy_denied', ['policy_denied']], ['admin', 'u-admin', ['verified']]],
    at('/admin/x'),
  );
  testSenders(
    'where no rule fits: nobody, and who is not known is told so first',
    { rules },
    [...ALL_MUST_BE_KNOWN, ['admin', 'policy_denied', ['policy_denied']]],
    at('/other'),
  );
  for (const path of [
    '/public/..%2fadmin',
    '/public%2fx',
    '/public/..;/admin',
    '/public/%252e%252e/admin',
    '/public//x',
  ]) {
    testSenders(
      `${path}, which servers read in different ways: nobody`,
      { rules },
      [...ALL_MUST_BE_KNOWN, ['admin', 'policy_denied', ['policy_denied']]],
      at(path),
    );
  }

  const targets: [name: string, url: string | undefined, answer: string][] = [
    ['an absolute URL', `${ORIGIN}/public/x?y`, 'nobody'],
    [
      'an absolute URL with dot segments, which the code behind may see',
      `${ORIGIN}/app/../public`,
      'missing_assertion',
    ],
    ['an absolute URL with encoded ones', `${ORIGIN}/app/%2e%2e/public`, 'missing_assertion'],
    ['an absolute URL with backslashes', `${ORIGIN}/app\\..\\public`, 'missing_assertion'],
    ['a target', '/public/x?y=%2f', 'nobody'],
    ['a target with dot segments, which the code behind may see', '/app/../public', 'missing_assertion'],
    ['another path', '/app', 'missing_assertion'],
    ['a target that is none', 'public', 'missing_assertion'],
    ['the empty text', '', 'missing_assertion'],
    ['no target', undefined, 'missing_assertion'],
  ];
  for (const [name, url, answer] of targets) {
    test(`decide about ${name}: ${answer}`, async () =>
      assert.equal(await makeGateRig({ rules }).ask({ url }), answer));
  }

  test('a path without one reading is refused to who is signed in, too', async () => {
    for (const target of ['/app/../public', '/app/%2e%2e/public', '/app\\..\\public']) {
      const rig = makeGateRig({ rules });
      assert.equal(await rig.ask({ url: ORIGIN + target, headers: SENDERS.alice }), 'policy_denied');
    }
  });

  test('public: keys that cannot be used are a mistake of the configuration, and not an assertion that does not hold', async () => {
    const fail = async () => {
      throw new PomeriumError('invalid_configuration', 'the key is none');
    };
    const rig = makeGateRig({ rules, keys: { find: fail, ready: fail } });
    assert.equal(await rig.ask({ ...at('/public'), headers: SENDERS.alice }), 'invalid_configuration');
    assert.match(JSON.stringify(rig.lines), /the key is none/);
    assert.equal(await rig.ask(at('/public')), 'nobody');
  });
});

describe('a Host that is none, with which the code behind may make another path,', () => {
  const rules: readonly PathRule[] = [{ prefix: '/', access: 'public' }];
  const asksPath = compilePolicy({ allow: { or: [{ http_path: '/' }] } });
  const cases: [name: string, options: GateOptions<Request>, sender: Sender, answer: string][] = [
    ['is refused where rules decide', { rules }, 'nobody', 'audience_mismatch'],
    ['is refused where rules decide, whoever comes', { rules }, 'expired', 'audience_mismatch'],
    ['is refused where a policy asks about the path', { policy: asksPath }, 'alice', 'audience_mismatch'],
    ['is no matter where nothing asks about the path', {}, 'alice', 'u-alice'],
  ];
  for (const [name, options, sender, answer] of cases) {
    test(name, async () => {
      const rig = makeGateRig(options);
      const ask = (host: string) => rig.ask({ headers: { ...SENDERS[sender], host } });
      const odd = ['app/admin?', 'a b', 'x@app', 'a,b/'];
      for (const host of odd) assert.equal(await ask(host), answer, host);
      const told = answer === 'audience_mismatch' ? answer : 'verified';
      assert.deepEqual(eventNames(rig.events), Array(odd.length).fill(told));
      for (const host of ['', 'app:80', 'my_app', '[::1]:80'])
        assert.notEqual(await ask(host), 'audience_mismatch', host);
    });
  }
});

testSenders('optional: whoever it is, but what came must hold', { optional: true }, [
  ['nobody', 'nobody', []],
  ['blank', 'nobody', []],
  ['anonymous', 'nobody', []],
  ['expired', 'expired', ['expired']],
  ['twice', 'duplicate_assertion', ['duplicate_assertion']],
  ['alice', 'u-alice', ['verified']],
]);

describe('CORS preflights', () => {
  const preflight = { origin: 'https://a.test', 'access-control-request-method': 'PUT' };
  const cases: [name: string, options: GateOptions, request: Partial<GateRequest>, answer: string][] = [
    ['are refused', {}, {}, 'missing_assertion'],
    ['are refused with allowPreflight: false', { allowPreflight: false }, {}, 'missing_assertion'],
    ['pass for nobody', { allowPreflight: true }, {}, 'nobody'],
    [
      'pass for nobody whatever they bring',
      { allowPreflight: true },
      { headers: { ...preflight, ...SENDERS.alice } },
      'nobody',
    ],
    ['pass on a path of a policy', { allowPreflight: true, rules }, at('/admin'), 'nobody'],
    ['with another method are none', { allowPreflight: true }, { method: 'GET' }, 'missing_assertion'],
    [
      'without an origin are none',
      { allowPreflight: true },
      { headers: { ...preflight, origin: '' } },
      'missing_assertion',
    ],
    [
      'that ask for no method are none',
      { allowPreflight: true },
      { headers: { origin: 'https://a.test' } },
      'missing_assertion',
    ],
  ];
  for (const [name, options, request, answer] of cases) {
    test(name, async () => {
      const rig = makeGateRig(options);
      assert.equal(await rig.ask({ method: 'OPTIONS', headers: preflight, ...request }), answer);
      assert.lengthOf(rig.events, answer === 'nobody' ? 0 : 1);
    });
  }
});

describe('a request that may be served as several paths', () => {
  const asksPath = compilePolicy({ allow: { or: [{ http_path: { starts_with: '/' } }] } });
  const cases: [name: string, options: GateOptions, sender: Sender, path: string, aliases: string[], answer: string][] =
    [
      ['is public where all are', { rules }, 'nobody', '/public', ['/public/x'], 'nobody'],
      ['is not where one is not', { rules }, 'nobody', '/public', ['/public/x', '/app'], 'missing_assertion'],
      ['is for whom the strictest allows', { rules }, 'alice', '/app', ['/admin'], 'policy_denied'],
      ['is for whom the strictest allows, in any order', { rules }, 'alice', '/admin', ['/app'], 'policy_denied'],
      ['passes for them', { rules }, 'admin', '/public', ['/app', '/admin'], 'u-admin'],
      ['is for nobody where one is in no rule', { rules }, 'admin', '/public', ['/other'], 'policy_denied'],
      ['is for nobody where one has no one reading', { rules }, 'admin', '/public', ['/public%2fx'], 'policy_denied'],
      ['passes without rules', {}, 'alice', '/public', ['/app'], 'u-alice'],
      ['is refused by a policy about one path', { policy: asksPath }, 'alice', '/public', ['/app'], 'policy_denied'],
      ['which is asked about one alone', { policy: asksPath }, 'alice', '/public', [], 'u-alice'],
      [
        'is refused by a policy about one path in rules',
        { rules: [{ prefix: '/', access: asksPath }] },
        'alice',
        '/public',
        ['/app'],
        'policy_denied',
      ],
    ];
  for (const [name, options, sender, path, aliases, answer] of cases) {
    test(name, async () => {
      assert.equal(await makeGateRig(options).ask({ headers: SENDERS[sender], url: path, aliases }), answer);
    });
  }
});

describe('the policy of a route', () => {
  const preflight = { origin: 'https://a.test', 'access-control-request-method': 'PUT' };
  const cases: [name: string, options: GateOptions, request: Partial<GateRequest>, answer: string][] = [
    ['allows', {}, { headers: SENDERS.admin }, 'u-admin'],
    ['refuses', {}, { headers: SENDERS.alice }, 'policy_denied'],
    ['lets nobody in where that is optional', { optional: true }, {}, 'missing_assertion'],
    ['lets nobody in where the path is public', { rules }, at('/public'), 'missing_assertion'],
    ['lets no one anonymous in', { optional: true }, { headers: SENDERS.anonymous }, 'anonymous'],
    ['refuses on a public path', { rules }, { ...at('/public'), headers: SENDERS.alice }, 'policy_denied'],
    ['lets no preflight in', { allowPreflight: true }, { method: 'OPTIONS', headers: preflight }, 'missing_assertion'],
    ['counts beside that of a rule', { rules }, { ...at('/other'), headers: SENDERS.admin }, 'policy_denied'],
    [
      'counts beside that of the gate',
      { policy: compilePolicy({ deny: { or: [{ accept: true }] } }) },
      { headers: SENDERS.admin },
      'policy_denied',
    ],
  ];
  for (const [name, options, request, answer] of cases) {
    test(name, async () => {
      assert.equal(await makeGateRig(options).ask(request, { policy: compilePolicy(ADMINS) }), answer);
    });
  }
});

describe('listClaims', () => {
  const denyContractors = { allow: { and: [{ accept: true }] }, deny: { or: [{ 'claim/roles': 'contractor' }] } };
  const everywhere: GateOptions['rules'] = [{ prefix: '/', access: denyContractors }];
  const cases: [name: string, options: GateOptions, env: object, answer: string][] = [
    ['of the options reach rules', { rules: everywhere, listClaims: ['roles'] }, {}, 'policy_denied'],
    ['of the environment reach rules', { rules: everywhere }, { POMERIUM_LIST_CLAIMS: 'a, roles' }, 'policy_denied'],
    [
      'of the environment reach its rules',
      {},
      { POMERIUM_RULES: everywhere, POMERIUM_LIST_CLAIMS: 'roles' },
      'policy_denied',
    ],
    [
      'of the environment reach its policy',
      {},
      { POMERIUM_POLICY: denyContractors, POMERIUM_LIST_CLAIMS: ['roles'] },
      'policy_denied',
    ],
    [
      'of the options reach the policy of the environment',
      { listClaims: ['roles'] },
      { POMERIUM_POLICY: denyContractors },
      'policy_denied',
    ],
    [
      'of the options replace those of the environment',
      { rules: everywhere, listClaims: [] },
      { POMERIUM_LIST_CLAIMS: 'roles' },
      'u-alice',
    ],
    ['are unknown by default, which a deny cannot do with', { rules: everywhere }, {}, 'invalid_configuration'],
  ];
  for (const [name, options, env, answer] of cases) {
    test(name, async () => {
      const headers = { [ASSERTION]: await sign(key, { roles: 'staff,contractor' }) };
      assert.equal(await makeGateRig(options, { env }).ask({ headers }), answer);
    });
  }
});
