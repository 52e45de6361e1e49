import { complement, foldCase, namedClass, type Ranges } from './classes.ts';
import { RegexError } from './error.ts';
import { alternate, assertion, concatenate, type Fragment, oneOf, repeat } from './program.ts';
import { type Reader, take, takeCharacter } from './reader.ts';

const MAX_LENGTH = 4096;
/** RE2 allows 1000. */
const MAX_DEPTH = 100;
const NEWLINE = 10;

/** Those of the letters `imsU` that are set. */
type Flags = ReadonlySet<string>;

interface Parser extends Reader {
  flags: Flags;
  depth: number;
}

/** Parses the syntax of RE2, by the rules of Go's `regexp/syntax/parse.go`, into a program. */
export function parse(pattern: string): Fragment {
  if (pattern.length > MAX_LENGTH) throw new RegexError(`it has more than ${MAX_LENGTH} characters`);
  if (/\p{Surrogate}/u.test(pattern)) throw new RegexError('it has half of a surrogate pair');
  const parser: Parser = { pattern, at: 0, flags: new Set(), depth: 0 };
  const fragment = parseAlternatives(parser);
  if (parser.at < pattern.length) throw new RegexError('a ) has no (');
  return fragment;
}

/** Up to the end, or to the `)` of the group. */
function parseAlternatives(parser: Parser): Fragment {
  const alternatives: Fragment[] = [];
  do alternatives.push(parseSequence(parser));
  while (take(parser, /\|/y));
  return alternate(alternatives);
}

const REPEAT = /(?:[*+?]|\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\})\??/y;

function parseSequence(parser: Parser): Fragment {
  const parts: Fragment[] = [];
  let isRepeated = false;
  while (parser.at < parser.pattern.length && !/[|)]/.test(parser.pattern.charAt(parser.at))) {
    const operator = take(parser, REPEAT);
    if (operator) {
      // `a**` is refused, while in `a*(?i)*` the second one repeats the first: between them stands what matches nothing.
      if (isRepeated) throw new RegexError(`${operator[0]} follows another repeat`);
      const part = parts.pop();
      if (!part) throw new RegexError(`${operator[0]} has nothing to repeat`);
      parts.push(repeatBy(operator, part));
    } else {
      parts.push(...parsePart(parser));
    }
    isRepeated = operator !== null;
  }
  return concatenate(parts);
}

function repeatBy([operator, from, comma, to]: RegExpExecArray, part: Fragment): Fragment {
  if (from) return repeat(part, Number(from), comma ? Number(to ?? Number.POSITIVE_INFINITY) : Number(from));
  const [symbol] = operator;
  return repeat(part, symbol === '+' ? 1 : 0, symbol === '?' ? 1 : Number.POSITIVE_INFINITY);
}

/** What the next token stands for: nothing for flags, several characters for `\Q…\E`. */
function parsePart(parser: Parser): Fragment[] {
  const { flags } = parser;
  const token = take(parser, /[.^$[]|\(\??|\\[AzbBCpPQdswDSW]/y)?.[0];
  switch (token) {
    case undefined:
      return [character(takeCharacter(parser), flags)];
    case '(':
      return [parseGroup(parser)];
    case '(?':
      return parseFlags(parser);
    case '[':
      return [oneOf(parseClass(parser))];
    case '.':
      return [oneOf(complement(flags.has('s') ? [] : [[NEWLINE, NEWLINE]]))];
    case '^':
    case '$':
      return [assertion(flags.has('m') ? `(?m)${token}` : token)];
    case '\\A':
      return [assertion('^')];
    case '\\z':
      return [assertion('$')];
    case '\\b':
    case '\\B':
      return [assertion(token)];
    case '\\Q':
      return Array.from(take(parser, /(.*?)(?:\\E|$)/suy)?.[1] ?? '', (c) => character(c.codePointAt(0) ?? 0, flags));
    default:
      return [oneOf(perlClass(token, flags))];
  }
}

function character(code: number, flags: Flags): Fragment {
  return oneOf(caseOf([[code, code]], flags));
}

function caseOf(ranges: Ranges, flags: Flags): Ranges {
  return flags.has('i') ? foldCase(ranges) : ranges;
}

/** The rest of a group, behind what opens it. Flags within it end with it. */
function parseGroup(parser: Parser, flags = parser.flags): Fragment {
  const outer = parser.flags;
  parser.flags = flags;
  parser.depth += 1;
  if (parser.depth > MAX_DEPTH) throw new RegexError(`more than ${MAX_DEPTH} groups stand within each other`);
  const fragment = parseAlternatives(parser);
  if (!take(parser, /\)/y)) throw new RegexError('a ( has no )');
  parser.depth -= 1;
  parser.flags = outer;
  return fragment;
}

/** The rest of `(?flags)`, `(?flags:…)` or of a named group. RE2 lets two groups have one name. */
function parseFlags(parser: Parser): Fragment[] {
  if (take(parser, /P?<\w+>/y)) return [parseGroup(parser)];
  const [, on = '', off = '', end] = take(parser, /([imsU]*)(?:-([imsU]+))?([:)])/y) ?? [];
  if (!end) {
    const found = take(parser, /<?[=!]|.{0,4}/suy)?.[0] ?? '';
    throw new RegexError(/^<?[=!]/.test(found) ? `RE2 has no lookaround: (?${found}` : `RE2 has no group (?${found}…`);
  }
  const flags = new Set([...parser.flags, ...on].filter((flag) => !off.includes(flag)));
  if (end === ':') return [parseGroup(parser, flags)];
  parser.flags = flags;
  return [];
}

/** The rest of `[…]`; a `]` that comes first is a character. Case is folded before a class is negated. */
function parseClass(parser: Parser): Ranges {
  const isNegated = take(parser, /\^/y);
  const items: Ranges[] = [];
  do items.push(parseClassItem(parser));
  while (!take(parser, /\]/y));
  return isNegated ? complement(items.flat()) : items.flat();
}

function parseClassItem(parser: Parser): Ranges {
  const { pattern, flags } = parser;
  const [posix, isNegated, name] = take(parser, /\[:(\^?)(.*?):\]/suy) ?? [];
  if (posix) {
    const ranges = namedClass(`[:${name}:]`);
    if (!ranges) throw new RegexError(`RE2 has no class ${posix}`);
    return isNegated ? complement(caseOf(ranges, flags)) : caseOf(ranges, flags);
  }
  const perl = take(parser, /\\[dswDSWpP]/y)?.[0];
  if (perl) return perlClass(perl, flags);
  if (parser.at === pattern.length) throw new RegexError('a [ has no ]');
  const start = parser.at;
  const first = takeCharacter(parser);
  const last = take(parser, /-(?=[^\]])/suy) ? takeCharacter(parser) : first;
  if (last < first) throw new RegexError(`the range ${pattern.slice(start, parser.at)} is in the wrong order`);
  return caseOf([[first, last]], flags);
}

/** `\d`, `\s`, `\w`, or all but these in upper case. */
function perlClass(name: string, flags: Flags): Ranges {
  const ranges = namedClass(name.toLowerCase());
  if (!ranges) throw new RegexError(`${name} is not supported here: write the characters, as in [a-z]`);
  return name === name.toLowerCase() ? caseOf(ranges, flags) : complement(caseOf(ranges, flags));
}
