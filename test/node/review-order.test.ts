import { globSync, readFileSync } from 'node:fs';
import { assert, test } from 'vitest';
import { ROOT } from '../../scripts/run.ts';

/** What the tables of CONTRIBUTING.md name in `core/`: files, some of a folder, or all of one. */
const [section = ''] =
  /^## Read the core for a security review$.*?(?=^## )/ms.exec(readFileSync(`${ROOT}CONTRIBUTING.md`, 'utf8')) ?? [];
const names = Array.from(section.matchAll(/`([\w{},/-]+(?:\.ts|\/))`/g), ([, name = '']) => name);
const filesOf = (pattern: string) => globSync(pattern.replace(/\/$/, '/**/*.ts'), { cwd: `${ROOT}core` });
const namesIn = (name: string) => {
  const [, before = '', list = '', after = ''] = /^(.*)\{(.*)\}(.*)$/.exec(name) ?? [];
  return list === '' ? [name] : list.split(',').map((one) => before + one + after);
};

test('the review order of CONTRIBUTING.md names files that there are', () => {
  assert.isAbove(names.length, 20);
  for (const name of names.flatMap(namesIn)) assert.isNotEmpty(filesOf(name), name);
});

test('and every file of core/', () => {
  const named = new Set(names.flatMap(namesIn).flatMap(filesOf));
  assert.deepEqual(
    globSync('**/*.ts', { cwd: `${ROOT}core` }).filter((file) => !named.has(file)),
    [],
  );
});
