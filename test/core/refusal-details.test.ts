import { assert, describe, test } from 'vitest';
import { requireOne } from '../../core/assertion.ts';
import { type PomeriumErrorCode, staticKeys, type VerifierOptions } from '../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign, signText, toBase64url, userClaims } from '../support/issuer.ts';
import { errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const other = await makeKey();
const token = await sign(key);
const [h = '', p = '', s = ''] = token.split('.');
const PAYLOAD = JSON.stringify(userClaims());
const NOT_UTF8 = new Uint8Array([0x7b, 0xff, 0x7d]);

const withHeader = (header: string | Uint8Array) => signText(key, header, PAYLOAD);
const withPayload = (payload: string | Uint8Array) =>
  signText(key, JSON.stringify({ alg: 'ES256', kid: key.kid }), payload);
const withClaims = (claims: Record<string, unknown>) => sign(key, claims);

type Details = [message: string, expected?: string, received?: string];

/** What the operator is told of a refusal, word for word: the log is all that there is to go by. */
function testDetails(
  title: string,
  code: PomeriumErrorCode,
  cases: [name: string, value: unknown, details: Details, options?: Partial<VerifierOptions>][],
): void {
  describe(`${code} says what is wrong: ${title}`, () => {
    for (const [name, value, [message, expected, received], options] of cases) {
      test(name, async () => {
        const rig = makeRig(key, options);
        const error = await errorOf(async () => rig.verifier.verify((await value) as string));
        assert.deepEqual(
          [error?.code, error?.message, error?.expected, error?.received],
          [code, message, expected, received],
        );
        assert.deepInclude(rig.events.at(-1), { type: 'assertion_refused', code, message, expected, received });
      });
    }
  });
}

const MISSING =
  'The request carries no assertion: it did not come through Pomerium, its route lacks pass_identity_headers: true or removes the header, or Pomerium could not sign (see its log).';

testDetails('no assertion', 'missing_assertion', [['nothing', undefined, [MISSING]]]);

test('missing_assertion says what is wrong: a bearer token is not looked at', async () => {
  const { verifier } = makeRig(key);
  const messageFor = async (headers: Record<string, string>) =>
    (await errorOf(() => verifier.verifyRequest({ headers })))?.message;
  assert.equal(
    await messageFor({ authorization: `Bearer ${token}` }),
    `${MISSING} There is a bearer token in Authorization, which is not looked at.`,
  );
  assert.equal(await messageFor({ authorization: 'Basic eDp5' }), MISSING);
  assert.equal(await messageFor({}), MISSING);
});

test('missing_assertion says nothing of a bearer token where nobody looked for one', async () => {
  assert.equal((await errorOf(() => requireOne(undefined)))?.message, MISSING);
});

testDetails('two assertions', 'duplicate_assertion', [
  [
    'joined',
    `${token}, ${token}`,
    [
      'The request carries more than one assertion: one came around Pomerium, or set_request_headers of its route has it.',
    ],
  ],
]);

const FORM = 'header.payload.signature, each base64url without padding';

testDetails('the form', 'malformed_assertion', [
  ['no string', 7, ['The assertion is not a string.', FORM, '7']],
  [
    'too long',
    'A'.repeat(65_537),
    ['The assertion is longer than 65536 characters; send fewer groups.', FORM, '65537 characters'],
  ],
  ['two segments', `${h}.${p}`, ['The assertion is not three segments with two dots between them.', FORM]],
  ['four segments', `${token}.x`, ['The assertion is not three segments with two dots between them.', FORM]],
  ['no header', `.${p}.${s}`, ['The assertion is not three segments with two dots between them.', FORM]],
  ['no payload', `${h}..${s}`, ['The assertion is not three segments with two dots between them.', FORM]],
  ['a header of one character', `A.${p}.${s}`, ['The assertion has a header that is not base64url.', FORM]],
  ['a header with padding', `${h}=.${p}.${s}`, ['The assertion has a header that is not base64url.', FORM]],
  ['a payload with padding', `${h}.${p}=.${s}`, ['The assertion has a payload that is not base64url.', FORM]],
  ['a signature with padding', `${token}=`, ['The assertion has a signature that is not base64url.', FORM]],
  ['a header that is no text', withHeader(NOT_UTF8), ['The assertion has a header that is not UTF-8.', FORM]],
  ['a header that is a list', withHeader('[]'), ['The assertion has a header that is not a JSON object.', FORM]],
  [
    'crit',
    sign(key, {}, { crit: [] }),
    ['The assertion has a header with crit or b64, which Pomerium never writes.', FORM],
  ],
  ['no alg', withHeader('{}'), ['The assertion has a header without an alg.', FORM, 'nothing']],
  [
    'a kid that is a number',
    withHeader('{"alg":"ES256","kid":7}'),
    ['The assertion has a header whose kid is not a string.', FORM, '7'],
  ],
]);

testDetails('claims of a wrong type, never the value', 'invalid_claims', [
  ['a payload that is no text', withPayload(NOT_UTF8), ['The payload is not UTF-8.']],
  ['a payload that is a list', withPayload('[]'), ['The payload is not a JSON object.']],
  ...['exp', 'iat', 'nbf'].map((name): [string, unknown, Details] => [
    name,
    withClaims({ [name]: 'x' }),
    [`The claim ${name} is not a finite number.`, `${name} in seconds`, 'a value of type string'],
  ]),
  ...['iss', 'sub', 'user', 'email', 'name', 'sid', 'jti'].map((name): [string, unknown, Details] => [
    name,
    withClaims({ [name]: ['x'] }),
    [`The claim ${name} is not a string.`, 'a string', 'a list'],
  ]),
  ...['aud', 'groups'].map((name): [string, unknown, Details] => [
    name,
    withClaims({ [name]: 7 }),
    [`The claim ${name} is not a list of strings.`, 'a list of strings', 'a value of type number'],
  ]),
]);

testDetails('times', 'expired', [
  [
    'exp, less the tolerance',
    withClaims({ exp: NOW - 60 }),
    ['The assertion has expired. Compare the clocks.', `exp after ${NOW - 60}`, `${NOW - 60}`],
  ],
  [
    'iat, less maxTokenAge and the tolerance',
    withClaims({ iat: NOW - 161 }),
    ['The assertion is older than maxTokenAge. Compare the clocks.', `iat at or after ${NOW - 160}`, `${NOW - 161}`],
    { maxTokenAge: 100 },
  ],
]);

testDetails('times', 'not_yet_valid', [
  [
    'iat, with the tolerance',
    withClaims({ iat: NOW + 61 }),
    ['The assertion was issued in the future. Compare the clocks.', `iat until ${NOW + 60}`, `${NOW + 61}`],
  ],
  [
    'nbf, with the tolerance',
    withClaims({ nbf: NOW + 61 }),
    ['The assertion is not valid yet. Compare the clocks.', `nbf until ${NOW + 60}`, `${NOW + 61}`],
  ],
]);

const ISSUERS = `"${HOST}" or "https://${HOST}/"`;
const CASE = '; only upper and lower case differ';
const FORMAT = '; only the https:// and the slash differ (jwt_issuer_format)';
const issuer = (hint = '') => `The assertion names another issuer than the configured ones${hint}.`;
const audience = (hint = '') =>
  `The assertion is for another audience than the configured ones: audience must be the route's host${hint}.`;

testDetails('with a hint at what is hard to see', 'issuer_mismatch', [
  ...(
    [
      ['evil.example.com', ''],
      [HOST.toUpperCase(), CASE],
      [`HTTPS://${HOST}/`, CASE],
      [`https://${HOST}`, FORMAT],
      [`http://${HOST}`, FORMAT],
      [`http://${HOST}/`, FORMAT],
      [`${HOST}/`, FORMAT],
      [HOST.replace('.', '.https://'), ''],
      [HOST.replace('.', './'), ''],
      [`https:/${HOST}`, ''],
    ] as const
  ).map(([iss, hint]): [string, unknown, Details] => [
    iss,
    withClaims({ iss }),
    [issuer(hint), ISSUERS, JSON.stringify(iss)],
  ]),
  ['none', withClaims({ iss: undefined }), [issuer(), ISSUERS, 'nothing']],
]);

testDetails('with a hint at what is hard to see', 'audience_mismatch', [
  ['another', withClaims({ aud: 'evil' }), [audience(), `"${HOST}"`, '"evil"']],
  ['capitals', withClaims({ aud: HOST.toUpperCase() }), [audience(CASE), `"${HOST}"`, `"${HOST.toUpperCase()}"`]],
  ['a URI', withClaims({ aud: `https://${HOST}/` }), [audience(FORMAT), `"${HOST}"`, `"https://${HOST}/"`]],
  [
    'the second that came, and the second that is configured',
    withClaims({ aud: ['evil', HOST.toUpperCase()] }),
    [audience(CASE), `"a" or "${HOST}"`, `"evil", "${HOST.toUpperCase()}"`],
    { audience: ['a', HOST] },
  ],
  [
    'five of many',
    withClaims({ aud: ['a', 'b', 'c', 'd', 'e', 'f'] }),
    [audience(), `"${HOST}"`, '"a", "b", "c", "d", "e"'],
  ],
  ['none', withClaims({ aud: undefined }), [audience(), `"${HOST}"`, 'nothing']],
]);

testDetails('nobody', 'anonymous', [
  ['no sub', withClaims({ sub: '' }), ['The assertion is for nobody: its route lets in people who are not signed in.']],
]);

testDetails('the algorithm', 'unsupported_algorithm', [
  [
    'that no option names',
    withHeader('{"alg":"none"}'),
    ['The assertion is signed with an algorithm that the option algorithms does not name.', 'ES256 or RS256', '"none"'],
    { algorithms: ['ES256', 'RS256'] },
  ],
  [
    'that is not the key’s',
    withHeader(JSON.stringify({ alg: 'RS256', kid: key.kid })),
    ['The assertion names another algorithm than its key is for.', 'ES256', '"RS256"'],
    { algorithms: ['ES256', 'RS256'] },
  ],
]);

const STRANGER =
  'The assertion names a key that the key set does not hold: another Pomerium signed it, or the key was removed.';
const twoKeys = { keys: staticKeys(jwks(key, other)) };

testDetails('the key', 'unknown_key', [
  ['a key id of another set', sign(key, {}, { kid: 'x' }), [STRANGER, `"${key.kid}"`, '"x"']],
  [
    'a key id of another set, beside several keys',
    sign(key, {}, { kid: 'x' }),
    [STRANGER, `"${key.kid}" or "${other.kid}"`, '"x"'],
    twoKeys,
  ],
  [
    'no key id beside several keys',
    sign(key, {}, { kid: undefined }),
    [
      'The assertion names no key, and not exactly one key of the set is for "ES256".',
      `"${key.kid}" or "${other.kid}"`,
      'nothing',
    ],
    twoKeys,
  ],
]);

testDetails('the signature', 'invalid_signature', [
  [
    'of another key',
    sign(other, {}, { kid: key.kid }),
    ['The signature is not valid under the key that the assertion names: it was altered, or another key signed it.'],
  ],
  [
    'over something else',
    `${h}.${toBase64url('{}')}.${s}`,
    ['The signature is not valid under the key that the assertion names: it was altered, or another key signed it.'],
  ],
]);
