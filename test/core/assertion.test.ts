import { assert, describe, test } from 'vitest';
import { makeKey, NOW, sign, signText, toBase64url, userClaims } from '../support/issuer.ts';
import { codeOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const HEADER = JSON.stringify({ alg: 'ES256', kid: key.kid, typ: 'JWT' });
const PAYLOAD = JSON.stringify(userClaims());
const good = await sign(key);
const [h = '', p = '', s = ''] = good.split('.');

/** A header as text, signed so that everything else about the token is right. */
const withHeader = (header: string | Uint8Array) => signText(key, header, PAYLOAD);
const withPayload = (payload: string | Uint8Array) => signText(key, HEADER, payload);

describe('what is no assertion', () => {
  const cases: [string, unknown, string][] = [
    ['undefined', undefined, 'missing_assertion'],
    ['null', null, 'missing_assertion'],
    ['the empty string', '', 'missing_assertion'],
    ['a number', 7, 'malformed_assertion'],
    ['an object', { toString: () => good }, 'malformed_assertion'],
    ['a list', [good], 'malformed_assertion'],
    ['a space', ' ', 'malformed_assertion'],
    ['one segment', h, 'malformed_assertion'],
    ['two segments', `${h}.${p}`, 'malformed_assertion'],
    ['four segments', `${good}.`, 'malformed_assertion'],
    ['five segments (JWE)', `${good}.${h}.${p}`, 'malformed_assertion'],
    ['three empty segments', '..', 'malformed_assertion'],
    ['an empty header', `.${p}.${s}`, 'malformed_assertion'],
    ['an empty payload', `${h}..${s}`, 'malformed_assertion'],
    ['an empty signature (CVE-2020-28042)', `${h}.${p}.`, 'invalid_signature'],
    ['two, joined by Fetch', `${good}, ${good}`, 'duplicate_assertion'],
    ['two, joined without a space', `${good},${good}`, 'duplicate_assertion'],
    ['one and an empty one', `${good}, `, 'duplicate_assertion'],
    ['two empty ones', ', ', 'duplicate_assertion'],
    ['a Bearer prefix', `Bearer ${good}`, 'malformed_assertion'],
    ['more than 64 KiB', `${h}.${'A'.repeat(65_536)}.${s}`, 'malformed_assertion'],
  ];
  for (const [name, value, code] of cases) {
    test(`${name} → ${code}`, async () => {
      const { verifier } = makeRig(key);
      assert.equal(await codeOf(() => verifier.verify(value as string)), code as never);
    });
  }
});

describe('threat: encodings', () => {
  const cases: [string, string, string][] = [
    ['padding behind the header', `${h}=.${p}.${s}`, 'malformed_assertion'],
    ['padding behind the payload', `${h}.${p}==.${s}`, 'malformed_assertion'],
    ['padding behind the signature', `${good}==`, 'malformed_assertion'],
    ['a space at the end', `${good} `, 'malformed_assertion'],
    ['a space at the beginning', ` ${good}`, 'malformed_assertion'],
    ['a line break in the signature', `${h}.${p}.${s.slice(0, 9)}\n${s.slice(9)}`, 'malformed_assertion'],
    ['a tab in the payload', `${h}.${p.slice(0, 9)}\t${p.slice(9)}.${s}`, 'malformed_assertion'],
    ['a NUL in the payload', `${h}.${p.slice(0, 9)}\0${p.slice(9)}.${s}`, 'malformed_assertion'],
    ['+ in the signature', `${h}.${p}.+${s.slice(1)}`, 'malformed_assertion'],
    ['/ in the payload', `${h}.${p.slice(0, -1)}/.${s}`, 'malformed_assertion'],
    ['a character beyond ASCII', `${h}.${p.slice(0, -1)}é.${s}`, 'malformed_assertion'],
    ['a full-width letter', `${h}.${p.slice(0, -1)}Ａ.${s}`, 'malformed_assertion'],
    ['an impossible length', `${h}.${p}.${s}AAA`, 'malformed_assertion'],
  ];
  for (const [name, token, code] of cases) {
    test(`${name} → ${code}`, async () => {
      assert.equal(await makeRig(key).codeOf(token), code as never);
    });
  }

  test('bits beyond the last byte must be zero: one signature has one spelling', async () => {
    const last = s.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const index = alphabet.indexOf(last);
    for (let bits = 1; bits < 16; bits++) {
      const twin = `${h}.${p}.${s.slice(0, -1)}${alphabet[index + bits]}`;
      assert.equal(await makeRig(key).codeOf(twin), 'malformed_assertion');
    }
  });

  const headers: [string, string | Uint8Array, string][] = [
    ['text that is not JSON', 'alg=ES256', 'malformed_assertion'],
    ['a JSON list', '["ES256"]', 'malformed_assertion'],
    ['a JSON string', '"ES256"', 'malformed_assertion'],
    ['null', 'null', 'malformed_assertion'],
    ['an empty object', '{}', 'malformed_assertion'],
    ['an alg that is a list', `{"alg":["ES256"],"kid":"${key.kid}"}`, 'malformed_assertion'],
    ['an alg that is null', `{"alg":null,"kid":"${key.kid}"}`, 'malformed_assertion'],
    ['a byte order mark', `\uFEFF${HEADER}`, 'malformed_assertion'],
    ['trailing text', `${HEADER}{}`, 'malformed_assertion'],
    ['a trailing comma', `${HEADER.slice(0, -1)},}`, 'malformed_assertion'],
    ['a comment', `/**/${HEADER}`, 'malformed_assertion'],
    ['single quotes', HEADER.replaceAll('"', "'"), 'malformed_assertion'],
    ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'malformed_assertion'],
    ['an overlong UTF-8 quote', new Uint8Array([0x7b, 0xc0, 0xa2, 0x7d]), 'malformed_assertion'],
    ['a lone surrogate in UTF-8', new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), 'malformed_assertion'],
    ['twice alg, the last one good', `{"alg":"none",${HEADER.slice(1)}`, 'valid'],
    ['twice alg, the last one bad', `${HEADER.slice(0, -1)},"alg":"none"}`, 'unsupported_algorithm'],
    ['__proto__ with an alg', `{"__proto__":{"alg":"ES256","kid":"${key.kid}"}}`, 'malformed_assertion'],
    ['__proto__ beside good members', `{"__proto__":{"crit":["x"]},${HEADER.slice(1)}`, 'valid'],
    ['white space in the JSON', ` ${HEADER} \n`, 'valid'],
    ['escaped member names', HEADER.replace('"alg"', '"\\u0061lg"'), 'valid'],
    ['nesting of 20,000', `{"x":${'['.repeat(20_000)}${']'.repeat(20_000)},${HEADER.slice(1)}`, 'valid'],
  ];
  for (const [name, header, code] of headers) {
    test(`a header with ${name} → ${code}`, async () => {
      assert.equal(await makeRig(key).codeOf(await withHeader(header)), code as never);
    });
  }

  const payloads: [string, string | Uint8Array, string][] = [
    ['is not JSON', 'hello', 'invalid_claims'],
    ['is a list', '[]', 'invalid_claims'],
    ['is null', 'null', 'invalid_claims'],
    ['is a string', '"x"', 'invalid_claims'],
    ['is an empty object', '{}', 'invalid_claims'],
    ['begins with a byte order mark', `\uFEFF${PAYLOAD}`, 'invalid_claims'],
    ['has text behind it', `${PAYLOAD}x`, 'invalid_claims'],
    [
      'has invalid UTF-8',
      new Uint8Array([...new TextEncoder().encode(PAYLOAD.slice(0, -1)), 0xff, 0x7d]),
      'invalid_claims',
    ],
    ['has NaN', PAYLOAD.replace(String(NOW + 300), 'NaN'), 'invalid_claims'],
    ['has two exp, the last one good', `{"exp":1,${PAYLOAD.slice(1)}`, 'valid'],
    ['has two exp, the last one past', `${PAYLOAD.slice(0, -1)},"exp":1}`, 'expired'],
    ['has __proto__', `${PAYLOAD.slice(0, -1)},"__proto__":{"admin":true}}`, 'valid'],
    ['nests 10,000 deep', `${PAYLOAD.slice(0, -1)},"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 'valid'],
    ['holds a lone surrogate as an escape', `${PAYLOAD.slice(0, -1)},"x":"\\ud800"}`, 'valid'],
  ];
  for (const [name, payload, code] of payloads) {
    test(`a payload that ${name} → ${code}`, async () => {
      assert.equal(await makeRig(key).codeOf(await withPayload(payload)), code as never);
    });
  }

  test('__proto__ in a payload pollutes nothing', async () => {
    const identity = await makeRig(key).verify(
      await withPayload(`${PAYLOAD.slice(0, -1)},"__proto__":{"admin":true}}`),
    );
    assert.isUndefined(identity.claims['admin']);
    assert.isUndefined(({} as Record<string, unknown>)['admin']);
    assert.isTrue(Object.hasOwn(identity.claims, '__proto__'));
  });
});

describe('threat: crit and b64', () => {
  const cases: [string, Record<string, unknown>][] = [
    ['crit with an unknown name (CVE-2025-59420)', { crit: ['x'], x: 1 }],
    ['crit with a name that is absent', { crit: ['x'] }],
    ['crit that is empty', { crit: [] }],
    ['crit that is null', { crit: null }],
    ['crit with alg', { crit: ['alg'] }],
    ['crit with b64', { crit: ['b64'], b64: true }],
    ['b64: false without crit', { b64: false }],
    ['b64: true without crit', { b64: true }],
  ];
  for (const [name, header] of cases) {
    test(`${name} → malformed_assertion`, async () => {
      assert.equal(await makeRig(key).codeOf(await sign(key, {}, header)), 'malformed_assertion');
    });
  }
});

describe('threat: big identities', () => {
  test('an assertion of 64 KiB verifies, one character more does not', async () => {
    /** Base64url has no length of 4n + 1, so the header gives way, too. */
    const sized = async (length: number) => {
      const filler = Math.floor((length - 900) * 0.75);
      for (let more = 0; more < 400; more++) {
        for (const x of ['', 'x', 'xx']) {
          const token = await sign(key, { jti: 'fixed', groups: ['g'.repeat(filler + more)] }, { x });
          if (token.length === length) return token;
          if (token.length > length) break;
        }
      }
      throw new Error(`no token of ${length} characters`);
    };
    const rig = makeRig(key);
    assert.equal(await rig.codeOf(await sized(65_536)), 'valid');
    assert.equal(await rig.codeOf(await sized(65_537)), 'malformed_assertion');
  });
});

describe('claims are never looked at before the signature holds', () => {
  for (const [name, payload] of [
    ['not JSON', 'x'],
    ['expired', JSON.stringify(userClaims({ exp: 1 }))],
    ['for another audience', JSON.stringify(userClaims({ aud: 'x' }))],
  ] as const) {
    test(`a payload that is ${name} under a wrong signature → invalid_signature`, async () => {
      assert.equal(await makeRig(key).codeOf(`${h}.${toBase64url(payload)}.${s}`), 'invalid_signature');
    });
  }
});
