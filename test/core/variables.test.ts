import { assert, describe, test } from 'vitest';
import { GATE_VARIABLES } from '../../core/adapter.ts';
import { VERIFIER_VARIABLES } from '../../core/environment.ts';
import { createVerifierFromEnvironment } from '../../core/index.ts';
import { makeGateRig, SENDERS } from '../support/gate.ts';
import { HOST } from '../support/issuer.ts';
import { assertMisconfigured } from '../support/verifying.ts';

/** Those that only some adapters read, which say where keys are and where requests go. */
const PLATFORM_VARIABLES = [
  'POMERIUM_UPSTREAM',
  'POMERIUM_UPSTREAM_CACHE',
  'POMERIUM_JWKS_KV',
  'POMERIUM_JWKS_SSM',
  'POMERIUM_RESPONSES',
  'POMERIUM_SCOPE',
  'POMERIUM_FETCH_KEYS',
  'POMERIUM_EDGE_CONFIG_TOKEN',
  'POMERIUM_EDGE_CONFIG_TEAM',
];

/** What a gate says of a variable beside those that it needs; undefined where it works. */
async function sentenceOf(name: string, value: unknown = 'x', platform: Parameters<typeof makeGateRig>[1] = {}) {
  const rig = makeGateRig({}, { ...platform, env: { [name]: value } });
  const answer = await rig.ask({ headers: SENDERS.alice });
  if (answer === 'u-alice') return undefined;
  assert.equal(answer, 'invalid_configuration');
  return String(JSON.parse(String(rig.lines[0]?.line)).message);
}

describe('a misspelt variable is refused, with the name that is meant', () => {
  const cases: [name: string, meant: string][] = [
    ['POMERIUM_POLICYY', 'POMERIUM_POLICY'],
    ['POMERIUM_POLICIES', 'POMERIUM_POLICY'],
    ['POMERIUM_POLCY', 'POMERIUM_POLICY'],
    ['POMERIUM_POLCIES', 'POMERIUM_POLICY'],
    ['POMERIUM_POLICES', 'POMERIUM_POLICY'],
    ['POMERIUM_RULE', 'POMERIUM_RULES'],
    ['POMERIUM_RUELS', 'POMERIUM_RULES'],
    ['pomerium_rules', 'POMERIUM_RULES'],
    ['Pomerium_Rules', 'POMERIUM_RULES'],
    ['POMERIUM-RULES', 'POMERIUM_RULES'],
    ['POMERIUMRULES', 'POMERIUM_RULES'],
    ['POMERUIM_RULES', 'POMERIUM_RULES'],
    ['POMREIUM_POLICY', 'POMERIUM_POLICY'],
    ['PEMORIUM_POLICY', 'POMERIUM_POLICY'],
    ['PEMORIUM_LOG', 'POMERIUM_LOG'],
    ['POMEIRUM_POLICY', 'POMERIUM_POLICY'],
    ['POMERIM_RULES', 'POMERIUM_RULES'],
    ['POERMIUM_POLICY', 'POMERIUM_POLICY'],
    ['pomreium_rules', 'POMERIUM_RULES'],
    ['POMERIUM_PATH_RULES', 'POMERIUM_RULES'],
    ['POMERIUM_RULES_JSON', 'POMERIUM_RULES'],
    ['POMERIUM_RULESET', 'POMERIUM_RULES'],
    ['POMERIUM_PPL', 'POMERIUM_POLICY'],
    ['POMERIUM_POLICY_JSON', 'POMERIUM_POLICY'],
    ['POMERIUM_MAX_AGE', 'POMERIUM_MAX_TOKEN_AGE'],
    ['POMERIUM_TOKEN_MAX_AGE', 'POMERIUM_MAX_TOKEN_AGE'],
    ['POMERIUM_ACCESS_RULES', 'POMERIUM_RULES'],
    ['POMERIUM_AUTH_RULES', 'POMERIUM_RULES'],
    ['POMERIUM_AUTHZ_POLICY', 'POMERIUM_POLICY'],
    ['POMERIUM_PATHS_POLICY', 'POMERIUM_POLICY'],
    ['POMERIUM_ROUTE_POLICY', 'POMERIUM_POLICY'],
    ['POMERIUM_ROUTES_POLICIES', 'POMERIUM_POLICY'],
    ['POMERIUM_EDGE_POLICY', 'POMERIUM_POLICY'],
    ['POMERIUM_EDGE_MAX_TOKEN_AGE', 'POMERIUM_MAX_TOKEN_AGE'],
    ['POMERIUM_GATE_RULE', 'POMERIUM_RULES'],
    ['POMERIUM_RULES ', 'POMERIUM_RULES'],
    ['POMERIUM_ALLOW_PREFLIGTH', 'POMERIUM_ALLOW_PREFLIGHT'],
    ['POMERIUM_ALLOWPREFLIGHTS', 'POMERIUM_ALLOW_PREFLIGHT'],
    ['POMERIUM_AUDIENCES', 'POMERIUM_AUDIENCE'],
    ['POMERIUM_ISSUERS', 'POMERIUM_ISSUER'],
    ['POMERIUM_ALGORITHM', 'POMERIUM_ALGORITHMS'],
    ['POMERIUM_JWKS_URI', 'POMERIUM_JWKS_URL'],
    ['POMERIUM_JWK', 'POMERIUM_JWKS'],
    ['POMERIUM_ROUTE', 'POMERIUM_ROUTES'],
    ['POMERIUM_ROUTES_JSON', 'POMERIUM_ROUTES'],
    ['POMERIUM_LEAVE_TO_POMERUIM', 'POMERIUM_LEAVE_TO_POMERIUM'],
    ['POMERIUM_MAX_TOKENAGE', 'POMERIUM_MAX_TOKEN_AGE'],
    ['POMERIUM_CLOCK_TOLERENCE', 'POMERIUM_CLOCK_TOLERANCE'],
    ['POMERIUM_KEEP_ASSERTIONS', 'POMERIUM_KEEP_ASSERTION'],
    ['POMERIUM_LIST_CLAIM', 'POMERIUM_LIST_CLAIMS'],
    ['POMERIUM_OPTIONNAL', 'POMERIUM_OPTIONAL'],
    ['POMERIUM_LOGSUBJECT', 'POMERIUM_LOG_SUBJECT'],
    ['POMERIUM_UPSTREAM_CACHED', 'POMERIUM_UPSTREAM_CACHE'],
    ['POMERIUM_UPSTEAM', 'POMERIUM_UPSTREAM'],
  ];
  for (const [name, meant] of cases) {
    test(name, async () => {
      const sentence = await sentenceOf(name);
      assert.equal(sentence, `There is no variable ${name}; write ${meant}, or give it another name.`);
    });
  }
});

/** Those that a verifier alone cannot honour; the last one is of few gates. */
const GATE_ONLY = [
  ...Object.values(GATE_VARIABLES).filter((name) => !VERIFIER_VARIABLES.includes(name)),
  'POMERIUM_ALLOW_BEARER',
];

describe('of every variable of ours, one letter too many is found', () => {
  for (const name of [...VERIFIER_VARIABLES, ...GATE_ONLY, ...PLATFORM_VARIABLES]) {
    test(name, async () => {
      assert.match((await sentenceOf(`${name}X`)) ?? '', new RegExp(`^There is no variable ${name}X; write ${name},`));
    });
  }
});

describe('a verifier alone', () => {
  const build = (name: string) => createVerifierFromEnvironment({ POMERIUM_AUDIENCE: HOST, [name]: 'x' });
  for (const name of GATE_ONLY) {
    test(`refuses what only a gate can honour: ${name}`, () =>
      assertMisconfigured(() => build(name), new RegExp(`^${name} is set and cannot be honoured here`)));
  }
  for (const name of PLATFORM_VARIABLES) {
    test(`leaves alone what says where keys are and where requests go: ${name}`, () =>
      assert.doesNotThrow(() => build(name)));
  }
});

describe('a variable that others set is nobody’s mistake', () => {
  const names = [
    // Kubernetes, beside services whose names begin with `pomerium`.
    'POMERIUM_SERVICE_HOST',
    'POMERIUM_SERVICE_PORT',
    'POMERIUM_SERVICE_PORT_HTTPS',
    'POMERIUM_PORT',
    'POMERIUM_PORT_443_TCP',
    'POMERIUM_PORT_443_TCP_ADDR',
    'POMERIUM_PORT_443_TCP_PORT',
    'POMERIUM_PORT_443_TCP_PROTO',
    'POMERIUM_PORT_443_UDP_ADDR',
    'POMERIUM_PROXY_SERVICE_HOST',
    'POMERIUM_RULES_SERVICE_HOST',
    'POMERIUM_RULES_PORT_80_TCP',
    'POMERIUM_PATH_RULES_SERVICE_HOST',
    'POMREIUM_POLICY_SERVICE_PORT',
    'POMERIUM_EDGE_PORT_443_TCP_ADDR',
    'POMERIUM_POLICY_PORT',
    // Pomerium's own code, charts and documentation.
    'POMERIUM_ZERO_TOKEN',
    'POMERIUM_ZERO_API_TOKEN',
    'POMERIUM_ZERO_API_USER',
    'POMERIUM_URL',
    'POMERIUM_NAMESPACE',
    'POMERIUM_ENTERPRISE_NAMESPACE',
    'POMERIUM_CONFIG',
    'POMERIUM_DATA',
    'POMERIUM_IMAGE',
    'POMERIUM_TAG',
    'POMERIUM_MUTABLE_TAG',
    'POMERIUM_RUNTIME',
    'POMERIUM_SHARED_SECRET',
    'POMERIUM_COOKIE_SECRET',
    'POMERIUM_CLIENT_SECRET',
    'POMERIUM_SIGNING_KEY',
    'POMERIUM_SERVICE_ACCOUNT_JWT',
    'POMERIUM_API_TOKEN',
    'POMERIUM_MCP_URL',
    'POMERIUM_MCP_TOKEN',
    'POMERIUM_METRICS_ADDRESS',
    'POMERIUM_CLUSTER_DOMAIN',
    'POMERIUM_CLUSTER_ID',
    'POMERIUM_SOCKET_DIRECTORY',
    'POMERIUM_OTEL_ENDPOINT',
    'AUTHENTICATE_SERVICE_URL',
    'JWT_CLAIMS_HEADERS',
    'POLICY',
    'RULES',
    // What a user may well call something.
    'POMERIUM_USER',
    'POMERIUM_HOST',
    'POMERIUM_ENABLED',
    'POMERIUM_VERSION',
    'MY_POMERIUM_RULES_FILE',
    'POMERIUM_ACCESS_LOG',
    'POMERIUM_ACCESS_LOG_FIELDS',
    'POMERIUM_LOG_LEVEL',
    'POMERIUM_JSON_LOG',
    'POMERIUM_JWKS_V2',
    'POMERIUM_IMAGE_PULL_POLICY',
    'POMERIUM_EDGE_VERSION',
    'POMERIUM_EDGE_URL',
    'POMERIUM_PATH',
    // Words that are like the name.
    'PREMIUM_POLICY',
    'PREMIUM_RULES',
    'PREMIUM_LOG',
    'EMPORIUM_POLICY',
    'PODIUM_RULES',
    'POMELO_RULES',
    'PROXIMUM_LOG',
    'PLATINUM_POLICY',
    'PLATFORM_POLICY',
    // Of other places of ours, where no rule is lost.
    'POMERIUM_UPSTREAM',
    'POMERIUM_JWKS_KV',
    'POMERIUM_JWKS_SSM',
    'POMERIUM_EDGE_CONFIG_TOKEN',
  ];
  for (const name of names) test(name, async () => assert.isUndefined(await sentenceOf(name)));
});

describe('a variable of ours that this place cannot honour', () => {
  test('is refused by its name, with those that can be set', async () => {
    const sentence = await sentenceOf('POMERIUM_ALLOW_BEARER', 'false');
    assert.match(sentence ?? '', /^POMERIUM_ALLOW_BEARER is set and cannot be honoured here; what can be set is /);
    const names = (sentence ?? '')
      .replace(/^.* is /, '')
      .replace(/\.$/, '')
      .split(', ');
    assert.includeMembers(names, ['POMERIUM_AUDIENCE', 'POMERIUM_RULES', 'POMERIUM_LIST_CLAIMS']);
    assert.lengthOf(names, new Set(names).size, 'each once');
    for (const name of names) assert.match(name, /^POMERIUM_[A-Z_]+$/);
  });

  const without = { endAtExpiry: 'end it in your own handler' };
  test('is refused where the platform lacks the option, too', async () => {
    const sentence = await sentenceOf('POMERIUM_END_AT_EXPIRY', 'true', { without });
    assert.match(sentence ?? '', /^POMERIUM_END_AT_EXPIRY is set and cannot be honoured here/);
    assert.notInclude(sentence?.replace(/^POMERIUM_END_AT_EXPIRY/, ''), 'POMERIUM_END_AT_EXPIRY');
  });

  test('is none where the adapter reads it, or another gate in the same environment', async () => {
    const name = 'POMERIUM_ALLOW_BEARER';
    assert.isUndefined(await sentenceOf(name, 'true', { ownVariables: [name] }));
    assert.isUndefined(await sentenceOf(name, 'true', { otherVariables: [name] }));
  });
});

/** Options that are lists, each with what may be in one. */
const LISTS = {
  corsOrigins: 'https://app.example.com',
  listClaims: 'roles',
  leaveToPomerium: 'source_ip',
  removeHeaders: 'x-email',
};

test('a variable that is no list is refused with what to write', async () => {
  const sentence = await sentenceOf('POMERIUM_LIST_CLAIMS', 'a,,b');
  assert.match(sentence ?? '', /^POMERIUM_LIST_CLAIMS must be a list of names; .* Write POMERIUM_LIST_CLAIMS=roles\.$/);
});

describe('an option that is none', () => {
  const cases: [name: string, options: object, platform: Parameters<typeof makeGateRig>[1], sentence: RegExp][] = [
    [
      'is refused with the names of all that the adapter has',
      { rulse: [] },
      { ownOptions: ['upstream'], without: { endAtExpiry: 'x' } },
      /^There is no option "rulse"; there are audience, issuer, (?!.*(allowAnonymous|endAtExpiry)).*\brules, .*\bonRefused, upstream\.$/,
    ],
    [
      'is refused with the names of all that there are',
      { rulse: [] },
      {},
      /^There is no option "rulse"; there are audience, issuer, .*\brules, .*\blogSubject, onRefused\.$/,
    ],
    [
      'allowAnonymous is refused with what to write instead',
      { allowAnonymous: true },
      {},
      /^The option allowAnonymous cannot be had here: write optional: true for requests for nobody, or rules with a public path/,
    ],
    [
      'allowAnonymous: false is refused as well',
      { allowAnonymous: false },
      {},
      /^The option allowAnonymous cannot be had here/,
    ],
    [
      'is refused by its name where the platform lacks it',
      { endAtExpiry: false },
      { without: { endAtExpiry: 'end it in your own handler' } },
      /^The option endAtExpiry cannot be had here: end it in your own handler\.$/,
    ],
    [
      'is refused beside one that excludes it',
      { optional: true, rules: [] },
      {},
      /^optional and rules exclude each other; write \{ prefix/,
    ],
    ['is refused as text', { optional: 'false' }, {}, /^optional must be true or false; it is "false"/],
    ['is refused as text beside rules', { optional: 'false', rules: [] }, {}, /^optional must be true or false/],
    ['is refused as null', { allowPreflight: null }, {}, /^allowPreflight must be true or false; it is null/],
    ['is refused as null', { rules: null }, {}, /^rules must be a list; it is null/],
    ['is refused where it is no function', { onRefused: 'page' }, {}, /^onRefused must be a function/],
    ...['optional', 'allowPreflight', 'keepAssertion', 'shared', 'endAtExpiry', 'log', 'logSubject'].map(
      (name): [string, object, object, RegExp] => [
        'is refused as a number',
        { [name]: 1 },
        {},
        new RegExp(`^${name} must be true or false; it is 1`),
      ],
    ),
    ...Object.entries(LISTS).map(([name, example]): [string, object, object, RegExp] => [
      'is refused where it is no list, with what to write',
      { [name]: '*' },
      {},
      new RegExp(`^${name} must be a list of names; it is "\\*"\\. Write ${name}: \\['${example}'\\]\\.$`),
    ]),
  ];
  for (const [name, options, platform, sentence] of cases) {
    test(`${name}: ${JSON.stringify(options)}`, async () => {
      const rig = makeGateRig(options, platform);
      assert.equal(await rig.ask({ headers: SENDERS.alice }), 'invalid_configuration');
      assert.match(JSON.parse(String(rig.lines[0]?.line)).message, sentence);
    });
  }

  test('is no mistake where it is undefined', async () => {
    const rig = makeGateRig({ allowAnonymous: undefined, endAtExpiry: undefined, rules: undefined } as object, {
      without: { endAtExpiry: 'x' },
    });
    assert.equal(await rig.ask({ headers: SENDERS.alice }), 'u-alice');
  });
});
