import { RegexError } from './error.ts';

/** Code points from the first to the last of each, both included. */
export type Ranges = readonly (readonly [first: number, last: number])[];

export const LAST_CODE_POINT = 0x10ffff;

/** The classes of Perl and POSIX, which RE2 has of ASCII only (`perl_groups.cc`): pairs of a first and a last character. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ['\\d', '09'],
  ['\\s', '\t\n\f\r  '],
  ['\\w', '09AZ__az'],
  ['[:alnum:]', '09AZaz'],
  ['[:alpha:]', 'AZaz'],
  ['[:ascii:]', '\0\x7f'],
  ['[:blank:]', '\t\t  '],
  ['[:cntrl:]', '\0\x1f\x7f\x7f'],
  ['[:digit:]', '09'],
  ['[:graph:]', '!~'],
  ['[:lower:]', 'az'],
  ['[:print:]', ' ~'],
  ['[:punct:]', '!/:@[`{~'],
  ['[:space:]', '\t\r  '],
  ['[:upper:]', 'AZ'],
  ['[:word:]', '09AZ__az'],
  ['[:xdigit:]', '09AFaf'],
]);

/** Of a name such as `\\d` or `[:alpha:]`. */
export function namedClass(name: string): Ranges | undefined {
  const pairs = CLASSES.get(name)?.matchAll(/../gs);
  return pairs && Array.from(pairs, ([pair]) => [pair.charCodeAt(0), pair.charCodeAt(1)] as const);
}

/** With all that is the same but for case, by Unicode's simple folding: the Kelvin sign is a k, and the long s an s. */
export function foldCase(ranges: Ranges): Ranges {
  const has = (code: number) => ranges.some(([first, last]) => first <= code && code <= last);
  if (ranges.some(([, last]) => last > 127)) throw new RegexError('(?i) is supported for ASCII characters only');
  const folded = [...ranges];
  for (let upper = 65; upper <= 90; upper++) {
    const lower = upper + 32;
    if (has(upper) || has(lower)) folded.push([upper, upper], [lower, lower]);
  }
  if (has(75) || has(107)) folded.push([0x212a, 0x212a]);
  if (has(83) || has(115)) folded.push([0x17f, 0x17f]);
  return folded;
}

/** All other code points, in order. */
export function complement(ranges: Ranges): Ranges {
  let next = 0;
  const others: [number, number][] = [];
  for (const [first, last] of [...ranges.toSorted(([a], [b]) => a - b), [LAST_CODE_POINT + 1, 0] as const]) {
    if (next < first) others.push([next, first - 1]);
    next = Math.max(next, last + 1);
  }
  return others;
}

/** In order, and none beside another. */
export function merge(ranges: Ranges): Ranges {
  return complement(complement(ranges));
}

/** Whether merged ranges have it. */
export function includes(ranges: Ranges, code: number): boolean {
  for (const range of ranges) if (code <= range[1]) return code >= range[0];
  return false;
}
