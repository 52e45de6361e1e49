import { merge, type Ranges } from './classes.ts';
import { RegexError } from './error.ts';

/** Holds between two characters, or does not. */
export type Assertion = '^' | '$' | '(?m)^' | '(?m)$' | '\\b' | '\\B';

/** One step of a Thompson machine. All have the same fields: this makes them fast to read. */
export interface Instruction {
  /** A `split` goes on at both targets. */
  readonly op: 'character' | 'class' | 'split' | 'match' | Assertion;
  /** A code point, or a target: relative, so that a piece of program may be copied to anywhere. */
  readonly x: number;
  /** The other target. */
  readonly y: number;
  /** Those of a class, merged. */
  readonly ranges: Ranges;
}

/** A piece of program. */
export interface Fragment {
  readonly code: readonly Instruction[];
  /** How many copies counted repeats make of its innermost part. */
  readonly copies: number;
}

export const MAX_INSTRUCTIONS = 5000;
/** As in RE2. */
const MAX_COPIES = 1000;

function instruction(op: Instruction['op'], x = 0, y = 0, ranges: Ranges = []): Instruction {
  return { op, x, y, ranges };
}

export function assertion(op: Assertion): Fragment {
  return { code: [instruction(op)], copies: 1 };
}

/** One character, of any of the ranges. */
export function oneOf(ranges: Ranges): Fragment {
  const merged = merge(ranges);
  const [first, ...more] = merged;
  const single = first && more.length === 0 && first[0] === first[1] ? first[0] : undefined;
  const code = single === undefined ? instruction('class', 0, 0, merged) : instruction('character', single);
  return { code: [code], copies: 1 };
}

export function concatenate(parts: readonly Fragment[]): Fragment {
  return { code: parts.flatMap(({ code }) => code), copies: mostCopies(parts) };
}

/** `a|b|c`: before each but the last a split, behind it a jump to the end. */
export function alternate(parts: readonly Fragment[]): Fragment {
  let rest = parts.reduce((total, { code }) => total + code.length + 2, -2);
  limitSize(rest);
  const code = parts.flatMap((part, i) => {
    if (i === parts.length - 1) return part.code;
    const next = part.code.length + 2;
    rest -= next;
    return [instruction('split', 1, next), ...part.code, instruction('split', rest + 1, rest + 1)];
  });
  return { code, copies: mostCopies(parts) };
}

/** `x{from,to}`, where `to` may be Infinity. Greedy or lazy: a full match is the same. */
export function repeat({ code, copies }: Fragment, from: number, to: number): Fragment {
  const most = Math.max(Number.isFinite(to) ? to : from, 1);
  if (from > to) throw new RegexError(`the repeat {${from},${to}} is in the wrong order`);
  if (copies * most > MAX_COPIES) throw new RegexError(`a repeat makes more than ${MAX_COPIES} copies`);
  limitSize(most * (code.length + 1) + 1);
  return { code: Number.isFinite(to) ? bounded(code, from, to) : unbounded(code, from), copies: copies * most };
}

/** `xx(x(x)?)?` */
function bounded(code: readonly Instruction[], from: number, to: number): Instruction[] {
  const next = code.length + 1;
  const copies = Array.from({ length: to }, (_, i) =>
    i < from ? code : [instruction('split', 1, (to - i) * next), ...code],
  );
  return copies.flat();
}

/** `xx+`; `x*` is `(x+)?`. */
function unbounded(code: readonly Instruction[], from: number): Instruction[] {
  const copies = Array.from({ length: Math.max(from, 1) }, () => code);
  const repeated = [...copies.flat(), instruction('split', -code.length, 1)];
  return from > 0 ? repeated : [instruction('split', 1, repeated.length + 1), ...repeated];
}

/** The whole program. */
export function complete({ code }: Fragment): readonly Instruction[] {
  return [...code, instruction('match')];
}

function mostCopies(parts: readonly Fragment[]): number {
  return parts.reduce((most, { copies }) => Math.max(most, copies), 1);
}

function limitSize(instructions: number): void {
  if (instructions >= MAX_INSTRUCTIONS) throw new RegexError('it is too large: repeat fewer characters, or less often');
}
