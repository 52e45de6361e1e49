import { styleText } from 'node:util';
import { safeLines } from '../inspector/text.ts';

/** What a command ends with. */
export const EXIT = {
  /** Everything is as it should be. */
  ok: 0,
  /** The assertion, key set, policy or endpoint is not. */
  bad: 1,
  /** The command was called wrongly, or a file cannot be read. */
  usage: 2,
  /** It cannot be told: keys that cannot be had, something that was not checked. */
  unknown: 3,
} as const;

/** A failure that a person can fix: printed as it is, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * A reader that has enough (`| head`) is no failure: the exit code stays what the command found. Anything else that stands
 * against writing, as a full disk, is said.
 */
export function watchOutput(): void {
  process.stdout
    .on('error', () => {})
    .once('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE') return;
      process.exitCode = EXIT.usage;
      process.stderr.write(`pomerium-edge: standard output cannot be written: ${code}.\n`);
    });
  process.stderr.on('error', () => {});
}

type Colour = Parameters<typeof styleText>[0];

/** Colours are for terminals (https://no-color.org). */
export function paint(colour: Colour, text: string): string {
  const isWanted = process.stdout.isTTY && !process.env['NO_COLOR'];
  return isWanted ? styleText(colour, text) : text;
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(safeLines(JSON.stringify(value, null, 2)));
}

/** Columns, each as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const MARKS = { pass: ['✓', 'green'], fail: ['✗', 'red'], 'not checked': ['?', 'yellow'] } as const;

/** A verdict as a sign, in colour on a terminal. */
export function mark(verdict: keyof typeof MARKS): string {
  const [sign, colour] = MARKS[verdict];
  return paint(colour, sign);
}
