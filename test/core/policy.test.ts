import { assert, describe, test } from 'vitest';
import {
  compilePolicy,
  createVerifier,
  optionsFromEnvironment,
  type RequestLike,
  remoteKeys,
  staticKeys,
  type VerifierOptions,
} from '../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { assertMisconfigured, codeOf, errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key);
const allow = (...criteria: object[]) => ({ allow: { or: criteria } });
const refusesEmail = (email: unknown) => allow({ email });

describe('compilePolicy refuses, with the path in the document,', () => {
  const cases: [string, unknown, RegExp][] = [
    ['text', '{"allow":{}}', /parse the JSON or YAML first/],
    ['nothing', undefined, /A policy is an object/],
    ['a list in a list', [[{}]], /^\[0\] must be an object/],
    ['an unknown action', [{}, { permit: {} }], /^\[1\]\.permit: there is no action/],
    ['an action that is a list', { deny: [] }, /^deny must be an object/],
    ['an unknown operator', { allow: { xor: [] } }, /^allow\.xor: there is no operator/],
    ['an operator that is no list', { allow: { or: { email: 'a' } } }, /^allow\.or must be a list/],
    ['a criterion with two names', { allow: { or: [{}, { email: 'a', user: 'b' }] } }, /^allow\.or\[0\] must be/],
    ['an unknown criterion', allow({ mail: 'a' }), /^allow\.or\[0\]\.mail: there is no criterion/],
    ['a name from the prototype', allow({ constructor: 'a' }), /there is no criterion/],
    ['an operator from the prototype', { allow: { toString: [] } }, /there is no operator/],
    ['an unknown matcher', refusesEmail({ matches: '.*' }), /^allow\.or\[0\]\.email\.matches: there is no matcher/],
    ['a list matcher for a string', refusesEmail({ has: 'a' }), /there is no matcher "has"/],
    ['a string matcher for a list', allow({ groups: { in: ['a'] } }), /there is no matcher "in"/],
    ['a number', refusesEmail(7), /^allow\.or\[0\]\.email must be a string/],
    ['null', refusesEmail(null), /must be a string/],
    ['in without a list', refusesEmail({ in: 'a' }), /^allow\.or\[0\]\.email\.in must be a list/],
    ['in with a number', refusesEmail({ in: ['a', 1] }), /^allow\.or\[0\]\.email\.in\[1\] must be a string/],
    [
      'groups: is',
      { allow: { or: [{ accept: 1 }, { accept: 1 }, { groups: { is: 'a' } }] } },
      /^allow\.or\[2\]\.groups\.is cannot be answered/,
    ],
    ['claim without a name', allow({ claim: 'a' }), /names no claim/],
    ["claims that are Pomerium's own", allow({ 'claim/sub': 'a' }), /Pomerium's own/],
    ...[
      'source_ip',
      'client_certificate',
      'invalid_client_certificate',
      'device',
      'ssh_publickey',
      'ssh_username',
      'mcp_tool',
      'record',
      'date',
      'day_of_week',
      'time_of_day',
    ].map((name): [string, unknown, RegExp] => [
      name,
      allow({ [name]: 'x' }),
      new RegExp(`the criterion ${name} cannot be answered`),
    ]),
    ['1,001 criteria', { allow: { or: Array.from({ length: 1001 }, () => ({ accept: true })) } }, /1000 criteria/],
    ['1,001 values', refusesEmail({ in: Array.from({ length: 1001 }, String) }), /1000 values/],
    ['a very long value', refusesEmail('x'.repeat(4097)), /4096 characters/],
  ];
  for (const [name, ppl, message] of cases) {
    test(name, () => assertMisconfigured(() => compilePolicy(ppl), message));
  }

  test('listClaims that is no list of names', () => {
    assertMisconfigured(() => compilePolicy({}, { listClaims: 'roles' as unknown as string[] }), /listClaims/);
  });
});

describe('a policy in the verifier', () => {
  const withPolicy = (ppl: unknown, more: Partial<VerifierOptions> = {}) =>
    makeRig(key, { policy: compilePolicy(ppl), ...more });

  test('is decided after every other check', async () => {
    const rig = withPolicy({ deny: { or: [{ accept: true }] } });
    assert.equal(await rig.codeOf(token), 'policy_denied');
    assert.equal(await rig.codeOf(await sign(key, { exp: 1 })), 'expired');
    assert.equal(await rig.codeOf(await sign(key, { sub: '' })), 'anonymous');
  });

  test('is decided anew for a remembered assertion', async () => {
    const rig = withPolicy(allow({ http_method: 'GET' }));
    assert.equal(await codeOf(() => rig.verifier.verify(token, { requestInfo: { method: 'GET' } })), 'valid');
    assert.equal(await codeOf(() => rig.verifier.verify(token, { requestInfo: { method: 'POST' } })), 'policy_denied');
  });

  test('names the rule that decided, not the claim’s value', async () => {
    const rig = withPolicy([allow({ accept: true }), { deny: { or: [{ email: 'alice@example.com' }] } }]);
    const error = await errorOf(() => rig.verify(token));
    assert.equal(error?.status, 403);
    assert.equal(error?.received, '[1].deny');
    const event = rig.events.find(({ type }) => type === 'assertion_refused');
    assert.deepInclude(event, { code: 'policy_denied', received: '[1].deny', subject: 'assertion' });
    assert.notInclude(JSON.stringify(rig.events), 'alice');
    assert.match((await errorOf(() => withPolicy({}).verify(token)))?.message ?? '', /no allow rule holds/);
  });

  for (const [criterion, request] of [
    ['http_method', {}],
    ['http_path', { method: 'GET' }],
    ['cors_preflight', { method: 'OPTIONS', path: '/' }],
  ] as const) {
    test(`${criterion} without that part of the request is invalid_configuration, never an answer`, async () => {
      for (const ppl of [allow({ [criterion]: 'x' }), { allow: { not: [{ [criterion]: 'x' }] } }]) {
        const rig = withPolicy(ppl);
        assert.equal(await rig.codeOf(token), 'invalid_configuration');
        assert.equal(await codeOf(() => rig.verifier.verify(token, { requestInfo: request })), 'invalid_configuration');
        assert.isTrue(compilePolicy(ppl).needsRequest);
      }
    });
  }

  test('a request that does not say its method or URL is no GET of /', async () => {
    const headers = { 'x-pomerium-jwt-assertion': token };
    for (const criterion of ['http_method', 'http_path', 'cors_preflight']) {
      const rig = withPolicy({ allow: { not: [{ [criterion]: 'x' }] } });
      assert.equal(await codeOf(() => rig.verifier.verifyRequest({ headers })), 'invalid_configuration');
    }
  });

  const paths: [string, string, string][] = [
    ['https://x.test/admin/users?q=1#f', '/admin/users', 'the path alone'],
    ['/admin/users?q=/public', '/admin/users', 'a path without an origin'],
    ['https://x.test/%61dmin', '/admin', 'percent-encoding taken off, as Pomerium does'],
    ['/a:b%20c', '/a:b c', 'a colon, and a space that was encoded'],
    ['https://x.test/%E6%9D%8E', '/李', 'UTF-8'],
    ['/李', '/李', 'what was never encoded'],
  ];
  for (const [url, path, name] of paths) {
    test(`http_path is ${name}: ${url}`, async () => {
      const rig = withPolicy(allow({ http_path: path }));
      const headers = { 'x-pomerium-jwt-assertion': token };
      assert.equal(await codeOf(() => rig.verifier.verifyRequest({ url, headers })), 'valid');
      const denied = withPolicy([allow({ accept: 1 }), { deny: { or: [{ http_path: path }] } }]);
      assert.equal(await codeOf(() => denied.verifier.verifyRequest({ url, headers })), 'policy_denied');
    });
  }

  const ambiguous = [
    '/a%2Fb',
    '/admin/%ff',
    '/admin/%zz',
    '/public/../admin',
    '/public/..;/admin',
    '/%2561dmin',
    '//x',
    'https://x.test/admin/../public',
    'https://x.test/admin/%2e%2e/public',
    '/admin%3F.png',
    '/admin%23.png',
    '/admin;.png',
    '/admin%3b.png',
    '/admin;x=/y.png',
  ];
  for (const url of ambiguous) {
    test(`a path that servers read in different ways is refused before any rule is asked: ${url}`, async () => {
      const request = { url, headers: { 'x-pomerium-jwt-assertion': token } };
      for (const ppl of [
        allow({ domain: 'example.com' }, { http_path: '/' }),
        allow({ accept: true }, { http_path: '/' }),
        allow({ http_path: { starts_with: '/' } }),
        [allow({ accept: true }), { deny: { and: [{ email: 'x@example.com' }, { http_path: '/' }] } }],
      ]) {
        const rig = withPolicy(ppl);
        assert.equal(await codeOf(() => rig.verifier.verifyRequest(request)), 'policy_denied');
      }
      assert.equal(await codeOf(() => withPolicy(allow({ accept: 1 })).verifier.verifyRequest(request)), 'valid');
    });
  }

  test('a path that is said to be decoded is refused where it is not, or has its query', async () => {
    const rig = withPolicy(allow({ http_path: { ends_with: '.png' } }));
    const policy = compilePolicy(allow({ http_path: { ends_with: '.png' } }));
    const identity = await makeRig(key).verify(token);
    const paths = ['/admin?x=.png', '/admin#.png', '/admin;.png', '/a/../x.png', '/%61.png', '//x.png', 'x.png', null];
    for (const path of paths) {
      assert.equal(await codeOf(() => rig.verifier.verify(token, { requestInfo: { path } })), 'policy_denied');
      assert.equal(await codeOf(() => policy.decide({ identity, path })), 'policy_denied');
      assert.equal(await codeOf(() => policy.explain({ identity, path })), 'policy_denied');
    }
    assert.equal(await codeOf(() => rig.verifier.verify(token, { requestInfo: { path: '/李:a (1).png' } })), 'valid');
  });

  test('one more policy, given for this request, is asked after the verifier’s own, and must be compiled', async () => {
    const rig = withPolicy(allow({ accept: true }));
    const forNobody = compilePolicy(allow({ user: 'nobody' }));
    assert.equal(await codeOf(() => rig.verifier.verify(token, { policy: forNobody })), 'policy_denied');
    const uncompiled = allow({ accept: true }) as never;
    assert.equal(await codeOf(() => rig.verifier.verify(token, { policy: uncompiled })), 'invalid_configuration');
  });

  test('a URL that cannot be read does not hide that there is no assertion', async () => {
    const rig = withPolicy(allow({ http_path: '/' }));
    for (const url of ['/\ud800', null, undefined]) {
      const request = { url, headers: {} } as RequestLike;
      assert.equal(await codeOf(() => rig.verifier.verifyRequest(request)), 'missing_assertion');
    }
  });

  test('a path whose percent-encoding is broken is refused, after every other check', async () => {
    const rig = withPolicy([allow({ accept: 1 }), { deny: { or: [{ http_path: { starts_with: '/admin' } }] } }]);
    const request = { url: '/admin/%zz', headers: { 'x-pomerium-jwt-assertion': token } };
    assert.equal(await codeOf(() => rig.verifier.verifyRequest(request)), 'policy_denied');
    assert.equal(await codeOf(() => rig.verifier.verifyRequest({ ...request, headers: {} })), 'missing_assertion');
    assert.deepInclude(rig.events[0], { type: 'assertion_refused', code: 'policy_denied' });
  });

  test('what is not compiled is refused when the verifier is built', () => {
    const policy = allow({ accept: true }) as unknown as VerifierOptions['policy'];
    assertMisconfigured(() => makeRig(key, { policy: policy as NonNullable<typeof policy> }), /compilePolicy/);
  });

  test('POMERIUM_POLICY and POMERIUM_LIST_CLAIMS', async () => {
    const env = {
      POMERIUM_AUDIENCE: HOST,
      POMERIUM_JWKS: JSON.stringify(jwks(key)),
      POMERIUM_POLICY: '{"allow":{"or":[{"claim/roles":"admin"}]}}',
      POMERIUM_LIST_CLAIMS: 'teams, roles',
    };
    const verifier = createVerifier({ ...optionsFromEnvironment(env), now: () => NOW });
    assert.equal(await codeOf(async () => verifier.verify(await sign(key, { roles: 'user,admin' }))), 'valid');
    assert.equal(await codeOf(async () => verifier.verify(await sign(key, { roles: 'user,admins' }))), 'policy_denied');
    assertMisconfigured(
      () => optionsFromEnvironment({ ...env, POMERIUM_POLICY: 'allow: x' }),
      /POMERIUM_POLICY must be JSON/,
    );
    assertMisconfigured(() => optionsFromEnvironment({ ...env, POMERIUM_POLICY: '{"allow":1}' }), /^allow must be/);
  });
});

describe('the policies of docs/policy.md, from Pomerium’s documentation', () => {
  const domainAndUsers = {
    allow: { and: [{ domain: { is: 'example.com' } }] },
    deny: { or: [{ email: { is: 'user2@example.com' } }, { email: { is: 'user3@example.com' } }] },
  };
  const operators = (operator: string) => ({
    allow: { [operator]: [{ domain: { is: 'example.com' } }, { 'claim/groups': 'admin' }] },
  });
  const route = [{ allow: { and: [{ domain: { is: 'pomerium.com' } }, { user: { is: 'user' } }] } }];
  const both = { email: 'a@example.com', groups: ['admin'] };
  const one = { email: 'a@example.com', groups: [] };
  const none = { email: 'a@other.test', groups: [] };
  const cases: [string, unknown, Record<string, unknown>, boolean][] = [
    ['a user of the domain', domainAndUsers, { email: 'user1@example.com' }, true],
    ['a denied user of the domain', domainAndUsers, { email: 'user2@example.com' }, false],
    ['a user of another domain', domainAndUsers, { email: 'user1@example.org' }, false],
    ...(
      [
        ['and', true, false, false],
        ['or', true, true, false],
        ['not', false, false, true],
        ['nor', false, true, true],
      ] as const
    ).flatMap(([operator, ...[ofBoth, ofOne, ofNone]]): [string, unknown, Record<string, unknown>, boolean][] => [
      [`${operator}, both hold`, operators(operator), both, ofBoth],
      [`${operator}, one holds`, operators(operator), one, ofOne],
      [`${operator}, none holds`, operators(operator), none, ofNone],
    ]),
    ['that user of that domain', route, { email: 'x@pomerium.com', user: 'user' }, true],
    ['another user of that domain', route, { email: 'user@pomerium.com', user: 'another' }, false],
  ];
  for (const [name, ppl, claims, allowed] of cases) {
    test(`${name} → ${allowed ? 'allowed' : 'denied'}`, async () => {
      const identity = await makeRig(key).verify(await sign(key, claims));
      assert.equal(compilePolicy(ppl).decide({ identity }).allowed, allowed);
    });
  }
});

describe('explain', () => {
  test('says which criterion said what, as a tree', async () => {
    const identity = await makeRig(key).verify(token);
    const policy = compilePolicy([
      { allow: { and: [{ domain: 'example.com' }, { user: 'bob' }], or: [{ groups: 'g1' }] } },
    ]);
    assert.deepEqual(policy.explain({ identity }), {
      allowed: true,
      allow: true,
      deny: false,
      rules: [
        {
          path: '[0].allow',
          action: 'allow',
          holds: true,
          operators: [
            {
              path: '[0].allow.and',
              operator: 'and',
              holds: false,
              criteria: [
                { path: '[0].allow.and[0].domain', criterion: 'domain', holds: true },
                { path: '[0].allow.and[1].user', criterion: 'user', holds: false },
              ],
            },
            {
              path: '[0].allow.or',
              operator: 'or',
              holds: true,
              criteria: [{ path: '[0].allow.or[0].groups', criterion: 'groups', holds: true }],
            },
          ],
        },
      ],
    });
  });

  test('a policy and its decisions are frozen', async () => {
    const identity = await makeRig(key).verify(token);
    const policy = compilePolicy(allow({ accept: true }));
    assert.isTrue(Object.isFrozen(policy));
    assert.isTrue(Object.isFrozen(policy.decide({ identity })));
  });
});

describe('onBehalfOf', () => {
  const service = { sub: 'svc', user: 'svc', email: 'svc@example.com' };
  const FIRST = 'first.corp.example.com';
  const callers = compilePolicy(allow({ user: 'svc' }));
  const onFirst = { aud: FIRST, iss: FIRST };

  /** The last service of a chain: its own keys, and those of the first route's Pomerium. */
  async function chain(more: Partial<VerifierOptions> = {}) {
    const firstKey = await makeKey();
    const origin = await Origin.start(jwksAnswer(jwks(firstKey)));
    const rig = makeRig(key, { onBehalfOf: { audience: FIRST, keys: remoteKeys(origin.url), callers }, ...more });
    const ask = async (caller: Record<string, unknown>, original?: string) => {
      const headers = [['x-pomerium-jwt-assertion', await sign(key, caller)]] as [string, string][];
      if (original !== undefined) headers.push(['X-Pomerium-Jwt-Assertion-For', original]);
      return rig.verifier.verifyRequest({ headers });
    };
    return { rig, ask, firstKey, origin };
  }

  test('a caller that may, with a good assertion: the identity tells for whom', async () => {
    const { ask, firstKey, rig } = await chain();
    const identity = await ask(service, await sign(firstKey, onFirst));
    assert.equal(identity.subject, 'svc');
    assert.equal(identity.onBehalfOf?.subject, 'u-alice');
    assert.equal(identity.onBehalfOf?.issuer, FIRST);
    assert.isTrue(Object.isFrozen(identity));
    const subjects = rig.events.flatMap((event) => (event.type === 'assertion_verified' ? [event.subject] : []));
    assert.deepEqual(subjects, ['assertion', 'on-behalf-of']);
  });

  test('absent or empty is undefined, and nobody has to be in callers for that', async () => {
    const { ask, origin } = await chain();
    assert.isUndefined((await ask(service)).onBehalfOf);
    assert.isUndefined((await ask({}, '')).onBehalfOf);
    assert.equal(await origin.count(), 0);
  });

  test('a caller that is not named is refused before the header is verified', async () => {
    const { ask, firstKey, rig, origin } = await chain();
    assert.equal(await codeOf(async () => ask({}, await sign(firstKey, onFirst))), 'policy_denied');
    assert.equal(await origin.count(), 0);
    assert.deepInclude(rig.events.at(-1), {
      type: 'assertion_refused',
      code: 'policy_denied',
      subject: 'on-behalf-of',
    });
  });

  const bad: [string, (first: Awaited<ReturnType<typeof makeKey>>) => Promise<string>, string][] = [
    ['rubbish', async () => 'junk.a.b', 'malformed_assertion'],
    ['expired', (first) => sign(first, { ...onFirst, exp: NOW - 61 }), 'expired'],
    ['for nobody', (first) => sign(first, { ...onFirst, sub: '' }), 'anonymous'],
    ['for another first route', (first) => sign(first, { ...onFirst, aud: 'x.example.com' }), 'audience_mismatch'],
    ["from the caller's own route", (first) => sign(first, {}), 'audience_mismatch'],
    ["signed with this route's key", () => sign(key, onFirst), 'unknown_key'],
    ['twice', async (first) => `${await sign(first, onFirst)}, ${await sign(first, onFirst)}`, 'duplicate_assertion'],
  ];
  for (const [name, make, code] of bad) {
    test(`threat: forged on-behalf-of: ${name} → ${code}, and the event says which assertion`, async () => {
      const { ask, firstKey, rig } = await chain();
      const original = await make(firstKey);
      assert.equal(await codeOf(() => ask(service, original)), code as never);
      const expected: Record<string, unknown> = { type: 'assertion_refused', code, subject: 'on-behalf-of' };
      assert.deepInclude(rig.events.at(-1) as unknown as Record<string, unknown>, expected);
    });
  }

  test('threat: forged on-behalf-of: never read when not configured', async () => {
    const rig = makeRig(key);
    const headers = { 'x-pomerium-jwt-assertion': token, 'x-pomerium-jwt-assertion-for': 'junk.a.b' };
    assert.isUndefined((await rig.verifier.verifyRequest({ headers })).onBehalfOf);
  });

  test('ready gets both key sets', async () => {
    const { rig, origin } = await chain();
    await rig.verifier.ready();
    assert.equal(await origin.count(), 1);
  });

  test('callers may ask about the request', async () => {
    const asking = compilePolicy({ allow: { and: [{ user: 'svc' }, { http_method: 'GET' }] } });
    const { rig, firstKey } = await chain({});
    assert.isDefined(rig);
    const verifier = createVerifier({
      audience: HOST,
      keys: staticKeys(jwks(key)),
      now: () => NOW,
      onBehalfOf: { audience: FIRST, keys: staticKeys(jwks(firstKey)), callers: asking },
    });
    const headers = {
      'x-pomerium-jwt-assertion': await sign(key, service),
      'x-pomerium-jwt-assertion-for': await sign(firstKey, onFirst),
    };
    assert.equal(await codeOf(() => verifier.verifyRequest({ method: 'GET', url: '/', headers })), 'valid');
    assert.equal(await codeOf(() => verifier.verifyRequest({ method: 'POST', url: '/', headers })), 'policy_denied');
  });

  const shared: [rule: string, options: Partial<VerifierOptions>, claims: object, code: string][] = [
    ['the tolerance is the verifier’s', { clockTolerance: 300 }, { exp: NOW - 299 }, 'valid'],
    ['the tolerance is the verifier’s', { clockTolerance: 0 }, { exp: NOW - 1 }, 'expired'],
    ['the greatest age is not', { maxTokenAge: 60 }, { iat: NOW - 200 }, 'valid'],
    ['nobody is anonymous, though the caller may be', { allowAnonymous: true }, { sub: '' }, 'anonymous'],
  ];
  for (const [rule, options, claims, code] of shared) {
    test(`for the user ${rule}: ${code}`, async () => {
      const { ask, firstKey } = await chain(options);
      const original = await sign(firstKey, { ...onFirst, ...claims });
      assert.equal(await codeOf(() => ask(service, original)), code as never);
    });
  }

  test('for the user the algorithms are the verifier’s, and the issuer is one’s own', async () => {
    const first = await makeKey('RS256');
    const issuer = 'authenticate.corp.example.com';
    const onBehalfOf = { audience: FIRST, issuer, keys: staticKeys(jwks(first)), callers };
    for (const [algorithms, iss, code] of [
      [['ES256', 'RS256'], issuer, 'valid'],
      [['ES256', 'RS256'], FIRST, 'issuer_mismatch'],
      [['ES256'], issuer, 'unsupported_algorithm'],
    ] as const) {
      const { verifier } = makeRig(key, { algorithms, onBehalfOf });
      const headers = {
        'x-pomerium-jwt-assertion': await sign(key, service),
        'x-pomerium-jwt-assertion-for': await sign(first, { aud: FIRST, iss }),
      };
      assert.equal(await codeOf(() => verifier.verifyRequest({ headers })), code);
    }
  });

  test('the store is asked for the default keys of both, and is no mistake beside keys of one’s own', async () => {
    const asked: string[] = [];
    const store = {
      getItem(name: string) {
        asked.push(decodeURIComponent(name));
        return null;
      },
      setItem() {},
    };
    const ready = (onBehalfOf: object) =>
      createVerifier({ audience: HOST, store, now: () => NOW, onBehalfOf: { audience: FIRST, callers, ...onBehalfOf } })
        .ready()
        .catch(() => {});
    const fetchBefore = globalThis.fetch;
    globalThis.fetch = () => Promise.reject(new TypeError('no network'));
    try {
      await ready({});
      for (const host of [HOST, FIRST])
        assert.isTrue(
          asked.some((name) => name.includes(`https://${host}/`)),
          host,
        );
      asked.length = 0;
      await ready({ keys: staticKeys(jwks(key)) });
      assert.isFalse(asked.some((name) => name.includes(FIRST)));
    } finally {
      globalThis.fetch = fetchBefore;
    }
  });

  const misconfigured: [string, unknown, RegExp][] = [
    ['no callers', { audience: FIRST }, /^onBehalfOf\.callers is missing; write callers: compilePolicy/],
    [
      'callers that are not compiled',
      { audience: FIRST, callers: allow({ user: 'svc' }) },
      /onBehalfOf\.callers must be a compiled policy/,
    ],
    ['no audience', { callers }, /audience/],
    [
      'a misspelt option',
      { audience: FIRST, callers, caller: 1 },
      /^There is no option of onBehalfOf "caller"; there are audience, issuer, keys, callers\.$/,
    ],
    ['true', true, /^onBehalfOf must be an object; write onBehalfOf: \{ audience, callers \}/],
    ['null', null, /^onBehalfOf must be an object/],
  ];
  for (const [name, onBehalfOf, message] of misconfigured) {
    test(`refuses ${name} when it is built`, () => {
      assertMisconfigured(() => makeRig(key, { onBehalfOf } as Partial<VerifierOptions>), message);
    });
  }
});
