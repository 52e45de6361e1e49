/** Words that a sentence may have, code not counted. */
const MAX_WORDS = 50;
/** Where a block begins that is not the one of the line before: a list's item, a heading, a row of a table. */
const BLOCK = /^\s*(?:[-*] |\d+\. |#|\||$)/;
/** Before a capital letter, a digit, or code, of which the spaces are left. */
const END = /(?<=[.!?:;]["*)]*)(?:\s+(?=["*([]*[\p{Lu}\d])|\s{4,})/u;

/** The number of the line, from 0, on which a sentence that is too long begins, and what to do. */
export function findLongSentences(prose: string): [line: number, finding: string][] {
  return blocksOf(prose).flatMap(({ line, text }) => {
    if (text.startsWith('|')) return [];
    return text.split(END).flatMap((sentence): [number, string][] => {
      const words = sentence.split(/\s+/).filter((word) => /\p{L}/u.test(word));
      const beginning = words.slice(0, 6).join(' ');
      if (words.length <= MAX_WORDS) return [];
      return [[line, `a sentence of ${words.length} words; split it or make it a list: "${beginning} …"`]];
    });
  });
}

function blocksOf(prose: string): { line: number; text: string }[] {
  const blocks: { line: number; text: string }[] = [];
  prose.split('\n').forEach((text, line) => {
    const last = blocks.at(-1);
    if (last === undefined || last.text === '' || BLOCK.test(text)) blocks.push({ line, text: text.trim() });
    else last.text += `\n${text}`;
  });
  return blocks;
}
