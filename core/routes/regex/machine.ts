import { includes } from './classes.ts';
import { type Assertion, type Instruction, MAX_INSTRUCTIONS } from './program.ts';

export interface RegexMatcher {
  /** Whether the whole text matches. It takes time linear in the length of the text, and never throws. */
  matches(text: string): boolean;
  /** Every text that matches begins with this. It may be empty. */
  readonly literalPrefix: string;
}

/** Stands before the text and behind it. */
const NONE = -1;
const NEWLINE = 10;

/** A set of places in a program. It may grow while it is walked (the sparse set of Briggs and Torczon). */
class Places {
  readonly #list = new Uint32Array(MAX_INSTRUCTIONS);
  readonly #index = new Uint32Array(MAX_INSTRUCTIONS);
  size = 0;

  at(i: number): number {
    return this.#list[i] ?? 0;
  }

  add(place: number): void {
    const i = this.#index[place] ?? 0;
    if (i < this.size && this.#list[i] === place) return;
    this.#list[this.size] = place;
    this.#index[place] = this.size;
    this.size += 1;
  }
}

/** Where programs are before a character and behind it. All share these: only one runs at a time. */
const PLACES = [new Places(), new Places()] as const;

/** Runs the program at all its places at once (Thompson 1968), so that it never goes back in the text. */
export function toMatcher(program: readonly Instruction[]): RegexMatcher {
  const { literalPrefix, start } = readPrefix(program);
  return Object.freeze<RegexMatcher>({
    literalPrefix,
    matches(text) {
      if (!text.startsWith(literalPrefix)) return false;
      let [current, next] = PLACES;
      current.size = 0;
      current.add(start);
      let position = literalPrefix.length;
      let before = position > 0 ? literalPrefix.charCodeAt(position - 1) : NONE;
      while (current.size > 0) {
        const code = text.codePointAt(position) ?? NONE;
        next.size = 0;
        for (let i = 0; i < current.size; i++) {
          const place = current.at(i);
          const step = program[place];
          if (step === undefined) continue;
          const { op } = step;
          if (op === 'character') {
            if (step.x === code) next.add(place + 1);
          } else if (op === 'class') {
            if (includes(step.ranges, code)) next.add(place + 1);
          } else if (op === 'split') {
            current.add(place + step.x);
            current.add(place + step.y);
          } else if (op !== 'match') {
            if (holds(op, before, code)) current.add(place + 1);
          } else if (code === NONE) {
            return true;
          }
        }
        [current, next] = [next, current];
        before = code;
        position += code > 0xffff ? 2 : 1;
      }
      return false;
    },
  });
}

function holds(assertion: Assertion, before: number, after: number): boolean {
  switch (assertion) {
    case '^':
      return before === NONE;
    case '$':
      return after === NONE;
    case '(?m)^':
      return before === NONE || before === NEWLINE;
    case '(?m)$':
      return after === NONE || after === NEWLINE;
    case '\\b':
      return isWord(before) !== isWord(after);
    case '\\B':
      return isWord(before) === isWord(after);
  }
}

/** `[0-9A-Za-z_]` */
function isWord(code: number): boolean {
  const lower = code | 32;
  return (code >= 48 && code <= 57) || (lower >= 97 && lower <= 122) || code === 95;
}

/** Walks the program as long as there is one way, and says where it stands then. */
function readPrefix(program: readonly Instruction[]) {
  const codes: number[] = [];
  for (let start = 0; ; start++) {
    const { op, x = 0 } = program[start] ?? {};
    const isBegin = codes.length === 0 && (op === '^' || op === '(?m)^');
    if (op === 'character') codes.push(x);
    // Made in one go: to search a text for a string of many pieces is slow.
    else if (!isBegin) return { literalPrefix: String.fromCodePoint(...codes), start };
  }
}
