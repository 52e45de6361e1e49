import { readdirSync, readFileSync } from 'node:fs';
import { assert, test } from 'vitest';
import { ROOT } from '../../scripts/run.ts';

/** The compiler checks these files; what the page leaves out (globals, an app) stands between its paragraphs. */
const FOLDER = `${ROOT}test/types/aws-functions/`;
const files = readdirSync(FOLDER).map((name) => readFileSync(`${FOLDER}${name}`, 'utf8'));
const page = readFileSync(`${ROOT}docs/aws-functions.md`, 'utf8');
const blocks = Array.from(page.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, block = '']) => block.trimEnd());
const holds = (file: string, block: string) =>
  block.split('\n\n').every((paragraph) => file.includes(`${paragraph}\n`));

test('each block of docs/aws-functions.md is a file that the compiler checks, and there are no others', () => {
  assert.lengthOf(blocks, files.length);
  const unchecked = blocks.filter((block) => !files.some((file) => holds(file, block)));
  assert.deepEqual(unchecked, []);
});
