import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { readAlgorithms } from '../core/settings.ts';
import type { Algorithm } from '../core/signature/algorithms.ts';
import { readAudiences } from '../core/trust-options.ts';
import { pickAssertion } from '../inspector/pasted.ts';
import { UsageError } from './output.ts';

/** An assertion from the argument, from stdin (`-`, or a pipe), or typed where nobody sees it. Throws `UsageError` for none. */
export async function readAssertionInput(argument: string | undefined): Promise<string> {
  const isArgument = argument !== undefined && argument !== '-';
  const text = isArgument ? argument : await readStdin(argument === '-');
  if (text.trim() === '')
    throw new UsageError(
      isArgument ? 'The assertion is empty; is its variable set?' : 'Nothing came on standard input.',
    );
  return pickAssertion(text);
}

async function readStdin(isExplicit: boolean): Promise<string> {
  if (process.stdin.isTTY && !isExplicit) {
    const { default: password } = await import('@inquirer/password');
    return password({ message: 'The assertion (it is not shown):' }, { output: process.stderr });
  }
  return readText('-');
}

/** A file's text; `-` is standard input. Throws `UsageError`, naming the file. */
export async function readText(path: string): Promise<string> {
  try {
    return decode(path === '-' ? await buffer(process.stdin) : await readFile(path));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UsageError(`${path} cannot be read: ${'code' in error ? error.code : error.message}.`);
  }
}

/** As editors write it, and PowerShell: UTF-8, or UTF-16 by its mark; the mark is no text. */
function decode(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isLittle = first === 0xff && second === 0xfe;
  const isBig = first === 0xfe && second === 0xff;
  return new TextDecoder(isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8').decode(bytes);
}

/** A number of an option. Throws `UsageError`. */
export function readNumber(
  name: string,
  { min = 0, max = Number.MAX_VALUE }: { min?: number; max?: number } = {},
): (value: string) => number {
  return (value) => {
    const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    const range = max === Number.MAX_VALUE ? `, ${min} or more` : ` from ${min} to ${max}`;
    throw new UsageError(`--${name} must be a number${range}; it is ${JSON.stringify(value)}.`);
  };
}

/** Ensures that the values of an option are what Pomerium signs as audience. Throws `UsageError`. */
export function requireHostNames(option: string, hosts: readonly string[]): void {
  try {
    readAudiences(hosts);
  } catch {
    throw new UsageError(
      `--${option} takes a host name without scheme, port and path, as in app.corp.example.com; it is ${JSON.stringify(hosts.join(','))}.`,
    );
  }
}

export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** A list of an option, separated by commas. */
export function readList(value: string): string[] {
  return value.split(',').map((one) => one.trim());
}

/** The algorithms of an option, as the verifier takes them. Throws `PomeriumError`. */
export function readAlgorithmNames(value: string): readonly Algorithm[] {
  return readAlgorithms(readList(value));
}

/** A list that may be empty, which says something else than no list: `''` or `[]`. */
export function readNames(value: string): string[] {
  return value === '[]' ? [] : readList(value).filter((one) => one !== '');
}

/** Lines of headers, as `Origin: https://example.com`. Throws `UsageError`. */
export function readHeaders(lines: readonly string[]): Record<string, string> {
  const headers = lines.map((line) => {
    const [, name = '', value = ''] = /^([^\s:]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== '') return [name.toLowerCase(), value] as const;
    throw new UsageError(`--header ${JSON.stringify(line)} is no header; write "Origin: https://example.com".`);
  });
  return Object.fromEntries(headers);
}
