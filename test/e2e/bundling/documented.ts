import { readFileSync } from 'node:fs';
import { ROOT } from '../../../scripts/run.ts';

const blocks = Array.from(
  readFileSync(`${ROOT}docs/aws-bundling.md`, 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm),
  ([, language = '', text = '']) => ({ language, text }),
);

/** The files of docs/aws-bundling.md, by the names in their first lines. */
export const FILES: Readonly<Record<string, string>> = Object.fromEntries(
  blocks.flatMap(({ text }) => {
    const name = /^\/\/ (\S+\.\w+)\n/.exec(text)?.[1];
    return name ? [[name, text]] : [];
  }),
);

/** The words of the page's command that begins so, without `npx`. */
export function commandOf(beginning: string): [tool: string, ...args: string[]] {
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.split('\n'));
  const [tool, ...args] =
    lines
      .find((line) => line.startsWith(`npx ${beginning} `))
      ?.slice(4)
      .split(' ') ?? [];
  if (tool === undefined) throw new Error(`docs/aws-bundling.md has no command "npx ${beginning} …".`);
  return [tool, ...args];
}

/** The page's only block in this language. */
export function blockOf(language: string): string {
  const [block, another] = blocks.filter((one) => one.language === language);
  if (!block || another) throw new Error(`docs/aws-bundling.md has not one ${language} block.`);
  return block.text;
}
