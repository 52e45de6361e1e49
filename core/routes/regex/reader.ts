import { LAST_CODE_POINT } from './classes.ts';
import { RegexError } from './error.ts';

export interface Reader {
  readonly pattern: string;
  at: number;
}

/** What a sticky expression matches here. The reader then stands behind it. */
export function take(reader: Reader, expression: RegExp): RegExpExecArray | null {
  expression.lastIndex = reader.at;
  const match = expression.exec(reader.pattern);
  if (match) reader.at = expression.lastIndex;
  return match;
}

/** The code point of a character or of its escape. */
export function takeCharacter(reader: Reader): number {
  const plain = take(reader, /[^\\]/suy)?.[0].codePointAt(0);
  return plain ?? takeEscape(reader);
}

/** Octal, hexadecimal twice, control, and punctuation that stands for itself. A single `\1` would be a backreference. */
const ESCAPE =
  /\\(?:(0[0-7]{0,2}|[1-7][0-7]{1,2})|x(?:([\dA-Fa-f]{2})|\{([\dA-Fa-f]+)\})|([atnvfr])|([^\P{ASCII}\dA-Za-z]))/uy;

function takeEscape(reader: Reader): number {
  const [whole, octal, byte, hexadecimal, control, punctuation] = take(reader, ESCAPE) ?? [];
  if (octal) return Number.parseInt(octal, 8);
  if (control) return 7 + 'abtnvfr'.indexOf(control);
  if (punctuation) return punctuation.charCodeAt(0);
  if (whole) return toCodePoint(Number.parseInt(byte ?? hexadecimal ?? '', 16));
  const unknown = take(reader, /\\./suy)?.[0];
  if (!unknown) throw new RegexError('it ends with a backslash');
  throw new RegexError(/\d/.test(unknown) ? `RE2 has no backreferences: ${unknown}` : `RE2 has no escape ${unknown}`);
}

function toCodePoint(code: number): number {
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  if (code > LAST_CODE_POINT || isSurrogate) throw new RegexError(`there is no character \\x{${code.toString(16)}}`);
  return code;
}
