import { assert, describe, test } from 'vitest';
import { compileRegex, RegexError } from '../../core/routes/regex.ts';

type Rule = [rule: string, pattern: string, matches: readonly string[], fails: readonly string[]];

/** What the operator reads: the whole message. */
function messageOf(pattern: string): string {
  try {
    compileRegex(pattern);
  } catch (error) {
    assert.instanceOf(error, RegexError);
    return error.message;
  }
  return 'not refused';
}

function describeMatching(name: string, rules: readonly Rule[]): void {
  describe(name, () => {
    for (const [rule, pattern, matches, fails] of rules) {
      test(`${rule}: ${pattern}`, () => {
        const regex = compileRegex(pattern);
        for (const text of matches) assert.isTrue(regex.matches(text), JSON.stringify(text));
        for (const text of fails) assert.isFalse(regex.matches(text), JSON.stringify(text));
      });
    }
  });
}

describeMatching('a path is matched whole, by', [
  ['literals', '/admin', ['/admin'], ['/admin/', '/Admin', '/admi', 'x/admin', '']],
  ['an empty expression', '', [''], ['/']],
  ['alternatives as one group', '/a|/b', ['/a', '/b'], ['/ab', '/a|/b', '/a/b']],
  ['an empty alternative', '/(a|)', ['/a', '/'], ['']],
  ['the later of two ways', '/(a|ab)(c|bcd)', ['/abcd', '/ac', '/abc'], ['/abc/', '/abbcd/']],
  ['lazy repeats as greedy ones', '/a*?b??', ['/', '/aaa', '/aab'], ['/abb']],
  ['named groups', '/(?P<id>a)(?<other>b)', ['/ab'], ['/a']],
  ['two groups of one name, as in RE2', '(?P<n>a)(?P<n>b)', ['ab'], ['a']],
  ['real routes', '^/api/v[0-9]+/(users|teams)/[^/]+$', ['/api/v12/users/x.y'], ['/api/v/users/x', '/api/v1/users/x/']],
  ['percent encoding as it stands', '/a%20b', ['/a%20b'], ['/a b']],
]);

describeMatching('a repeat takes', [
  ['so many', 'a{2}', ['aa'], ['a', 'aaa']],
  ['at least so many', 'a{2,}', ['aa', 'aaaaa'], ['a', '']],
  ['from so many to so many', 'a{2,4}', ['aa', 'aaa', 'aaaa'], ['a', 'aaaaa']],
  ['none of what stands there', 'a{0}b', ['b'], ['ab']],
  ['from none', 'a{0,}b', ['b', 'aab'], ['a']],
  ['groups', '(ab){2,3}', ['abab', 'ababab'], ['ab', 'aba', 'abababab']],
  ['what may be empty', '(a*)*b', ['b', 'aab'], ['a']],
  ['assertions', '(?:^)*a(?:$){3}', ['a'], ['']],
  ['what stands before flags', 'a(?i)*', ['', 'aa'], ['A']],
  ['the last character of a quotation', '\\Qa.\\E+', ['a...'], ['a.a.']],
  ['no brace that has no count before its comma', 'a{,2}', ['a{,2}'], ['aa']],
  ['no brace with a count that begins with 0', 'a{01}', ['a{01}'], ['a']],
  ['no brace that is not closed', 'a{1', ['a{1'], ['a']],
]);

describeMatching('one character is matched by', [
  ['a dot, but for a newline', '/.', ['/a', '/é', '/😀', '/\ud800', '/\r'], ['/\n', '/', '/ab']],
  ['a dot, up to the ends of Unicode’s planes', '.b', ['\uffffb', '\u{10000}b', '\u{10ffff}b'], ['b', '\uffff']],
  ['a dot with (?s)', '(?s)/.', ['/\n'], ['/']],
  ['a class', '[a-cx]', ['a', 'c', 'x'], ['d', '-', 'A']],
  ['a negated class, a newline too', '[^a-c]', ['d', '\n', '😀'], ['b', '']],
  ['a class with ] in front', '[]a]', [']', 'a'], ['[']],
  ['a negated class with ] in front', '[^]a]', ['b'], [']', 'a']],
  ['a class of ranges within others', '[a-zc-db]', ['a', 'x'], ['A', '{']],
  ['a class with - at its ends', '[-a-]', ['-', 'a'], ['b']],
  ['a class with - behind a range', '[a-c-e]', ['b', '-', 'e'], ['d']],
  ['a class with ^ within', '[a^]', ['^', 'a'], ['b']],
  ['[: without :]', '[[:]', ['[', ':'], ['a']],
  ['a class with escapes', '[\\d\\-\\]\\x41]', ['7', '-', ']', 'A'], ['\\', 'x']],
  ['a class with negated ones', '[\\D1]', ['a', '1', 'é'], ['2']],
  ['a class of all characters and none', '[\\d\\D][^\\d\\D]', [], ['a', 'ab']],
  ['a range beyond 16 bits', '[😀-😂]', ['😁'], ['😃', '\ud83d']],
  ['[[:alpha:]]', '[[:alpha:]]', ['a', 'Z'], ['1', 'é']],
  ['[[:^alpha:]_]', '[[:^alpha:]a]', ['1', 'é', 'a'], ['b']],
  ['[[:punct:]]', '[[:punct:]]', ['!', '~', '/', '`', '{'], ['a', ' ']],
  ['[[:space:]], with \\v', '[[:space:]]', ['\v', ' ', '\t'], ['a']],
  ['\\s, without \\v', '\\s', ['\t', '\n', '\f', '\r', ' '], ['\v', '\u00a0']],
  ['\\w', '\\w', ['a', 'Z', '0', '_'], ['é', '-', '\u212a', 'ſ']],
  ['\\W, \\S, \\D', '\\W\\S\\D', ['-aa', 'éé/'], ['aaa', '- a', '--1']],
]);

describe('a class of Perl or POSIX has of all characters just', () => {
  const cases: [name: string, characters: RegExp][] = [
    ['\\d', /[0-9]/],
    ['\\s', /[\t\n\f\r ]/],
    ['\\w', /[0-9A-Za-z_]/],
    ['[[:alnum:]]', /[0-9A-Za-z]/],
    ['[[:alpha:]]', /[A-Za-z]/],
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are in the class.
    ['[[:ascii:]]', /[\x00-\x7f]/],
    ['[[:blank:]]', /[\t ]/],
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the class.
    ['[[:cntrl:]]', /[\x00-\x1f\x7f]/],
    ['[[:digit:]]', /[0-9]/],
    ['[[:graph:]]', /[!-~]/],
    ['[[:lower:]]', /[a-z]/],
    ['[[:print:]]', /[ -~]/],
    ['[[:punct:]]', /[!-/:-@[-`{-~]/],
    ['[[:space:]]', /[\t\n\v\f\r ]/],
    ['[[:upper:]]', /[A-Z]/],
    ['[[:word:]]', /[0-9A-Za-z_]/],
    ['[[:xdigit:]]', /[0-9A-Fa-f]/],
  ];
  for (const [name, characters] of cases) {
    test(`${name}: ${characters.source}`, () => {
      const regex = compileRegex(name);
      for (let code = 0; code <= 0xff; code++) {
        const character = String.fromCharCode(code);
        assert.equal(regex.matches(character), characters.test(character), JSON.stringify(character));
      }
    });
  }
});

describeMatching('an escape stands for', [
  ['punctuation', '\\.\\/\\-\\_\\\\\\ ', ['./-_\\ '], ['a/-_\\ ']],
  ['a character in hexadecimal', '\\x41\\x{42}\\x{0001F600}', ['AB😀'], ['AB']],
  ['a character in octal', '\\101\\60\\0', ['A0\0'], ['A0', 'B0\0', 'A1\0', 'A0\x01']],
  ['the last character', '\\x{10FFFF}', ['\u{10ffff}'], ['\u{10fffe}']],
  ['octal digits only', '\\08\\1234\\0011', ['\x008S4\x011'], ['88']],
  ['control characters', '\\a\\f\\t\\n\\r\\v', ['\x07\f\t\n\r\v'], ['']],
  ['a quotation', '\\Qa.*\\d\\E.', ['a.*\\dx'], ['axx']],
  ['a quotation without an end', 'a\\Q(b', ['a(b'], ['ab']],
]);

describeMatching('an assertion holds:', [
  ['^ and $ at the ends', '^/a$', ['/a'], ['/a\n', '\n/a']],
  ['^ and $ in a group', '(^/a|/b$)', ['/a', '/b'], ['/ab']],
  ['^ nowhere else', 'a^b', [], ['ab', 'a\nb', 'a^b']],
  ['$ nowhere else', 'a$b', [], ['ab', 'a\nb']],
  ['\\A and \\z as ^ and $', '\\Aa\\z', ['a'], ['a\n']],
  ['(?m)^ behind a newline', '(?m)a\\n^b', ['a\nb'], ['ab']],
  ['(?m)^ not within a line', '(?m)[^x]^b', ['\nb'], ['ab', 'b']],
  ['(?m)^ in front of the text', '(?m)(?:^a|/b)', ['a', '/b'], ['b']],
  ['(?m)$ before a newline', '(?m)a$\\nb$', ['a\nb'], ['ab']],
  ['(?m)$ not within a line', '(?m)/$[^x]', ['/\n'], ['/b', '/']],
  ['(?m)$ behind the text', '(?m)/$', ['/'], ['/\n']],
  ['(?m) not for \\A and \\z', '(?m)a\\n\\Ab|a\\z\\nb', [], ['a\nb']],
  ['\\b between a word and none', '\\ba\\b/\\bb\\b', ['a/b'], []],
  ['\\b not between two of a word', 'a\\bb', [], ['ab']],
  ['\\b for ASCII words', 'a\\bé', ['aé'], []],
  ['\\B within a word', 'a\\Bb', ['ab'], []],
  ['\\B beside _', 'a\\B_', ['a_'], []],
  ['\\B in an empty text', '\\B', [''], ['a']],
  ['\\B not at the end of a word', 'a\\B/', [], ['a/']],
  ['\\b before what may be in a word', '/\\b.', ['/0', '/9', '/A', '/Z', '/_', '/a', '/z'], []],
  ['\\b before nothing else', '/\\b.', [], ['//', '/:', '/@', '/[', '/^', '/`', '/{', '/é']],
  ['\\b not in an empty text', '\\b', [], ['']],
]);

describeMatching('flags', [
  ['(?i) for what follows', 'a(?i)b', ['ab', 'aB'], ['AB']],
  ['(?i) for the next alternatives, too', 'a(?i)|b', ['a', 'b', 'B'], ['A']],
  ['(?i) up to the end of its group', '(a(?i)b)c', ['aBc'], ['aBC']],
  ['(?i:…)', '(?i:a)b', ['ab', 'Ab'], ['aB']],
  ['(?-i)', '(?i)a(?-i)b', ['Ab'], ['AB']],
  ['(?is-m:…)', '(?is-m:a.)', ['A\n'], ['B\n']],
  ['(?-is:…)', '(?is)a.(?-is:a.)', ['A\nab'], ['abAb', 'aba\n']],
  ['(?U)', '(?U)a+', ['aaa'], ['']],
  ['no flag', '(?)a', ['a'], ['A']],
  ['(?i) from a to z', '(?i)[b-y]a[B-Y]Z', ['bAyz', 'YaBZ'], ['aaYZ', 'bazz']],
  ['(?i) for all of ASCII', '(?i)[[:ascii:]]', ['\x7f', 'k', '\u212a', 'ſ'], ['é', '\x80']],
  ['(?i): the Kelvin sign is a k', '(?i)k', ['k', 'K', '\u212a'], ['c']],
  ['(?i): the long s is an s', '(?i)[r-t]', ['S', 'ſ'], ['q', '\u212a']],
  ['(?i) before a class is negated', '(?i)[^k]', ['s', 'ſ'], ['k', 'K', '\u212a']],
  ['(?i) before a POSIX class is negated', '(?i)[[:^upper:]]', ['1', 'é'], ['a', 'A', 'ſ']],
  ['(?i) before \\W is negated', '(?i)\\W', ['é'], ['k', '\u212a', 'ſ']],
  ['[Kk] has no Kelvin sign', '[Kk]', ['k', 'K'], ['\u212a']],
]);

describe('refused as in RE2:', () => {
  const cases: [pattern: string, message: string][] = [
    ['a)', 'a ) has no ('],
    ['(a', 'a ( has no )'],
    ['[a', 'a [ has no ]'],
    ['[]', 'a [ has no ]'],
    ['*a', '* has nothing to repeat'],
    ['a|+', '+ has nothing to repeat'],
    ['(?i)*', '* has nothing to repeat'],
    ['({2})', '{2} has nothing to repeat'],
    ['a**', '* follows another repeat'],
    ['a+*?', '*? follows another repeat'],
    ['a{2}{3}', '{3} follows another repeat'],
    ['a{3,2}', 'the repeat {3,2} is in the wrong order'],
    ['a{1001}', 'a repeat makes more than 1000 copies'],
    ['a{0,99999999999}', 'a repeat makes more than 1000 copies'],
    ['(a{500}b){3}', 'a repeat makes more than 1000 copies'],
    ['((a{1000}){0}b){2}', 'a repeat makes more than 1000 copies'],
    ['a\\', 'it ends with a backslash'],
    ['\\q', 'RE2 has no escape \\q'],
    ['\\Z', 'RE2 has no escape \\Z'],
    ['\\E', 'RE2 has no escape \\E'],
    ['\\é', 'RE2 has no escape \\é'],
    ['\\x4', 'RE2 has no escape \\x'],
    ['\\x{}', 'RE2 has no escape \\x'],
    ['[\\b]', 'RE2 has no escape \\b'],
    ['[a-\\d]', 'RE2 has no escape \\d'],
    ['(a)\\1', 'RE2 has no backreferences: \\1'],
    ['\\x{110000}', 'there is no character \\x{110000}'],
    ['[b-a]', 'the range b-a is in the wrong order'],
    ['[[:foo:]]', 'RE2 has no class [:foo:]'],
    ['[[:\\d:]]', 'RE2 has no class [:\\d:]'],
    ['(?=a)', 'RE2 has no lookaround: (?='],
    ['(?!a)', 'RE2 has no lookaround: (?!'],
    ['(?<=a)', 'RE2 has no lookaround: (?<='],
    ['(?<!a)', 'RE2 has no lookaround: (?<!'],
    ['(?>a)', 'RE2 has no group (?>a)…'],
    ['(?P=n)', 'RE2 has no group (?P=n)…'],
    ['(?P<a b>a)', 'RE2 has no group (?P<a …'],
    ['(?x)a', 'RE2 has no group (?x)a…'],
    ['(?i-)a', 'RE2 has no group (?i-)a…'],
    ['a\ud800', 'it has half of a surrogate pair'],
  ];
  for (const [pattern, message] of cases) {
    test(JSON.stringify(pattern), () => assert.equal(messageOf(pattern), message));
  }
});

describe('refused, although RE2 has it:', () => {
  const cases: [pattern: string, message: string][] = [
    ['\\pL', '\\p is not supported here: write the characters, as in [a-z]'],
    ['\\P{Greek}', '\\P is not supported here: write the characters, as in [a-z]'],
    ['[a\\p{Lu}]', '\\p is not supported here: write the characters, as in [a-z]'],
    ['\\C', '\\C is not supported here: write the characters, as in [a-z]'],
    ['(?i)é', '(?i) is supported for ASCII characters only'],
    ['(?i)[a-é]', '(?i) is supported for ASCII characters only'],
    ['\\x{D800}', 'there is no character \\x{d800}'],
    ['\\x{DFFF}', 'there is no character \\x{dfff}'],
  ];
  for (const [pattern, message] of cases) {
    test(pattern, () => assert.equal(messageOf(pattern), message));
  }
});

describe('limits', () => {
  const nested = (depth: number) => `${'('.repeat(depth)}a${')'.repeat(depth)}`;
  const TOO_LARGE = /^it is too large: repeat fewer characters, or less often$/;
  const cases: [limit: string, most: string, more: string, text: string, message: RegExp][] = [
    ['4096 characters', 'a'.repeat(4096), 'a'.repeat(4097), 'a'.repeat(4096), /^it has more than 4096 characters$/],
    ['groups 100 deep', nested(100), nested(101), 'a', /^more than 100 groups stand within each other$/],
    ['1000 copies', '(a{10}){100}', '(a{10}){101}', 'a'.repeat(1000), /^a repeat makes more than 1000 copies$/],
    ['5000 instructions of a repeat', '(aaaa){999}', '(aaaa){1000}', 'a'.repeat(3996), TOO_LARGE],
    ['5000 instructions in all', 'a{1000}'.repeat(4), 'a{1000}'.repeat(5), 'a'.repeat(4000), TOO_LARGE],
    ['5000 instructions of alternatives', '|'.repeat(2499), '|'.repeat(2500), '', TOO_LARGE],
  ];
  for (const [limit, most, more, text, message] of cases) {
    test(limit, () => {
      assert.isTrue(compileRegex(most).matches(text));
      assert.isFalse(compileRegex(most).matches(`${text}b`));
      assert.match(messageOf(more), message);
    });
  }
});

test('groups beside each other are not limited', () => {
  assert.isTrue(compileRegex('(a)'.repeat(101)).matches('a'.repeat(101)));
});

describe('literalPrefix is what each match begins with:', () => {
  const cases: [pattern: string, prefix: string][] = [
    ['/admin', '/admin'],
    ['^/admin/.*$', '/admin/'],
    ['(?m)^\\A(?:/a)\\.b[c](?P<n>d)', '/a.bcd'],
    ['/a+b', '/a'],
    ['/a{2,3}', '/aa'],
    ['/a*', '/'],
    ['/(a|b)', '/'],
    ['/a|/b', ''],
    ['/é😀\\n', '/é😀\n'],
    ['(?i)/9a', '/9'],
    ['/a^b', '/a'],
    ['\\b/', ''],
    ['.*', ''],
    ['', ''],
  ];
  for (const [pattern, prefix] of cases) {
    test(`${pattern}: ${JSON.stringify(prefix)}`, () => assert.equal(compileRegex(pattern).literalPrefix, prefix));
  }
});

describe('a matcher', () => {
  test('is frozen', () => assert.isFrozen(compileRegex('a')));

  test('gives the same answer again, whatever others were asked in between', () => {
    const regexes = ['(a|b)*c', 'a(.|b)*', '[ab]+c?'].map(compileRegex);
    const answers = () => ['abc', 'ab', 'c', '', 'abca'].map((text) => regexes.map((regex) => regex.matches(text)));
    const first = answers();
    assert.deepEqual(first[0], [true, true, true]);
    assert.deepEqual(answers(), first);
  });

  test('takes halves of surrogate pairs as characters of their own', () => {
    for (const text of ['\ud83d', '\ude00', '\ude00\ud83d']) {
      assert.isFalse(compileRegex('😀').matches(text));
      assert.isTrue(compileRegex('[^a]{1,2}').matches(text));
    }
  });
});
