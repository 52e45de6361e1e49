import { readFileSync } from 'node:fs';
import { ROOT } from '../../scripts/run.ts';

/** The blocks of code of a page, by the path that the comment in their first line names. */
export function filesOf(page: string): Map<string, string> {
  const blocks = blocksOf(page).map((block) => [/^(?:\/\/|#) (\S+)\n/.exec(block)?.[1], block] as const);
  return new Map(blocks.flatMap(([path, block]) => (path === undefined ? [] : [[path, block] as const])));
}

/** All blocks of code of a page. */
export function blocksOf(page: string): string[] {
  const text = readFileSync(`${ROOT}${page}`, 'utf8');
  return Array.from(text.matchAll(/^```\w+\n([\s\S]*?)^```$/gm), ([, block = '']) => block);
}
