import { blocksOf } from './markdown.ts';

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

const INSTALL = /^npm install (?:-D )?/;

/** @param page as in `docs/hono.md` */
export function readQuickStart(page: string): QuickStart {
  const blocks = blocksOf(page, { section: 'Quick start' });
  const others = blocks.filter(({ path }) => path === undefined);
  const lines = others
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .map((line) => line.replace(/(^| +)# .*/, '').trim())
    .filter((line) => line !== '');
  return {
    files: Object.fromEntries(blocks.flatMap(({ path, text }) => (path === undefined ? [] : [[path, text]]))),
    packages: lines.filter((line) => INSTALL.test(line)).flatMap((line) => line.replace(INSTALL, '').split(' ')),
    commands: lines.filter((line) => !INSTALL.test(line)),
    route: others.find(({ language }) => language === 'yaml')?.text ?? '',
  };
}
