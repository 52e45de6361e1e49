import { readFileSync } from 'node:fs';
import { ROOT } from '../../scripts/run.ts';

/** What the section "Quick start" of a page tells its reader to do. */
export interface QuickStart {
  /** Each block that begins with a comment of its path, by that path. */
  readonly files: Readonly<Record<string, string>>;
  /** The words of `npm install`. */
  readonly packages: readonly string[];
  /** The other lines of its shell, without comments. */
  readonly commands: readonly string[];
  /** The route in Pomerium, as YAML. */
  readonly route: string;
}

/** @param page as in `docs/hono.md` */
export function readQuickStart(page: string): QuickStart {
  const text = readFileSync(`${ROOT}${page}`, 'utf8');
  const section = /^## Quick start\n([\s\S]*?)^## /m.exec(text)?.[1] ?? '';
  const blocks = Array.from(
    section.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm),
    ([, indent = '', language, block = '']) => ({
      language,
      text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
  const paths = new Map(blocks.map((block) => [block, /^(?:\/\/|#) (\S*\.\S+)\n/.exec(block.text)?.[1]]));
  const files = blocks.flatMap((block) => {
    const path = paths.get(block);
    return path === undefined ? [] : [[path, block.text]];
  });
  const others = blocks.filter((block) => paths.get(block) === undefined);
  const lines = others
    .filter(({ language }) => language === 'sh')
    .flatMap((block) => block.text.split('\n'))
    .map((line) => line.replace(/(^| +)# .*/, '').trim())
    .filter((line) => line !== '');
  const INSTALL = /^npm install (?:-D )?/;
  return {
    files: Object.fromEntries(files),
    packages: lines.filter((line) => INSTALL.test(line)).flatMap((line) => line.replace(INSTALL, '').split(' ')),
    commands: lines.filter((line) => !INSTALL.test(line)),
    route: others.find(({ language }) => language === 'yaml')?.text ?? '',
  };
}
