import { RE2JS, RE2JSException } from 're2js';
import { assert, describe, test } from 'vitest';
import { compileRegex, RegexError } from '../../core/routes/regex.ts';

describe('where re2js differs from RE2, RE2 is followed', () => {
  test('[: that no :] follows begins no POSIX class', () => {
    assert.isTrue(compileRegex('[[:]').matches(':'));
    assert.throws(() => RE2JS.compile('[[:]'), RE2JSException);
  });

  test('two groups may have one name', () => {
    assert.isTrue(compileRegex('(?P<n>a)(?P<n>b)').matches('ab'));
    assert.throws(() => RE2JS.compile('(?P<n>a)(?P<n>b)'), RE2JSException);
  });

  test('repeats in what is repeated 0 times count, too', () => {
    assert.throws(() => compileRegex('((a{1000}){0}b){2}'), RegexError);
    assert.isTrue(RE2JS.compile('((a{1000}){0}b){2}').matches('bb'));
  });
});
