import { assert, describe, test } from 'vitest';
import { deepFreeze, findRepeatedKey, isObject, isPlainObject, parseObject, toObject } from '../../core/json.ts';

describe('an object of JSON', () => {
  for (const value of [undefined, null, '{}', 1, true, [], [{}], () => ({})]) {
    test(`is not ${typeof value === 'function' ? 'a function' : JSON.stringify(value)}`, () => {
      assert.isFalse(isObject(value));
      assert.isFalse(isPlainObject(value));
    });
  }

  test('may be of a class, unless it must have its members itself', () => {
    class Settings {}
    for (const value of [new Map(), new Date(0), Promise.resolve(), new Settings(), Object.create({ inherited: 1 })]) {
      assert.isTrue(isObject(value));
      assert.isFalse(isPlainObject(value));
    }
  });

  test('with a prototype of objects, or none, has its members itself', () => {
    for (const value of [{}, { a: 1 }, Object.create(null), JSON.parse('{"__proto__":1}')]) {
      assert.isTrue(isPlainObject(value));
    }
  });

  test('is never Object.prototype, which a table gives for the name __proto__', () => {
    assert.isFalse(isPlainObject(Object.prototype));
  });
});

describe('the object that a text is', () => {
  test('is there for an object only', () => {
    assert.deepEqual(parseObject(' {"a":[1]} '), { a: [1] });
    for (const text of ['', 'x', '[]', 'null', '1', '"a"', '{"a":1', '{}{}', '{a:1}']) {
      assert.isUndefined(parseObject(text), text);
    }
  });

  test('comes from a store as text or as it is', () => {
    const value = { a: 1 };
    assert.deepEqual(toObject('{"a":1}'), value);
    assert.equal(toObject(value), value);
    for (const other of ['x', '[]', 1, null, undefined, [value]]) assert.isUndefined(toObject(other));
  });
});

describe('a key that stands twice in one object', () => {
  const cases: [json: string, key: string | undefined][] = [
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"b":{"c":1,"c":2}}', 'c'],
    ['{"a":{"c":1},"a":2}', 'a'],
    ['[{"a":1,"\\u0061":2}]', 'a'],
    ['{"a"\n\t :1,"a" :2}', 'a'],
    ['{"\\"":1,"\\"":2}', '"'],
    ['{"\\\\":1,"a":"\\\\","\\\\":2}', '\\'],
    ['{"":1,"":2}', ''],
    ['{"a":"{","a":1}', 'a'],
    ['{"a":1}', undefined],
    ['{"a":"a","b":["a","a"]}', undefined],
    ['[{"a":1},{"a":2}]', undefined],
    ['{"a":{"a":{"a":1}}}', undefined],
    ['{"a":"{\\"b\\":1,\\"b\\":2}"}', undefined],
    ['{"a":{},"b":{},"c":"}"}', undefined],
    ['{"a":"{","b":1}', undefined],
    ['"a"', undefined],
    ['[]', undefined],
  ];
  for (const [json, key] of cases) {
    test(`of ${json} is ${key === undefined ? 'none' : JSON.stringify(key)}`, () => {
      JSON.parse(json);
      assert.equal(findRepeatedKey(json), key);
    });
  }
});

describe('what is frozen', () => {
  test('is frozen down to the last member, and the same', () => {
    const value = { list: [{ a: [1] }, null, 'b'], none: null, text: 'c' };
    assert.equal(deepFreeze(value), value);
    for (const part of [value, value.list, value.list[0], (value.list[0] as { a: number[] }).a]) {
      assert.isTrue(Object.isFrozen(part));
    }
  });

  test('may be nested as deep as 64 KiB allow', () => {
    const depth = 32 * 1024;
    let part: unknown = deepFreeze(JSON.parse('['.repeat(depth) + ']'.repeat(depth)));
    for (let level = 1; level < depth; level++) {
      if (!Object.isFrozen(part)) assert.fail(`level ${level}`);
      part = (part as unknown[])[0];
    }
    assert.isTrue(Object.isFrozen(part));
  });

  test('may be no object', () => {
    for (const value of [null, 1, 'a', undefined]) assert.equal(deepFreeze(value), value);
  });
});
