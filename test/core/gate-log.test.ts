import { assert, describe, test } from 'vitest';
import type { GateContext, GateOptions, GateRequest } from '../../core/adapter.ts';
import { compilePolicy, PomeriumError, staticKeys } from '../../core/index.ts';
import { ASSERTION, eventNames, key, makeGateRig, ORIGIN, SENDERS } from '../support/gate.ts';
import { HOST, jwks, NOW, sign } from '../support/issuer.ts';

describe('the log', () => {
  test('has a line of JSON for a refusal, with method, path without query, and id', async () => {
    const rig = makeGateRig();
    const headers = { ...SENDERS.expired, 'x-request-id': 'r-1' };
    await rig.ask({ method: 'POST', url: `${ORIGIN}/a%20b/c?token=secret`, headers });
    assert.lengthOf(rig.lines, 1);
    const { level, line } = rig.lines[0] ?? {};
    assert.equal(level, 'warn');
    assert.notInclude(String(line), 'secret');
    assert.deepEqual(JSON.parse(String(line)), {
      type: 'assertion_refused',
      subject: 'assertion',
      code: 'expired',
      status: 401,
      message: 'The assertion has expired. Compare the clocks.',
      expected: `exp after ${NOW - 60}`,
      request: { method: 'POST', path: '/a b/c', id: 'r-1' },
    });
  });

  const requests: [name: string, request: Partial<GateRequest>, context: GateContext, expected: object][] = [
    [
      'the platform’s id before the header',
      { headers: { 'x-request-id': 'theirs' } },
      { requestId: 'ours' },
      { id: 'ours' },
    ],
    ['no id where there is none', {}, {}, {}],
    ['an id of 64 characters at most', { headers: { 'x-request-id': 'x'.repeat(99) } }, {}, { id: 'x'.repeat(64) }],
    ['an id of the platform of 64 characters at most', {}, { requestId: 'x'.repeat(99) }, { id: 'x'.repeat(64) }],
    ['no path where servers read it in different ways', { url: '/a%2fb' }, {}, { path: null }],
    ['no path of what is none', { url: 'a' }, {}, { path: null }],
    ['the first of several paths', { url: '/a', aliases: ['/b'] }, {}, { path: '/a' }],
  ];
  for (const [name, request, context, expected] of requests) {
    test(`says of the request ${name}`, async () => {
      const rig = makeGateRig();
      await rig.ask(request, context);
      const event = JSON.parse(String(rig.lines[0]?.line));
      assert.deepEqual(event.request, { method: 'GET', path: '/', ...expected });
    });
  }

  test('says of a request whose URL the platform does not know no path, and not that servers read it in different ways', async () => {
    const rig = makeGateRig();
    await rig.ask({ url: undefined });
    assert.deepEqual(JSON.parse(String(rig.lines[0]?.line)).request, { method: 'GET' });
  });

  test('escapes what a terminal would obey', async () => {
    const rig = makeGateRig();
    await rig.ask({ method: 'GET\u001b[2J', url: '/\u202e', headers: { 'x-request-id': 'a\u009bb' } });
    assert.match(String(rig.lines[0]?.line), /^[ -~]+$/);
  });

  test('has nothing for requests that pass, with somebody or without', async () => {
    const rig = makeGateRig({
      rules: [
        { prefix: '/public', access: 'public' },
        { prefix: '/', access: 'authenticated' },
      ],
    });
    assert.equal(await rig.ask({ url: '/public' }), 'nobody');
    assert.equal(await rig.ask({ url: '/public', headers: SENDERS.alice }), 'u-alice');
    assert.equal(await rig.ask({ headers: SENDERS.alice }), 'u-alice');
    assert.deepEqual(rig.lines, []);
  });

  test('has nothing for keys that were fetched, of which onEvent is told', async () => {
    const fetch = async () => Response.json(jwks(key));
    const rig = makeGateRig({}, { env: { POMERIUM_JWKS: undefined }, keys: { fetch } });
    assert.equal(await rig.ask({ headers: SENDERS.alice }), 'u-alice');
    assert.include(eventNames(rig.events), 'keys_refreshed');
    assert.deepEqual(rig.lines, []);
  });

  const received: [name: string, claims: Record<string, unknown>, code: string, received: string | undefined][] = [
    ['a wrong audience, which is a host', { aud: 'b.example.com' }, 'audience_mismatch', '"b.example.com"'],
    ['a wrong issuer, which is a host', { iss: 'b.example.com' }, 'issuer_mismatch', '"b.example.com"'],
    ['no other claim', { groups: 'secret' }, 'invalid_claims', undefined],
  ];
  for (const [name, claims, code, expected] of received) {
    test(`names ${name}`, async () => {
      const rig = makeGateRig();
      assert.equal(await rig.ask({ headers: { [ASSERTION]: await sign(key, claims) } }), code);
      assert.equal(JSON.parse(String(rig.lines[0]?.line)).received, expected);
    });
  }

  test('has a line for a key that is skipped', async () => {
    const { publicJwk } = key;
    const rig = makeGateRig({}, { env: { POMERIUM_JWKS: { keys: [publicJwk, { ...publicJwk, kty: 'oct' }] } } });
    assert.equal(await rig.ask({ headers: SENDERS.alice }), 'u-alice');
    assert.deepEqual(
      rig.lines.map(({ line }) => JSON.parse(String(line)).type),
      ['key_skipped'],
    );
  });

  test('has one line, a failure, for a configuration that turns out not to work', async () => {
    const rig = makeGateRig({ policy: compilePolicy({ allow: { or: [{ http_method: 'GET' }] } }) });
    assert.equal(await rig.ask({ method: undefined, headers: SENDERS.alice }), 'invalid_configuration');
    assert.deepEqual(
      rig.lines.map(({ level }) => level),
      ['error'],
    );
    assert.include(JSON.parse(String(rig.lines[0]?.line)), { type: 'invalid_configuration' });
  });
});

describe('onEvent', () => {
  const cases: [name: string, options: GateOptions, env: object, lines: number][] = [
    ['is told beside the log', {}, {}, 1],
    ['is told without a log', { log: false }, {}, 0],
    ['is told without a log of the environment', {}, { POMERIUM_LOG: 'false' }, 0],
    [
      'replaces no log where the option says so and the environment does not',
      { log: true },
      { POMERIUM_LOG: false },
      1,
    ],
  ];
  for (const [name, options, env, lines] of cases) {
    test(name, async () => {
      const rig = makeGateRig(options, { env });
      await rig.ask({ headers: SENDERS.alice });
      await rig.ask({ headers: SENDERS.expired });
      assert.deepEqual(eventNames(rig.events), ['verified', 'expired']);
      assert.lengthOf(rig.lines, lines);
    });
  }

  test('that is no function is refused, with a log and without', async () => {
    for (const log of [true, false]) {
      const rig = makeGateRig({ log, onEvent: {} } as unknown as GateOptions<Request>);
      assert.equal(await rig.ask({}), 'invalid_configuration');
      assert.match(String(rig.lines[0]?.line), /onEvent must be a function/);
    }
  });

  test('that is told of a failure leaves no line where there is no log', async () => {
    const policy = compilePolicy({ allow: { or: [{ http_method: 'GET' }] } });
    const rig = makeGateRig({ policy, log: false });
    assert.equal(await rig.ask({ method: undefined, headers: SENDERS.alice }), 'invalid_configuration');
    assert.deepEqual(eventNames(rig.events), ['invalid_configuration']);
    assert.deepEqual(rig.lines, []);
  });

  test('that is not told of a mistake leaves it to the console, also where there is no log', async () => {
    const keys = { ...staticKeys({ keys: [key.publicJwk] }), find: () => JSON.parse('no JSON') };
    const rig = makeGateRig({ keys, log: false });
    assert.equal(await rig.ask({ headers: SENDERS.alice }), 'invalid_configuration');
    assert.deepEqual(rig.events, []);
    assert.lengthOf(rig.lines, 1);
  });
});

describe('whom an event is about', () => {
  const SECRETS = ['s-subject', 's-email', 's-name', 's-group', 's-session', 's-id', 's-extra'];
  const claims = {
    sub: 's-subject',
    user: 's-subject',
    email: 's-email@example.com',
    name: 's-name',
    groups: ['s-group'],
    sid: 's-session',
    jti: 's-id',
    department: 's-extra',
  };
  const denied = compilePolicy({ allow: { or: [{ 'claim/department': 'another' }] } });
  const assertions: [name: string, options: GateOptions, claims: Record<string, unknown>, answer: string][] = [
    ['one that holds', {}, claims, 's-subject'],
    ['one that expired', {}, { ...claims, exp: 1 }, 'expired'],
    ['one for another host', {}, { ...claims, aud: 'other.example.com' }, 'audience_mismatch'],
    ['one that a policy refuses', { policy: denied }, claims, 'policy_denied'],
    ['one with a claim of another type', {}, { ...claims, groups: 's-group' }, 'invalid_claims'],
  ];
  for (const [name, options, made, answer] of assertions) {
    test(`is in no event and in no line by default: ${name}`, async () => {
      const rig = makeGateRig(options);
      const assertion = await sign(key, made);
      assert.equal(await rig.ask({ headers: { [ASSERTION]: assertion } }), answer);
      assert.lengthOf(rig.events, 1);
      const told = JSON.stringify([rig.lines, rig.events]);
      for (const secret of [...SECRETS, ...assertion.split('.')]) assert.notInclude(told, secret);
    });
  }

  for (const [name, options, env] of [
    ['the option', { logSubject: true }, {}],
    ['the variable', {}, { POMERIUM_LOG_SUBJECT: 'true' }],
  ] as const) {
    test(`is in the event and in the log with ${name}, by the subject alone`, async () => {
      const rig = makeGateRig(options, { env });
      await rig.ask({ url: '/x?y', headers: { [ASSERTION]: await sign(key, claims) } }, { requestId: 'r-1' });
      const expected = {
        type: 'assertion_verified',
        subject: 'assertion',
        keyId: key.kid,
        algorithm: 'ES256',
        cached: false,
        request: { method: 'GET', path: '/x', id: 'r-1' },
        user: 's-subject',
      };
      assert.deepEqual(rig.events as unknown[], [expected]);
      const { level, line } = rig.lines[0] ?? {};
      assert.equal(level, 'info');
      assert.deepEqual(JSON.parse(String(line)), expected);
    });
  }

  test('is in no line of a refusal with logSubject either', async () => {
    const rig = makeGateRig({ logSubject: true, audience: HOST });
    await rig.ask({ headers: { [ASSERTION]: await sign(key, { ...claims, exp: 1 }) } });
    assert.notInclude(JSON.stringify(rig.lines), 's-subject');
  });

  test('is in the event and in the log where a policy refuses it, with logSubject alone', async () => {
    const headers = { [ASSERTION]: await sign(key, claims) };
    for (const [logSubject, user] of [
      [true, 's-subject'],
      [false, undefined],
    ] as const) {
      const rig = makeGateRig({ logSubject, policy: compilePolicy({}) });
      assert.equal(await rig.ask({ headers }), 'policy_denied');
      assert.deepEqual([rig.events, rig.lines.map(({ line }) => JSON.parse(String(line)))].flat().map(userOf), [
        user,
        user,
      ]);
    }
  });
});

const userOf = (event: { user?: string }) => event.user;

describe('whom a policy refused', () => {
  const refused = async (options: GateOptions<Request>, headers: Record<string, string>) => {
    const { gate } = makeGateRig(options);
    const result = await gate.authorize({ method: 'GET', url: `${ORIGIN}/`, headers });
    if (result.type !== 'refuse') return assert.fail('it was let in');
    const answer = await gate.refuse(result.error, { headers }, new Request(ORIGIN));
    assert.notMatch(await answer.text(), /u-alice|u-admin/);
    return result.identity?.subject;
  };
  const denyAll = { policy: compilePolicy({}) };

  test('is known to the adapter, and in no answer', async () => {
    assert.equal(await refused(denyAll, SENDERS.alice), 'u-alice');
  });

  test('is nobody where the assertion does not hold', async () => {
    assert.isUndefined(await refused(denyAll, SENDERS.expired));
    assert.isUndefined(await refused(denyAll, SENDERS.nobody));
    assert.isUndefined(await refused(denyAll, SENDERS.anonymous));
  });

  test('is each request’s own, where a policy of one’s own throws one error for all', async () => {
    const error = new PomeriumError('policy_denied', 'always the same');
    const policy = {
      ...denyAll.policy,
      check: () => {
        throw error;
      },
    };
    const all = await Promise.all([SENDERS.alice, SENDERS.admin].map((headers) => refused({ policy }, headers)));
    assert.deepEqual(all, ['u-alice', 'u-admin']);
  });
});

describe('a bearer token', () => {
  test('is named where there is no assertion, and only there', async () => {
    const messageFor = async (headers: Record<string, string>) => {
      const rig = makeGateRig();
      await rig.ask({ headers });
      return (rig.events[0] as { message?: string }).message;
    };
    const authorization = 'Bearer opaque-secret';
    assert.match((await messageFor({ authorization })) ?? '', /bearer token in Authorization, which is not looked at/);
    assert.notInclude(await messageFor({ authorization }), 'opaque-secret');
    for (const others of [
      {},
      { authorization: 'Basic eA==' },
      { authorization: 'Not-bearer x' },
      { authorization, ...SENDERS.expired },
    ]) {
      assert.notMatch((await messageFor(others)) ?? '', /bearer/i);
    }
  });
});
