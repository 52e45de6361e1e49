import { assert, describe, test } from 'vitest';
import { compilePolicy, type PolicyOptions, PomeriumError } from '../../core/index.ts';
import { assertMisconfigured } from '../support/verifying.ts';

type Refusal = [name: string, ppl: unknown, message: RegExp];

const allow = (...criteria: unknown[]) => ({ allow: { or: criteria } });
const email = (matcher: unknown) => allow({ email: matcher });

/** The message begins with the error's `path`, so that whoever reads either finds the place. */
function describeRefusals(name: string, refusals: readonly Refusal[], options: PolicyOptions = {}): void {
  describe(name, () => {
    for (const [refusal, ppl, message] of refusals) {
      test(refusal, () => {
        assertMisconfigured(() => {
          try {
            compilePolicy(ppl, options);
          } catch (error) {
            assert.instanceOf(error, PomeriumError);
            assert.match(error.message.replace(error.path ?? '', '…'), /^…(:| )/);
            throw error;
          }
        }, message);
      });
    }
  });
}

describeRefusals('compilePolicy refuses, with the path in the document,', [
  ['a list in a list', [[{}]], /^\[0\] must be a plain object/],
  ['an unknown action', [{}, { permit: {} }], /^\[1\]\.permit: there is no action/],
  ['an action that is a list', { deny: [] }, /^deny must be a plain object/],
  // Of these no member would be seen: a deny that is a Map would deny nothing, a matcher that is one would hold for all.
  [
    'a rule that is a Map',
    [{}, new Map([['deny', {}]])],
    /^\[1\] must be a plain object .*; it is a value of type object\.$/,
  ],
  ['an action that is a Map', { deny: new Map() }, /^deny must be a plain object .*; it is a value of type object\.$/],
  ['a criterion that is a promise', allow(Promise.resolve({ accept: 1 })), /it is a value of type object\.$/],
  [
    'a matcher that is a Map',
    email(new Map([['is', 'a']])),
    /^allow\.or\[0\]\.email must be a string, .* type object\.$/,
  ],
  [
    'a matcher of a list that is a Map',
    allow({ groups: new Map([['has', 'a']]) }),
    /must be a string, .* type object\.$/,
  ],
  ['an unknown operator', { allow: { xor: [] } }, /^allow\.xor: there is no operator/],
  ['an operator that is no list', { allow: { or: { email: 'a' } } }, /^allow\.or must be a list/],
  ['an operator from the prototype', { allow: { toString: [] } }, /there is no operator/],
  ['a criterion that is text', allow('accept'), /exactly one criterion, .*; it is a value of type string\.$/],
  ['a criterion without a name', allow({}), /exactly one criterion, .*; it has none\.$/],
  [
    'two criteria in one',
    allow({ accept: 1 }, { email: 'a', user: 'b' }),
    /^allow\.or\[1\] must .*; it has email, user\.$/,
  ],
  ...['is', 'not', 'in', 'not_in', 'has', 'exclude', 'contains', 'starts_with', 'ends_with'].map(
    (matcher): Refusal => [
      `the matcher ${matcher} beside its criterion`,
      allow({ email: null, [matcher]: 'a' }),
      /it has email, \w+ \(indent what belongs to a criterion more than its name\)\.$/,
    ],
  ),
  ['what only resembles a matcher', allow({ email: 'a', is_x: 1, x_is: 1 }), /it has email, is_x, x_is\.$/],
  ['a name from the prototype', allow({ constructor: 'a' }), /there is no criterion/],
  ['an empty name', allow({ '/x': 'a' }), /^allow\.or\[0\]\.\/x: there is no criterion ""/],
  [
    'an unknown matcher of text',
    email({ matches: '.*' }),
    /^allow\.or\[0\]\.email\.matches: there is no matcher "matches" here; write one of is, not, contains, starts_with, ends_with, in, not_in\.$/,
  ],
  [
    'an unknown matcher of a list',
    allow({ groups: { in: ['a'] } }),
    /there is no matcher "in" here; write one of has, exclude, is\.$/,
  ],
  ['a list matcher for a string', email({ has: 'a' }), /there is no matcher "has"/],
  [
    'a list for a string',
    email(['a']),
    /^allow\.or\[0\]\.email must be one string; it is a list: write in: \[ … \]\.$/,
  ],
  ['a list for is', email({ is: ['a'] }), /^allow\.or\[0\]\.email\.is must be one string; .*: write in/],
  [
    'a list for a list matcher',
    allow({ groups: { has: ['a'] } }),
    /groups\.has must .*: write a criterion for each value/,
  ],
  ['a number', email(7), /^allow\.or\[0\]\.email must be a string, .*; it is a value of type number/],
  ['null', email(null), /must be a string, .*; it is null/],
  ['no group', allow({ groups: null }), /^allow\.or\[0\]\.groups must be a string, .*; it is null/],
  ['in without a list', email({ in: 'a' }), /^allow\.or\[0\]\.email\.in must be a list/],
  ['in with a number', email({ in: ['a', 1] }), /^allow\.or\[0\]\.email\.in\[1\] must be a string/],
  ['groups: is', allow({ accept: 1 }, { groups: { is: 'a' } }), /^allow\.or\[1\]\.groups\.is cannot be answered/],
  ['claim without a name', allow({ claim: 'a' }), /names no claim/],
  ...['sub', 'user'].map(
    (name): Refusal => [
      `claim/${name}, which is Pomerium's own`,
      allow({ [`claim/${name}`]: 'a' }),
      /Pomerium's own, .*; write user for the user's id\.$/,
    ],
  ),
  ...['aud', 'exp', 'iat', 'iss', 'jti', 'sid'].map(
    (name): Refusal => [
      `claim/${name}, which is Pomerium's own`,
      allow({ [`claim/${name}`]: 'a' }),
      /Pomerium's own, .*; no assertion has that one\.$/,
    ],
  ),
  ...[true, 7].flatMap((value): Refusal[] => [
    [
      `a claim that is ${value}`,
      allow({ 'claim/a': value }),
      new RegExp(`every claim as text, so that ${value} and "${value}" .* \\(--leave claim/a\\)`),
    ],
    [`a claim that has "x" and is ${value}`, allow({ 'claim/a': { has: 'x', is: value } }), /every claim as text/],
  ]),
  ['a claim that is null', allow({ 'claim/a': null }), /^allow\.or\[0\]\.claim\/a must be a string, .*; it is null/],
  ['a claim that is listed', allow({ 'claim/a': ['x'] }), /^allow\.or\[0\]\.claim\/a must be one string/],
  [
    'a claim of unknown shape',
    { deny: { or: [{ 'claim/a': 'x' }] } },
    /claim\/a: an assertion does not say whether "a"/,
  ],
  ['1,001 values', email({ in: Array.from({ length: 1001 }, String) }), /1000 values/],
  ['a very long value', email('x'.repeat(4097)), /4096 characters/],
]);

describeRefusals(
  'what an assertion cannot answer is refused with the reason:',
  Object.entries({
    source_ip: "this service sees Pomerium's address, and a forwarded one can be forged",
    client_certificate: 'the certificate ended at Pomerium',
    invalid_client_certificate: 'the certificate ended at Pomerium',
    device: 'it says nothing of devices',
    ssh_ca: 'it is not about SSH',
    ssh_publickey: 'it is not about SSH',
    ssh_username: 'it is not about SSH',
    ssh_username_matches_claim: 'it is not about SSH',
    ssh_username_matches_email: 'it is not about SSH',
    mcp_tool: 'it says nothing of tools',
    pomerium_routes: 'no such request reaches a service',
    record: "it holds none of Pomerium's records",
    date: 'only Pomerium has its time',
    day_of_week: 'only Pomerium has its time',
    time_of_day: 'only Pomerium has its time',
  }).map(([name, why]) => [
    name,
    allow({ [name]: 'x' }),
    new RegExp(`the criterion ${name} cannot be answered from an assertion: ${why}\\. .*name it in leaveToPomerium`),
  ]),
);

describeRefusals('what is no criterion is refused with what to write:', [
  [
    'a claim, it may be',
    allow({ mail: 'a' }),
    /^allow\.or\[0\]\.mail: there is no criterion "mail"; write claim\/mail if it is a claim, or one of accept, .*, user, email, .*cors_preflight\.$/,
  ],
  ['an s is missing', allow({ group: 'a' }), /there is no criterion "group"; write groups\.$/],
  ['an s too many', allow({ emails: 'a' }), /there is no criterion "emails"; write email\.$/],
  ['an s in front', allow({ semail: 'a' }), /write claim\/semail if it is a claim/],
  ['claim and a dot', allow({ 'claim.role': 'a' }), /"claim\.role"; write claim\/role\.$/],
  ['claims and a colon', allow({ 'claims:role': 'a' }), /"claims:role"; write claim\/role\.$/],
  ['claims and a slash', allow({ 'claims/role/x': 'a' }), /"claims"; write claim\/role\/x\.$/],
  ['another name and a slash', allow({ 'roles/x': 'a' }), /"roles"; write claim\/roles if it is a claim/],
  ['claims alone', allow({ claims: 'a' }), /"claims"; write claim\.$/],
  ['claim within a name', allow({ 'my-claim.role': 'a' }), /write claim\/my-claim\.role if it is a claim/],
  ...['and', 'or', 'not', 'nor'].map(
    (name): Refusal => [
      `${name} within an operator`,
      allow({ [name]: [] }),
      /operators do not nest: write another rule into the list of rules\.$/,
    ],
  ),
  ['a name that begins with or', allow({ order: 'a' }), /write claim\/order if it is a claim/],
  ['a name that ends with or', allow({ xor: 'a' }), /write claim\/xor if it is a claim/],
]);

describe('compilePolicy refuses, as a whole,', () => {
  const cases: [name: string, ppl: unknown, message: RegExp, path: string | undefined][] = [
    ['text', '{"allow":{}}', /; it is a value of type string: parse the JSON or YAML first\.$/, ''],
    [
      'nothing',
      undefined,
      /^A policy is a plain object .*; it is nothing: write \{ allow: \{ or: \[ … \] \} \}\.$/,
      '',
    ],
    ['a promise', Promise.resolve({}), /^A policy is a plain object .*; it is a value of type object: write/, ''],
    ['1,001 criteria', allow(...Array.from({ length: 1001 }, () => ({ accept: 1 }))), /at most/, undefined],
    [
      '1,001 criteria of several rules',
      Array.from({ length: 1001 }, () => allow({ accept: 1 })),
      /A policy may have 1000 criteria at most/,
      undefined,
    ],
  ];
  for (const [name, ppl, message, path] of cases) {
    test(name, () => {
      assertMisconfigured(() => compilePolicy(ppl), message);
      try {
        compilePolicy(ppl);
      } catch (error) {
        assert.equal((error as PomeriumError).path, path);
      }
    });
  }

  for (const listClaims of ['roles', ['roles', 1], { roles: true }, null]) {
    test(`listClaims: ${JSON.stringify(listClaims)}`, () => {
      const options = { listClaims: listClaims as unknown as string[] };
      assertMisconfigured(() => compilePolicy({}, options), /listClaims must be a list of claim names/);
    });
  }
});

describe('compilePolicy refuses options', () => {
  const cases: [name: string, options: unknown, message: RegExp][] = [
    [
      'that are misspelt',
      { listclaims: ['roles'] },
      /^There is no option of compilePolicy "listclaims"; there are listClaims, /,
    ],
    ['that are a list', ['roles'], /^Options must be a plain object, .*; they are a list\.$/],
  ];
  for (const [name, options, message] of cases) {
    test(name, () => assertMisconfigured(() => compilePolicy({}, options as PolicyOptions), message));
  }
});

describe('compilePolicy takes', () => {
  const cases: [name: string, ppl: unknown][] = [
    ['1,000 criteria', allow(...Array.from({ length: 1000 }, () => ({ accept: 1 })))],
    ['1,000 values', email({ in: Array.from({ length: 1000 }, String) })],
    ['a value of 4,096 characters', email('x'.repeat(4096))],
  ];
  for (const [name, ppl] of cases) test(name, () => assert.doesNotThrow(() => compilePolicy(ppl)));
});
