import { readFile } from 'node:fs/promises';
import { UsageError } from './output.ts';

/** An assertion from the argument, from stdin (`-`, or a pipe), or typed where nobody sees it. Throws `UsageError` for none. */
export async function readAssertionInput(argument: string | undefined): Promise<string> {
  const isArgument = argument !== undefined && argument !== '-';
  const text = isArgument ? argument : await readStdin(argument === '-');
  if (text.trim() === '')
    throw new UsageError(
      isArgument ? 'The assertion is empty; is its variable set?' : 'Nothing came on standard input.',
    );
  // As people copy it: with the header's name, or as a bearer token.
  return text
    .trim()
    .replace(/^x-pomerium-jwt-assertion:\s*/i, '')
    .replace(/^(authorization:\s*)?bearer\s+/i, '');
}

async function readStdin(isExplicit: boolean): Promise<string> {
  if (process.stdin.isTTY && !isExplicit) {
    const { default: password } = await import('@inquirer/password');
    return password({ message: 'The assertion (it is not shown):' }, { output: process.stderr });
  }
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
  return text;
}

/** A file's text. Throws `UsageError`, naming the file. */
export async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error) => {
    throw new UsageError(`${path} cannot be read: ${error.code ?? error.message}.`);
  });
}

/** A number of an option. Throws `UsageError`. */
export function readNumber(name: string): (value: string) => number {
  return (value) => {
    if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
    throw new UsageError(`--${name} must be a number; it is ${JSON.stringify(value)}.`);
  };
}

export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** A list of an option, separated by commas. */
export function readList(value: string): string[] {
  return value.split(',').map((one) => one.trim());
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
