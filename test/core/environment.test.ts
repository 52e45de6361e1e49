import { assert, describe, test } from 'vitest';
import { GATE_VARIABLES, type GateOptions } from '../../core/adapter.ts';
import { type EnvironmentOptions, readEnvironment, VERIFIER_VARIABLES } from '../../core/environment.ts';
import { readGateOptions } from '../../core/gate/settings.ts';
import {
  compilePolicy,
  compileRoutes,
  createVerifier,
  createVerifierFromEnvironment,
  optionsFromEnvironment,
  type PomeriumEvent,
  staticKeys,
} from '../../core/index.ts';
import { key, makeGateRig, SENDERS, type Sender } from '../support/gate.ts';
import { HOST, jwks, makeKey, NOW } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { assertMisconfigured, codeOf, errorOf } from '../support/verifying.ts';

const KEYS = jwks(key);
const ADMINS = { allow: { or: [{ groups: 'admins' }] } };
const RULES = [{ prefix: '/', access: 'public' }] as const;
const ROUTES = { routes: [{ from: `https://${HOST}`, to: 'http://app', policy: [ADMINS] }] };
const withoutAudience = { POMERIUM_AUDIENCE: undefined };
const FROM_OFFICE = { allow: { and: [{ accept: true }, { source_ip: '10.0.0.0/8' }] } };
const NO_INTERNS = { allow: { and: [{ accept: true }] }, deny: { or: [{ 'claim/roles': 'intern' }] } };
const base = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: KEYS };
const origin = await Origin.start(jwksAnswer(KEYS));

/** What a gate is told, by variables and options, without what is made of it. */
function settings(env: object, options: GateOptions = {}) {
  const { rules, verifierOptions, ...own } = readGateOptions({ ...base, ...env }, options, {});
  const { keys, policy, ...verifier } = readEnvironment({ ...base, ...env }, verifierOptions, {});
  return { ...own, ...verifier, access: rules?.accessTo(['/']) };
}

/** A variable as text, as the value that JSON in a platform's configuration has, and the same by code. */
type Row = [variable: string, text: string, value: unknown, options: GateOptions];

const HOSTS = ['a.example.com', 'https://b.example.com/'];
const ORIGINS = ['https://a.example.com', 'https://b.example.com'];
const ROWS: Row[] = [
  [
    'POMERIUM_AUDIENCE',
    'a.example.com, b.example.com',
    ['a.example.com', 'b.example.com'],
    { audience: ['a.example.com', 'b.example.com'] },
  ],
  ['POMERIUM_ISSUER', HOSTS.join(), HOSTS, { issuer: HOSTS }],
  ['POMERIUM_ALGORITHMS', 'ES256, RS256', ['ES256', 'RS256'], { algorithms: ['ES256', 'RS256'] }],
  ['POMERIUM_CLOCK_TOLERANCE', '30', 30, { clockTolerance: 30 }],
  ['POMERIUM_CLOCK_TOLERANCE', '0', 0, { clockTolerance: 0 }],
  ['POMERIUM_MAX_TOKEN_AGE', ' 300 ', 300, { maxTokenAge: 300 }],
  ['POMERIUM_MAX_TOKEN_AGE', '0', 0, { maxTokenAge: 0 }],
  ['POMERIUM_RULES', JSON.stringify(RULES), RULES, { rules: RULES }],
  ['POMERIUM_OPTIONAL', 'true', true, { optional: true }],
  ['POMERIUM_ALLOW_PREFLIGHT', 'true', true, { allowPreflight: true }],
  ['POMERIUM_CORS_ORIGINS', ORIGINS.join(), ORIGINS, { corsOrigins: ORIGINS }],
  ['POMERIUM_CLAIM_HEADERS', 'department', ['department'], { claimHeaders: ['department'] }],
  [
    'POMERIUM_CLAIM_HEADERS',
    'x-d=department, hd',
    { 'x-d': 'department', 'x-pomerium-claim-hd': 'hd' },
    { claimHeaders: { 'x-d': 'department', 'x-pomerium-claim-hd': 'hd' } },
  ],
  ['POMERIUM_REMOVE_HEADERS', 'x-email, x-name', ['x-email', 'x-name'], { removeHeaders: ['x-email', 'x-name'] }],
  ['POMERIUM_LIST_CLAIMS', 'roles["a"], b', ['roles["a"]', 'b'], { listClaims: ['roles["a"]', 'b'] }],
  ['POMERIUM_LIST_CLAIMS', '[]', [], { listClaims: [] }],
  ['POMERIUM_KEEP_ASSERTION', 'false', false, { keepAssertion: false }],
  ['POMERIUM_SHARED', 'true', true, { shared: true }],
  ['POMERIUM_END_AT_EXPIRY', 'true', true, { endAtExpiry: true }],
  ['POMERIUM_REFUSAL_PAGE', '{"siteName":"Wiki"}', { siteName: 'Wiki' }, { refusalPage: { siteName: 'Wiki' } }],
  ['POMERIUM_LOG', 'false', false, { log: false }],
  ['POMERIUM_LOG_SUBJECT', 'true', true, { logSubject: true }],
];

describe('a variable as text, and as a value of JSON, is the option', () => {
  for (const [variable, text, value, options] of ROWS) {
    test(`${variable}=${text}`, () => {
      const expected = settings({}, options);
      assert.deepEqual(settings({ [variable]: text }), expected);
      assert.deepEqual(settings({ [variable]: value }), expected);
      assert.notDeepEqual(settings({}), expected, 'which is not the default');
    });
  }

  const decisions: [name: string, env: object, sender: Sender, answer: string][] = [
    ['POMERIUM_POLICY as text', { POMERIUM_POLICY: JSON.stringify(ADMINS) }, 'alice', 'policy_denied'],
    ['POMERIUM_POLICY as an object', { POMERIUM_POLICY: ADMINS }, 'alice', 'policy_denied'],
    ['POMERIUM_POLICY as a list', { POMERIUM_POLICY: [ADMINS] }, 'admin', 'u-admin'],
    [
      'POMERIUM_ROUTES as text',
      { ...withoutAudience, POMERIUM_ROUTES: JSON.stringify(ROUTES) },
      'alice',
      'policy_denied',
    ],
    ['POMERIUM_ROUTES as an object', { ...withoutAudience, POMERIUM_ROUTES: ROUTES }, 'admin', 'u-admin'],
    ['POMERIUM_ROUTES as a list', { ...withoutAudience, POMERIUM_ROUTES: ROUTES.routes }, 'alice', 'policy_denied'],
    [
      'POMERIUM_ROUTES beside an empty POMERIUM_AUDIENCE',
      { POMERIUM_AUDIENCE: '', POMERIUM_ROUTES: ROUTES },
      'admin',
      'u-admin',
    ],
    [
      'POMERIUM_LEAVE_TO_POMERIUM as text',
      { POMERIUM_POLICY: FROM_OFFICE, POMERIUM_LEAVE_TO_POMERIUM: 'date, source_ip' },
      'alice',
      'u-alice',
    ],
    [
      'POMERIUM_LEAVE_TO_POMERIUM as a list',
      { POMERIUM_POLICY: FROM_OFFICE, POMERIUM_LEAVE_TO_POMERIUM: ['source_ip'] },
      'alice',
      'u-alice',
    ],
    ['POMERIUM_LIST_CLAIMS as []', { POMERIUM_POLICY: NO_INTERNS, POMERIUM_LIST_CLAIMS: '[]' }, 'alice', 'u-alice'],
    ['no POMERIUM_LIST_CLAIMS', { POMERIUM_POLICY: NO_INTERNS }, 'alice', 'invalid_configuration'],
    [
      'POMERIUM_ROUTES beside POMERIUM_LIST_CLAIMS',
      {
        ...withoutAudience,
        POMERIUM_ROUTES: [{ from: `https://${HOST}`, to: 'http://app', policy: NO_INTERNS }],
        POMERIUM_LIST_CLAIMS: 'roles',
      },
      'alice',
      'u-alice',
    ],
    [
      'POMERIUM_ROUTES beside POMERIUM_LEAVE_TO_POMERIUM',
      {
        ...withoutAudience,
        POMERIUM_ROUTES: [{ from: `https://${HOST}`, to: 'http://app', policy: FROM_OFFICE }],
        POMERIUM_LEAVE_TO_POMERIUM: 'source_ip',
      },
      'alice',
      'u-alice',
    ],
    ['POMERIUM_JWKS as text', { POMERIUM_JWKS: JSON.stringify(KEYS) }, 'alice', 'u-alice'],
    ['POMERIUM_JWKS as an object', { POMERIUM_JWKS: KEYS }, 'alice', 'u-alice'],
    ['POMERIUM_JWKS as PEM', { POMERIUM_JWKS: key.spki }, 'alice', 'u-alice'],
    ['POMERIUM_JWKS_URL', { POMERIUM_JWKS: undefined, POMERIUM_JWKS_URL: origin.url }, 'alice', 'u-alice'],
  ];
  for (const [name, env, sender, answer] of decisions) {
    test(`${name}: ${answer}`, async () => {
      assert.equal(await makeGateRig({}, { env }).ask({ headers: SENDERS[sender] }), answer);
    });
  }

  test('and there is none of ours that is not in these tables', () => {
    const inTables = [...ROWS.map(([variable]) => variable), ...decisions.flatMap(([, env]) => Object.keys(env))];
    // Its effect on policies and rules is in gate.test.ts.
    const expected = new Set([...VERIFIER_VARIABLES, ...Object.values(GATE_VARIABLES)]);
    assert.sameMembers([...new Set([...inTables, 'POMERIUM_LIST_CLAIMS'])], [...expected]);
  });
});

describe('an option', () => {
  const cases: [env: object, options: GateOptions][] = [
    [{ POMERIUM_OPTIONAL: 'true' }, { optional: false }],
    [{ POMERIUM_KEEP_ASSERTION: 'false' }, { keepAssertion: true }],
    [{ POMERIUM_CLOCK_TOLERANCE: '30' }, { clockTolerance: 0 }],
    [{ POMERIUM_REMOVE_HEADERS: 'x-email' }, { removeHeaders: [] }],
    [{ POMERIUM_RULES: RULES }, { rules: [{ prefix: '/', access: 'authenticated' }] }],
    [{ POMERIUM_AUDIENCE: 'a.example.com' }, { audience: 'b.example.com' }],
  ];
  for (const [env, options] of cases) {
    test(`${JSON.stringify(options)} replaces ${JSON.stringify(env)}; an undefined one does not`, () => {
      const byOption = settings({}, options);
      const byVariable = settings(env);
      assert.notDeepEqual(byOption, byVariable);
      assert.deepEqual(settings(env, options), byOption);
      const unset = Object.fromEntries(Object.keys(options).map((name) => [name, undefined]));
      assert.deepEqual(settings(env, unset), byVariable);
    });
  }
});

describe('a variable that is set and empty', () => {
  for (const variable of [
    'ISSUER',
    'JWKS_URL',
    'ALGORITHMS',
    'LIST_CLAIMS',
    'LEAVE_TO_POMERIUM',
    'CORS_ORIGINS',
    'CLAIM_HEADERS',
    'REMOVE_HEADERS',
  ]) {
    test(`counts as not set: POMERIUM_${variable}`, () => {
      assert.deepEqual(settings({ [`POMERIUM_${variable}`]: '' }), settings({}));
    });
  }
  test('counts as not set: POMERIUM_JWKS', async () => {
    const rig = makeGateRig({}, { env: { POMERIUM_JWKS: '', POMERIUM_JWKS_URL: origin.url } });
    assert.equal(await rig.ask({ headers: SENDERS.alice }), 'u-alice');
  });

  const refused: [variable: string, sentence: RegExp][] = [
    ['POMERIUM_AUDIENCE', /POMERIUM_AUDIENCE is not set/],
    ['POMERIUM_POLICY', /POMERIUM_POLICY is set and empty: leave it out, or set it to JSON/],
    ['POMERIUM_RULES', /POMERIUM_RULES is set and empty: leave it out, or set it to JSON/],
    ['POMERIUM_ROUTES', /POMERIUM_ROUTES is set and empty: leave it out, or set it to JSON/],
    ...['CLOCK_TOLERANCE', 'MAX_TOKEN_AGE'].map((name): [string, RegExp] => [
      `POMERIUM_${name}`,
      /whole number of seconds/,
    ]),
    ...['OPTIONAL', 'ALLOW_PREFLIGHT', 'KEEP_ASSERTION', 'SHARED', 'END_AT_EXPIRY', 'LOG', 'LOG_SUBJECT'].map(
      (name): [string, RegExp] => [`POMERIUM_${name}`, new RegExp(`POMERIUM_${name} must be true or false; it is ""`)],
    ),
  ];
  for (const [variable, sentence] of refused) {
    test(`is refused: ${variable}`, () => assertMisconfigured(() => settings({ [variable]: '' }), sentence));
  }
});

describe('a variable of another kind is refused by its name', () => {
  const cases: [env: object, sentence: RegExp][] = [
    [{ POMERIUM_AUDIENCE: 7 }, /POMERIUM_AUDIENCE must be text; it is 7/],
    [{ POMERIUM_AUDIENCE: null }, /POMERIUM_AUDIENCE must be text; it is null/],
    [{ POMERIUM_AUDIENCE: [7] }, /audience must be a string/],
    [{ POMERIUM_ISSUER: true }, /POMERIUM_ISSUER must be text; it is true/],
    [{ POMERIUM_JWKS_URL: { url: 'x' } }, /POMERIUM_JWKS_URL must be text; it is a value of type object/],
    [{ POMERIUM_CLOCK_TOLERANCE: '1m' }, /POMERIUM_CLOCK_TOLERANCE must be a whole number of seconds; it is "1m"/],
    [{ POMERIUM_CLOCK_TOLERANCE: 'm1' }, /POMERIUM_CLOCK_TOLERANCE must be a whole number of seconds; it is "m1"/],
    [{ POMERIUM_CLOCK_TOLERANCE: [30] }, /POMERIUM_CLOCK_TOLERANCE must be a whole number of seconds; it is a list/],
    [{ POMERIUM_CLOCK_TOLERANCE: -1 }, /clockTolerance must be a number of seconds, 0 or more/],
    [{ POMERIUM_CLOCK_TOLERANCE: Number.NaN }, /clockTolerance must be a number of seconds/],
    [{ POMERIUM_MAX_TOKEN_AGE: true }, /POMERIUM_MAX_TOKEN_AGE must be a whole number/],
    [{ POMERIUM_JWKS: null }, /POMERIUM_JWKS must be text; it is null/],
    [{ POMERIUM_JWKS: 7 }, /POMERIUM_JWKS must be text; it is 7/],
    [
      { POMERIUM_POLICY: '{"allow":{},"deny":{},"allow":{}}' },
      /^POMERIUM_POLICY has the key "allow" twice in one object/,
    ],
    [
      { POMERIUM_REMOVE_HEADERS: ' [ "x-email" ]' },
      /^POMERIUM_REMOVE_HEADERS is JSON; .* as in POMERIUM_REMOVE_HEADERS=/,
    ],
    [{ POMERIUM_LIST_CLAIMS: '[ ]' }, /^POMERIUM_LIST_CLAIMS is JSON/],
    [{ POMERIUM_OPTIONAL: 'yes' }, /POMERIUM_OPTIONAL must be true or false; it is "yes"/],
    [{ POMERIUM_OPTIONAL: 1 }, /POMERIUM_OPTIONAL must be true or false; it is 1/],
    [{ POMERIUM_OPTIONAL: null }, /POMERIUM_OPTIONAL must be true or false; it is null/],
    [{ POMERIUM_RULES: 'public' }, /POMERIUM_RULES must be JSON, as in/],
    [{ POMERIUM_RULES: 'null' }, /rules must be a list; it is null/],
    [{ POMERIUM_RULES: null }, /rules must be a list; it is null/],
    [{ POMERIUM_RULES: false }, /rules must be a list/],
    [{ POMERIUM_POLICY: 'allow: all' }, /POMERIUM_POLICY must be JSON, as in/],
    [{ POMERIUM_POLICY: 'null' }, /A policy is a plain object/],
    [{ POMERIUM_POLICY: null }, /A policy is a plain object/],
    [{ POMERIUM_POLICY: true }, /A policy is a plain object/],
    [{ ...withoutAudience, POMERIUM_ROUTES: 'routes: []' }, /POMERIUM_ROUTES must be JSON, as in/],
    [{ ...withoutAudience, POMERIUM_ROUTES: 'null' }, /The routes must be a Pomerium configuration; they are null/],
    [{ ...withoutAudience, POMERIUM_ROUTES: { routes: [] } }, /No route leads to a service/],
    [{ POMERIUM_LEAVE_TO_POMERIUM: 7 }, /POMERIUM_LEAVE_TO_POMERIUM must be text; it is 7/],
    [{ POMERIUM_LEAVE_TO_POMERIUM: 'a,,b' }, /POMERIUM_LEAVE_TO_POMERIUM must be a list of names/],
    [{ POMERIUM_LEAVE_TO_POMERIUM: 'source-ip' }, /leaveToPomerium has "source-ip", which is no criterion/],
    [{ POMERIUM_ROUTES: ROUTES }, /routes and POMERIUM_AUDIENCE exclude each other: .*; leave POMERIUM_AUDIENCE out/],
    [{ ...withoutAudience, POMERIUM_ROUTES: ROUTES, POMERIUM_ISSUER: 'a' }, /leave POMERIUM_ISSUER out/],
    [{ ...withoutAudience, POMERIUM_ROUTES: ROUTES, POMERIUM_POLICY: ADMINS }, /leave POMERIUM_POLICY out/],
    [{ ...withoutAudience, POMERIUM_ROUTES: ROUTES, POMERIUM_RULES: RULES }, /leave POMERIUM_RULES out/],
    [{ ...withoutAudience, POMERIUM_ROUTES: ROUTES, POMERIUM_OPTIONAL: true }, /leave POMERIUM_OPTIONAL out/],
    [
      { ...withoutAudience, POMERIUM_ROUTES: ROUTES, POMERIUM_ALLOW_PREFLIGHT: 'true' },
      /leave POMERIUM_ALLOW_PREFLIGHT out/,
    ],
    [{ POMERIUM_CORS_ORIGINS: 'a.example.com' }, /POMERIUM_CORS_ORIGINS has "a.example.com"/],
    [
      { POMERIUM_CLAIM_HEADERS: 'a b' },
      /POMERIUM_CLAIM_HEADERS must be .* "x-pomerium-claim-a b" is no header's name\.$/,
    ],
    [{ POMERIUM_CLAIM_HEADERS: 'x=a=b' }, /POMERIUM_CLAIM_HEADERS must be .* "x=a=b" is no claim\.$/],
    [
      { POMERIUM_CLAIM_HEADERS: 'department,X-Pomerium-Claim-Email' },
      /POMERIUM_CLAIM_HEADERS must be .* "X-Pomerium-Claim-Email" is no claim but a header's name\.$/,
    ],
    [{ POMERIUM_RULES: '[]' }, /rules is empty: nobody could pass/],
    [{ POMERIUM_CLAIM_HEADERS: null }, /POMERIUM_CLAIM_HEADERS must be a list of claims/],
    [{ POMERIUM_CLAIM_HEADERS: true }, /POMERIUM_CLAIM_HEADERS must be text; it is true/],
    [{ POMERIUM_REMOVE_HEADERS: 'a,,b' }, /POMERIUM_REMOVE_HEADERS must be a list of names/],
    [{ POMERIUM_LIST_CLAIMS: 'a,,b' }, /POMERIUM_LIST_CLAIMS/],
    [{ POMERIUM_LIST_CLAIMS: [7] }, /POMERIUM_LIST_CLAIMS/],
    [{ POMERIUM_JWKS: KEYS, POMERIUM_JWKS_URL: 'https://x/' }, /POMERIUM_JWKS and POMERIUM_JWKS_URL are both set/],
    [{ POMERIUM_OPTIONAL: true, POMERIUM_RULES: RULES }, /optional and rules exclude each other/],
  ];
  for (const [env, sentence] of cases) {
    test(JSON.stringify(env), async () => {
      const rig = makeGateRig({}, { env });
      assert.equal(await rig.ask({ headers: SENDERS.alice }), 'invalid_configuration');
      assert.match(JSON.parse(String(rig.lines[0]?.line)).message, sentence);
    });
  }
});

describe('where a variable is no JSON, the operator reads an example that works', () => {
  for (const [variable, more] of [
    ['POMERIUM_POLICY', {}],
    ['POMERIUM_ROUTES', withoutAudience],
    ['POMERIUM_RULES', {}],
    ['POMERIUM_REFUSAL_PAGE', {}],
  ] as const) {
    for (const value of ['x', '']) {
      test(`beside ${variable}=${value}`, async () => {
        const error = await errorOf(() => settings({ ...more, [variable]: value }));
        const example = error?.message.match(/ JSON, as in (.+)\.$/)?.[1];
        assert.isDefined(example);
        assert.doesNotThrow(() => settings({ ...more, [variable]: example }));
      });
    }
  }

  test('and that of POMERIUM_ROUTES is of a route by which an assertion comes', async () => {
    const error = await errorOf(() => settings({ ...withoutAudience, POMERIUM_ROUTES: 'x' }));
    const [, example = ''] = error?.message.match(/ JSON, as in (.+)\.$/) ?? [];
    const [route] = compileRoutes(JSON.parse(example)).explain();
    assert.isTrue(route?.passesAssertion);
  });
});

describe('optionsFromEnvironment', () => {
  const codeFor = async (env: object, options: EnvironmentOptions, sender: Sender = 'alice') => {
    const verifier = createVerifier(optionsFromEnvironment({ ...base, ...env }, { now: () => NOW, ...options }));
    return codeOf(() => verifier.verifyRequest({ url: `https://${HOST}/`, headers: SENDERS[sender] }));
  };
  const keys = staticKeys(KEYS);

  test('takes the audience of the environment, and says what to set where there is none', () => {
    const sentence = /^POMERIUM_AUDIENCE is not set; set it to the host name .*, or set POMERIUM_ROUTES to the routes/;
    assertMisconfigured(() => optionsFromEnvironment({}), sentence);
    assert.deepEqual(optionsFromEnvironment({ POMERIUM_AUDIENCE: HOST }).audience, [HOST]);
  });

  test('refuses a variable that is misspelt, or that only a gate can honour, unless it is for another gate', () => {
    const env = { ...base, POMERIUM_RULES: '[]' };
    assertMisconfigured(() => optionsFromEnvironment({ ...base, POMERIUM_POLICYY: '{}' }), /write POMERIUM_POLICY,/);
    assertMisconfigured(() => optionsFromEnvironment(env), /^POMERIUM_RULES is set and cannot be honoured here/);
    assert.doesNotThrow(() => optionsFromEnvironment(env, {}, { otherVariables: ['POMERIUM_RULES'] }));
  });

  test('takes compiled routes and such as are not', async () => {
    for (const routes of [ROUTES, compileRoutes(ROUTES)]) {
      assert.equal(await codeFor(withoutAudience, { routes }, 'admin'), 'valid');
      assert.equal(await codeFor(withoutAudience, { routes }), 'policy_denied');
    }
  });

  test('an own policy and own keys replace those of the environment, which are not looked at then', async () => {
    const nobody = compilePolicy({});
    assert.equal(
      await codeFor({ POMERIUM_POLICY: { allow: { or: [{ accept: true }] } } }, { policy: nobody }),
      'policy_denied',
    );
    assert.equal(await codeFor({ POMERIUM_JWKS: jwks(await makeKey()) }, { keys }), 'valid');
    assert.equal(await codeFor({ POMERIUM_JWKS: undefined }, { issuers: { [HOST]: keys } }), 'valid');
  });

  const beside: [name: string, env: object, options: EnvironmentOptions, sentence: RegExp][] = [
    [
      'an option beside routes, by its name',
      {},
      { routes: ROUTES, issuer: HOST },
      /^routes and issuer exclude .*; leave issuer out/,
    ],
    [
      'issuers beside routes',
      {},
      { routes: ROUTES, issuers: { [HOST]: keys } },
      /^routes and issuers exclude each other/,
    ],
    ['a policy beside routes', {}, { routes: ROUTES, policy: compilePolicy(ADMINS) }, /^routes and policy exclude/],
    [
      'a variable beside routes, by its name',
      { POMERIUM_ISSUER: HOST },
      { routes: ROUTES },
      /^routes and POMERIUM_ISSUER exclude/,
    ],
  ];
  for (const [name, env, options, sentence] of beside) {
    test(`refuses ${name}`, () =>
      assertMisconfigured(() => optionsFromEnvironment({ ...env, POMERIUM_JWKS: KEYS }, options), sentence));
  }

  test('leaves a store beside own keys to createVerifier, which refuses it', () => {
    const options = { keys, store: { getItem: () => null, setItem() {} } };
    assertMisconfigured(() => createVerifier(optionsFromEnvironment(base, options)), /^store is for the default keys/);
  });

  test('refuses a listener that is no function', () =>
    assertMisconfigured(
      () => optionsFromEnvironment(base, { onEvent: 'log' as never }),
      /^onEvent must be a function/,
    ));

  test('the log of the platform and the listener are both told, whatever the first throws', async () => {
    const log: string[] = [];
    const heard: string[] = [];
    const told = Promise.resolve();
    const platform = {
      onEvent: (event: PomeriumEvent) => {
        log.push(event.type);
        throw new Error('log');
      },
    };
    const listener = (event: PomeriumEvent) => {
      heard.push(event.type);
      return told;
    };
    const { onEvent } = optionsFromEnvironment(base, { onEvent: listener }, platform);
    assert.equal(onEvent?.({ type: 'key_skipped' } as PomeriumEvent), told);
    assert.deepEqual([log, heard], [['key_skipped'], ['key_skipped']]);
    assert.equal(optionsFromEnvironment(base, {}, platform).onEvent, platform.onEvent);
    assert.equal(optionsFromEnvironment(base, { onEvent: listener }).onEvent, listener);
    assert.isUndefined(optionsFromEnvironment(base).onEvent);
  });

  test('all keys that are fetched come by the platform’s fetch, with the store of the options', async () => {
    const asked: string[] = [];
    const fetchKeys = async (url: unknown) => {
      asked.push(String(url));
      return Response.json(KEYS);
    };
    const reads: string[] = [];
    const store = {
      getItem(name: string) {
        reads.push(name);
        return null;
      },
      setItem() {},
    };
    const callers = compilePolicy({ allow: { or: [{ accept: true }] } });
    for (const [env, url] of [
      [{}, `https://${HOST}/.well-known/pomerium/jwks.json`],
      [
        { POMERIUM_ISSUER: 'authenticate.example.com' },
        'https://authenticate.example.com/.well-known/pomerium/jwks.json',
      ],
      [{ POMERIUM_JWKS_URL: 'https://keys.example.com/jwks' }, 'https://keys.example.com/jwks'],
    ] as const) {
      asked.length = reads.length = 0;
      const options = { store, now: () => NOW, onBehalfOf: { audience: 'first.example.com', callers } };
      const verifier = createVerifier(
        optionsFromEnvironment({ POMERIUM_AUDIENCE: HOST, ...env }, options, { fetch: fetchKeys }),
      );
      await verifier.ready();
      assert.sameMembers(asked, [url, 'https://first.example.com/.well-known/pomerium/jwks.json']);
      for (const host of [new URL(url).host, 'first.example.com']) {
        assert.isTrue(
          reads.some((name) => decodeURIComponent(name).includes(host)),
          host,
        );
      }
    }
  });

  test('own keys for the user are not fetched', async () => {
    const callers = compilePolicy({ allow: { or: [{ accept: true }] } });
    const failing = () => Promise.reject(new TypeError('no network'));
    const onBehalfOf = { audience: 'first.example.com', keys, callers };
    await createVerifier(optionsFromEnvironment(base, { onBehalfOf }, { fetch: failing })).ready();
  });
});

describe('createVerifierFromEnvironment', () => {
  test('verifies by the environment', async () => {
    const verifier = createVerifierFromEnvironment(base, { now: () => NOW });
    assert.equal((await verifier.verifyRequest({ headers: SENDERS.alice })).subject, 'u-alice');
  });

  test('takes the options of policies, and variables that another gate reads', () => {
    const options = { listClaims: ['roles'], leaveToPomerium: ['source_ip'] };
    createVerifierFromEnvironment({ ...base, POMERIUM_POLICY: NO_INTERNS }, options);
    createVerifierFromEnvironment({ ...base, POMERIUM_POLICY: FROM_OFFICE }, options);
    createVerifierFromEnvironment({ ...base, POMERIUM_RULES: RULES }, {}, { otherVariables: ['POMERIUM_RULES'] });
  });

  test('refuses an assertion for nobody, though the routes let it through', async () => {
    const open = [{ from: `https://${HOST}`, to: 'http://app', allow_public_unauthenticated_access: true }];
    for (const env of [base, { ...base, ...withoutAudience, POMERIUM_ROUTES: open }]) {
      const verifier = createVerifierFromEnvironment(env, { now: () => NOW });
      const ask = (sender: Sender) =>
        codeOf(() => verifier.verifyRequest({ url: `https://${HOST}/`, headers: SENDERS[sender] }));
      assert.equal(await ask('alice'), 'valid');
      assert.equal(await ask('anonymous'), 'anonymous');
    }
  });

  const refused: [name: string, env: object, options: object, sentence: RegExp][] = [
    ['rules, which are a gate’s', { POMERIUM_RULES: RULES }, {}, /POMERIUM_RULES is set and cannot be honoured here/],
    [
      'optional, which is a gate’s',
      { POMERIUM_OPTIONAL: false },
      {},
      /POMERIUM_OPTIONAL is set and cannot be honoured here/,
    ],
    ['an option of a gate', {}, { rules: RULES }, /There is no option "rules"/],
    [
      'allowAnonymous, which would be dropped',
      {},
      { allowAnonymous: true },
      /There is no option "allowAnonymous"; there are audience, issuer/,
    ],
  ];
  for (const [name, env, options, sentence] of refused) {
    test(`refuses ${name}`, () => {
      assertMisconfigured(() => createVerifierFromEnvironment({ ...base, ...env }, options), sentence);
    });
  }
});
