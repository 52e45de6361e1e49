import { assert, describe, test } from 'vitest';
import {
  compilePolicy,
  createVerifier,
  type MaybeAnonymous,
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

  for (const [criterion, request, missing] of [
    ['http_method', {}, 'method'],
    ['http_path', { method: 'GET' }, 'path'],
    ['cors_preflight', { method: 'OPTIONS', path: '/' }, 'headers'],
    ['cors_preflight', { headers: {} }, 'method'],
  ] as const) {
    test(`${criterion} without the ${missing} of the request is invalid_configuration, never an answer`, async () => {
      for (const ppl of [allow({ [criterion]: 'x' }), { allow: { not: [{ [criterion]: 'x' }] } }]) {
        const rig = withPolicy(ppl);
        assert.equal(await rig.codeOf(token), 'invalid_configuration');
        const error = await errorOf(() => rig.verifier.verify(token, { requestInfo: request }));
        assert.equal(error?.code, 'invalid_configuration');
        assert.include(error?.message, `asks about the ${missing} of the request, and none was given`);
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

  test('one in the place of the context is a mistake, and not left out', async () => {
    const { verifier } = withPolicy(allow({ accept: true }));
    const headers = { 'x-pomerium-jwt-assertion': token };
    const notCompiled = allow({ user: 'nobody' });
    for (const policy of [compilePolicy(notCompiled), notCompiled, { deny: { or: [{ accept: true }] } }] as object[]) {
      for (const error of [
        await errorOf(() => verifier.verify(token, policy)),
        await errorOf(() => verifier.verifyRequest({ headers }, policy)),
      ]) {
        assert.equal(error?.code, 'invalid_configuration');
        assert.match(error?.message ?? '', /^The context is a policy/);
      }
    }
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

  const { decide, check } = compilePolicy(allow({ accept: true }));
  for (const [name, policy] of [
    ['not compiled', allow({ accept: true })],
    ['without a check', { decide }],
    ['without decide', { check }],
    ['null', null],
  ] as const) {
    test(`what is ${name} is refused when the verifier is built`, () => {
      assertMisconfigured(() => makeRig(key, { policy: policy as never }), /compilePolicy/);
    });
  }

  test('a check of one’s own that is async lets nobody in, whatever it decides', async () => {
    let isHandled = false;
    const later = {
      // biome-ignore lint/suspicious/noThenProperty: it is what a check must not give.
      then: (_: unknown, onRejected: unknown) => {
        isHandled = typeof onRejected === 'function';
      },
    };
    for (const result of [Promise.resolve(), later]) {
      const policy = { ...compilePolicy(allow({ accept: true })), check: () => result as never };
      const error = await errorOf(() => makeRig(key, { policy }).verify(token));
      assert.equal(error?.code, 'invalid_configuration');
      assert.match(error?.message ?? '', /must not be async/);
    }
    assert.isTrue(isHandled, 'a rejection must not end the process');
  });

  test('a check of one’s own that throws nothing lets in', async () => {
    const policy = { ...compilePolicy({}), check: () => undefined };
    assert.equal(await makeRig(key, { policy }).codeOf(token), 'valid');
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

describe('check', () => {
  const alice = { subject: 'u1', user: 'u1', email: 'alice@example.com', groups: [], claims: {} };
  const identity = alice as unknown as MaybeAnonymous;
  const onPath = compilePolicy(allow({ http_path: '/a' }));
  const requests: [rule: string, request: object | undefined, code: string][] = [
    ['the path that is given', { path: '/a' }, 'valid'],
    ['another path', { path: '/b' }, 'policy_denied'],
    ['the path of the URL', { url: 'https://x.test/a?b' }, 'valid'],
    ['the URL before a path', { url: '/a', path: '/b' }, 'valid'],
    ['the path where the URL is null', { url: null, path: '/a' }, 'valid'],
    ['a path with no one reading', { path: null }, 'policy_denied'],
    ['a URL with no one reading', { url: '/a%2Fb' }, 'policy_denied'],
    ['no path', { method: 'GET' }, 'invalid_configuration'],
    ['no request', undefined, 'invalid_configuration'],
  ];
  for (const [rule, request, code] of requests) {
    test(`${rule}: ${code}`, async () => {
      assert.equal(await codeOf(() => onPath.check(identity, request as RequestLike)), code);
    });
  }

  test('reads no path that the policy does not ask about', async () => {
    assert.equal(await codeOf(() => compilePolicy(allow({ accept: true })).check(identity, { path: null })), 'valid');
  });

  test('asks about the method and the headers', async () => {
    const headers = { origin: 'https://x.test', 'access-control-request-method': 'PUT' };
    const policy = compilePolicy(allow({ cors_preflight: true }, { http_method: 'GET' }));
    assert.equal(await codeOf(() => policy.check(identity, { method: 'OPTIONS', headers })), 'valid');
    assert.equal(await codeOf(() => policy.check(identity, { method: 'GET', headers: {} })), 'valid');
    assert.equal(await codeOf(() => policy.check(identity, { method: 'PUT', headers })), 'policy_denied');
  });

  test('says how servers can read the path, and what was expected', async () => {
    const error = await errorOf(() => onPath.check(identity, { path: '/a/../b' }));
    assert.match(error?.message ?? '', /asks about the path, .* read that path in different ways/);
    assert.match(error?.expected ?? '', /one reading: no encoded slash, .* no \?, # or ;/);
  });

  test('names the deny rule that holds, not one before it that does not', async () => {
    const deny = (criterion: object) => ({ deny: { or: [criterion] } });
    const rules = [deny({ user: 'u2' }), allow({ accept: true }), deny({ user: 'u1' }), deny({ accept: true })];
    const error = await errorOf(() => compilePolicy(rules).check(identity));
    assert.equal(error?.message, 'The policy refuses it: [2].deny holds.');
    assert.equal(error?.received, '[2].deny');
    assert.equal(error?.expected, 'an allow rule that holds, and no deny rule that does');
  });

  test('says that no allow rule holds, where no deny rule does', async () => {
    const rules = [allow({ user: 'u2' }), { deny: { or: [{ user: 'u2' }] } }];
    const error = await errorOf(() => compilePolicy(rules).check(identity));
    assert.equal(error?.message, 'The policy refuses it: no allow rule holds.');
    assert.equal(error?.received, 'no allow rule that holds');
  });
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
