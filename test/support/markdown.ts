import { readFileSync } from 'node:fs';
import { ROOT } from '../../scripts/run.ts';

/** A block of code of a page. */
export interface Block {
  readonly language: string;
  /** Without the indent that it has in a list. */
  readonly text: string;
  /** The line of the page on which its code begins. */
  readonly line: number;
  /** What a first line says that is nothing but a comment of a path. */
  readonly path: string | undefined;
}

/** @param page as in `docs/hono.md`; `section`: the heading of the only part that is read */
export function blocksOf(page: string, { section }: { section?: string } = {}): Block[] {
  const text = readFileSync(`${ROOT}${page}`, 'utf8');
  const begin = section === undefined ? 0 : text.indexOf(`\n## ${section}\n`) + 1;
  const end = section === undefined ? -1 : text.indexOf('\n## ', begin);
  const part = text.slice(begin, end === -1 ? undefined : end);
  const before = text.slice(0, begin).split('\n').length;
  return Array.from(
    part.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm),
    ({ index, 1: indent = '', 2: language = '', 3: block = '' }) => {
      const code = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
      return {
        language,
        text: code,
        line: before + part.slice(0, index).split('\n').length,
        path: /^(?:\/\/|#) (\S*\.\S+)\n/.exec(code)?.[1],
      };
    },
  );
}
