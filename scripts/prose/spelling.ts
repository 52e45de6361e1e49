import { readFileSync } from 'node:fs';
import nspell from 'nspell';
import { ROOT } from '../run.ts';

/** Names and terms that no dictionary has. */
export const WORDS = 'scripts/prose/words.txt';
/** Letters with an apostrophe among them, unless they touch what only identifiers have. */
const WORD = /(?<![\p{L}\p{N}_@./$-])\p{L}+(?:['’]\p{L}+)*(?![\p{L}\p{N}_@/])/gu;
const ACRONYM_OR_IDENTIFIER = /^\p{Lu}{2,}s?$|^\p{Ll}+\p{Lu}/u;

/** What finds the words that are neither British English nor the project's. */
export function createSpelling(words: readonly string[]): (line: string) => string[] {
  const read = (extension: string) => readFileSync(`${ROOT}node_modules/dictionary-en-gb/index.${extension}`);
  const dictionary = nspell({ aff: read('aff'), dic: read('dic') });
  for (const word of words) dictionary.add(word);
  return (line) =>
    [...line.matchAll(WORD)]
      .map(([word]) => word.replaceAll('’', "'").replace(/'s?$/, ''))
      .filter((word) => !ACRONYM_OR_IDENTIFIER.test(word) && !dictionary.correct(word))
      .map((word) => `"${word}" is in no dictionary; if it is right, add it to ${WORDS}`);
}
