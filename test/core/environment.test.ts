import { assert, describe, test } from 'vitest';
import { GATE_VARIABLES, type GateOptions } from '../../core/adapter.ts';
import { VERIFIER_VARIABLES } from '../../core/environment.ts';
import { readGateOptions } from '../../core/gate/options.ts';
import { createVerifierFromEnvironment, optionsFromEnvironment } from '../../core/index.ts';
import { key, makeGateRig, SENDERS, type Sender } from '../support/gate.ts';
import { HOST, jwks, NOW } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { assertMisconfigured } from '../support/verifying.ts';

const KEYS = jwks(key);
const ADMINS = { allow: { or: [{ groups: 'admins' }] } };
const RULES = [{ prefix: '/', access: 'public' }] as const;
const ROUTES = { routes: [{ from: `https://${HOST}`, to: 'http://app', policy: [ADMINS] }] };
const withoutAudience = { POMERIUM_AUDIENCE: undefined };
const FROM_OFFICE = { allow: { and: [{ accept: true }, { source_ip: '10.0.0.0/8' }] } };
const base = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: KEYS };
const origin = await Origin.start(jwksAnswer(KEYS));

/** What a gate is told, by variables and options, without what is made of it. */
function settings(env: object, options: GateOptions = {}) {
  const { rules, verifierOptions, ...own } = readGateOptions({ ...base, ...env }, options, {});
  const { keys, policy, ...verifier } = optionsFromEnvironment({ ...base, ...env }, verifierOptions);
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
    [{ POMERIUM_CLOCK_TOLERANCE: -1 }, /clockTolerance must be a number of seconds, 0 or more/],
    [{ POMERIUM_CLOCK_TOLERANCE: Number.NaN }, /clockTolerance must be a number of seconds/],
    [{ POMERIUM_MAX_TOKEN_AGE: true }, /POMERIUM_MAX_TOKEN_AGE must be a whole number/],
    [{ POMERIUM_OPTIONAL: 'yes' }, /POMERIUM_OPTIONAL must be true or false; it is "yes"/],
    [{ POMERIUM_OPTIONAL: 1 }, /POMERIUM_OPTIONAL must be true or false; it is 1/],
    [{ POMERIUM_OPTIONAL: null }, /POMERIUM_OPTIONAL must be true or false; it is null/],
    [{ POMERIUM_RULES: 'public' }, /POMERIUM_RULES must be JSON, as in/],
    [{ POMERIUM_RULES: 'null' }, /rules must be a list; it is null/],
    [{ POMERIUM_RULES: null }, /rules must be a list; it is null/],
    [{ POMERIUM_RULES: false }, /rules must be a list/],
    [{ POMERIUM_POLICY: 'allow: all' }, /POMERIUM_POLICY must be JSON, as in/],
    [{ POMERIUM_POLICY: 'null' }, /A policy is an object/],
    [{ POMERIUM_POLICY: null }, /A policy is an object/],
    [{ POMERIUM_POLICY: true }, /A policy is an object/],
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
    [{ POMERIUM_CLAIM_HEADERS: 'a b' }, /POMERIUM_CLAIM_HEADERS must be a list of claims/],
    [
      { POMERIUM_CLAIM_HEADERS: 'department,X-Pomerium-Claim-Email' },
      /POMERIUM_CLAIM_HEADERS has "X-Pomerium-Claim-Email" for a claim, .* write the claim's name alone, as in email/,
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

describe('a variable that is no JSON is refused with an example, which works:', () => {
  for (const variable of ['POMERIUM_RULES', 'POMERIUM_POLICY', 'POMERIUM_REFUSAL_PAGE', 'POMERIUM_ROUTES']) {
    test(variable, async () => {
      const others = variable === 'POMERIUM_ROUTES' ? withoutAudience : {};
      const rigWith = (value: string) => makeGateRig({}, { env: { ...others, [variable]: value } });
      const refused = rigWith('{');
      assert.equal(await refused.ask({ headers: SENDERS.alice }), 'invalid_configuration');
      const { message } = JSON.parse(String(refused.lines[0]?.line));
      const [, example = ''] = /, as in (.+)\.$/.exec(message) ?? [];
      assert.notEqual(await rigWith(example).ask({ headers: SENDERS.alice }), 'invalid_configuration', message);
    });
  }
});

describe('createVerifierFromEnvironment', () => {
  test('verifies by the environment', async () => {
    const verifier = createVerifierFromEnvironment(base, { now: () => NOW });
    assert.equal((await verifier.verifyRequest({ headers: SENDERS.alice })).subject, 'u-alice');
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
