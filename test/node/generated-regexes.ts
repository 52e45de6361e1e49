import fc from 'fast-check';

const anyOf = (words: string) => fc.constantFrom(...words.split(' '));
const join = (pieces: readonly string[]) => pieces.join('');

/** Short texts of few characters, so that patterns often meet them; some are the same as others but for their case. */
export const text = fc
  .array(fc.constantFrom('\n', ...'aabb//kKs1_-éſ\u212a😀'), { maxLength: 5 })
  .map((characters) => join(characters));

const classItem = fc.oneof(
  { weight: 9, arbitrary: anyOf('a b k s / - ^ . \\n \\- \\] \\x61 \\_') },
  { weight: 9, arbitrary: anyOf('a-z A-Z 0-9 !-~ \\t-k \\d \\D \\w \\W \\s \\S') },
  { weight: 9, arbitrary: anyOf('[:alpha:] [:^alpha:] [:word:] [:punct:] [:ascii:] [:lower:] [:^space:]') },
  { weight: 1, arbitrary: anyOf('é 😀 \\x{1F600} é-ſ') },
);
const characterClass = fc
  .tuple(fc.constantFrom('[', '[^', '[]', '[^]', '[-'), fc.array(classItem, { minLength: 1, maxLength: 3 }))
  .map(([opening, items]) => `${opening}${join(items)}]`);

const atom = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom('\n', ...'aabb//ks1_-') },
  { weight: 20, arbitrary: anyOf('. ^ $ \\A \\z \\b \\B') },
  { weight: 20, arbitrary: characterClass },
  { weight: 15, arbitrary: anyOf('\\d \\D \\w \\W \\s \\S \\x{6b} \\141 \\/ \\n') },
  { weight: 5, arbitrary: anyOf('(?i) (?s) (?m) (?-i) (?s-m) (?)') },
  { weight: 5, arbitrary: anyOf('\\Qa.b\\E \\Q\\E { } ]') },
  { weight: 1, arbitrary: anyOf('é ſ 😀 \\pL \\p{Greek}') },
);
const repeat = anyOf('* + ? *? +? ?? {2} {0} {1,} {0,2} {2,3}? {,2} {01}');
const opening = anyOf('( (?: (?i: (?s: (?m: (?-i: (?U:');

const { pattern: wellFormed } = fc.letrec<{ pattern: string; sequence: string; group: string; part: string }>(
  (tie) => ({
    pattern: fc.array(tie('sequence'), { minLength: 1, maxLength: 2 }).map((sequences) => sequences.join('|')),
    sequence: fc.array(tie('part'), { maxLength: 4 }).map(join),
    group: fc.tuple(opening, tie('pattern'), fc.constant(')')).map(join),
    part: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 4, arbitrary: atom },
      { weight: 2, arbitrary: fc.tuple(atom, repeat).map(join) },
      { weight: 2, arbitrary: tie('group') },
      { weight: 1, arbitrary: fc.tuple(tie('group'), repeat).map(join) },
    ),
  }),
);

/** With one of these somewhere in it, a pattern most often is none. */
const intrusion = anyOf(
  '( ) [ ] * + \\ | {2} {1001} {3,2} \\1 \\8 \\q \\x4 \\C [b-a] [a-\\d] [[:foo:]] [[:\\d:]] \\pX ' +
    '(?=a) (?! (?<=a) (?P<n> (?<n>a) (?P<>a) (?P=n) (?i-) (?x)',
);
const broken = fc.tuple(wellFormed, intrusion, fc.nat()).map(([whole, piece, n]) => {
  const at = n % (whole.length + 1);
  return whole.slice(0, at) + piece + whole.slice(at);
});

/** What RE2 may take for a regular expression. */
export const pattern = fc.oneof({ weight: 3, arbitrary: wellFormed }, { weight: 1, arbitrary: broken });
