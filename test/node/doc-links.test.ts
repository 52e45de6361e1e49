import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { assert, test } from 'vitest';
import { ROOT } from '../../scripts/run.ts';
import { packedFiles } from '../support/example-project.ts';

const packed = await packedFiles();
const pages = packed.filter((path) => path.endsWith('.md'));

/** The text of a page without its blocks of code. */
const proseOf = (page: string) => readFileSync(`${ROOT}${page}`, 'utf8').replace(/^```[\s\S]*?^```$/gm, '');

/** As GitHub writes the anchors of headings. */
const anchorsOf = (page: string) =>
  Array.from(proseOf(page).matchAll(/^#+ (.*)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** What is wrong with a relative link of this page; undefined where it leads somewhere. */
function mistakeIn(link: string, page: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : posix.join(posix.dirname(page), path).replace(/\/$/, '');
  if (!packed.some((file) => file === target || file.startsWith(`${target}/`)))
    return `${target} is not in the package`;
  if (anchor !== undefined && !anchorsOf(target).includes(anchor)) return `${target} has no heading #${anchor}`;
  return undefined;
}

test('the package has README, changelog, the docs and what examples and templates say of themselves', () => {
  assert.includeMembers(pages, ['README.md', 'CHANGELOG.md', 'docs/gate.md', 'examples/nextjs/README.md']);
});

for (const page of pages) {
  test(`${page}: every relative link leads to a file of the package, and to a heading there`, () => {
    const links = Array.from(proseOf(page).matchAll(/\]\(([^)\s]+)/g), ([, link = '']) => link);
    const relative = links.filter((link) => !/^[a-z]+:/.test(link));
    const mistakes = relative.map((link) => [link, mistakeIn(link, page)]).filter(([, mistake]) => mistake);
    assert.deepEqual(mistakes, []);
  });
}
