import { assert, describe, test } from 'vitest';
import { configurationError, describeType, describeValue, toSafeJson } from '../../core/errors.ts';
import { PomeriumError, type PomeriumErrorCode } from '../../core/index.ts';

describe('PomeriumError', () => {
  const statuses: Record<PomeriumErrorCode, number> = {
    missing_assertion: 401,
    duplicate_assertion: 401,
    malformed_assertion: 401,
    unsupported_algorithm: 401,
    unknown_key: 401,
    invalid_signature: 401,
    invalid_claims: 401,
    expired: 401,
    not_yet_valid: 401,
    issuer_mismatch: 401,
    audience_mismatch: 401,
    anonymous: 401,
    policy_denied: 403,
    keys_unavailable: 503,
    invalid_configuration: 500,
  };
  for (const [code, status] of Object.entries(statuses)) {
    test(`${code} is answered with ${status}`, () => {
      const error = new PomeriumError(code as PomeriumErrorCode, 'Why.');
      assert.deepEqual([error.name, error.code, error.status, error.message], ['PomeriumError', code, status, 'Why.']);
      assert.instanceOf(error, Error);
    });
  }

  test('has its details, and a logger of objects does not see them', () => {
    const details = { expected: 'a', received: 'b', path: 'c', retryAfter: 4 };
    const error = new PomeriumError('expired', 'Why.', details);
    const { expected, received, path, retryAfter } = error;
    assert.deepEqual({ expected, received, path, retryAfter }, details);
    assert.deepEqual(Object.keys(error).sort(), ['code', 'name', 'status']);
  });

  test('of a configuration says where the mistake is', () => {
    const { code, message, path } = configurationError('Why.', { path: 'rules[0].path' });
    assert.deepEqual([code, message, path], ['invalid_configuration', 'Why.', 'rules[0].path']);
  });

  test('has a cause where one is given, be it undefined', () => {
    const cause = new Error('a');
    assert.equal(new PomeriumError('expired', 'Why.', { cause }).cause, cause);
    assert.isTrue('cause' in new PomeriumError('expired', 'Why.', { cause: undefined }));
    assert.isFalse('cause' in new PomeriumError('expired', 'Why.', { path: 'a' }));
    assert.isFalse('cause' in new PomeriumError('expired', 'Why.'));
  });
});

describe('a text for a log and a terminal', () => {
  const escaped: [name: string, text: string, json: string][] = [
    ['a line break', '\n', '"\\n"'],
    ['an escape character', '\x1b', '"\\u001b"'],
    ['a C1 control character', '\x9b', '"\\u009b"'],
    ['delete', '\x7f', '"\\u007f"'],
    ['a line separator', '\u2028', '"\\u2028"'],
    ['a paragraph separator', '\u2029', '"\\u2029"'],
    ['a bidirectional mark', '\u202e', '"\\u202e"'],
    ['a byte order mark', '\ufeff', '"\\ufeff"'],
    ['an invisible tag', '\u{e0041}', '"\\udb40\\udc41"'],
    ['half a character', '\ud800', '"\\ud800"'],
    ['a quotation mark', '"', '"\\""'],
  ];
  for (const [name, text, json] of escaped) {
    test(`has ${name} escaped`, () => {
      assert.equal(toSafeJson(text), json);
      assert.equal(JSON.parse(json), text);
    });
  }

  test('has every other character as it is', () => {
    for (const text of ['', 'a b', 'Zoë', '李小龍', '🦊', 'é\u0301']) assert.equal(toSafeJson(text), `"${text}"`);
  });
});

describe('a value as the operator may see it', () => {
  const cases: [value: unknown, text: string, type: string][] = [
    ['a'.repeat(64), `"${'a'.repeat(64)}"`, 'a value of type string'],
    ['a'.repeat(65), `"${'a'.repeat(64)}…"`, 'a value of type string'],
    [1, '1', 'a value of type number'],
    [Number.NaN, 'NaN', 'a value of type number'],
    [false, 'false', 'a value of type boolean'],
    [undefined, 'nothing', 'nothing'],
    [null, 'null', 'null'],
    [['secret'], 'a list', 'a list'],
    [{ secret: 1 }, 'a value of type object', 'a value of type object'],
    [1n, 'a value of type bigint', 'a value of type bigint'],
    [() => 'secret', 'a value of type function', 'a value of type function'],
  ];
  for (const [value, text, type] of cases) {
    test(`is ${text}`, () => {
      assert.equal(describeValue(value), text);
      assert.equal(describeType(value), type);
    });
  }
});
