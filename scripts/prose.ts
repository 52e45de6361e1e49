import { globSync, readFileSync } from 'node:fs';
import { proseOf } from './prose/markdown.ts';
import { findLongSentences } from './prose/sentences.ts';
import { createSpelling, WORDS } from './prose/spelling.ts';
import { findTerms } from './prose/terms.ts';
import { ROOT, UserError } from './run.ts';

/** Spelling, terms and the length of sentences in what people read. Code in it, link targets and names of files are left out. */
const files = globSync(['*.md', 'docs/*.md'], { cwd: ROOT }).sort();
const read = (file: string) => readFileSync(ROOT + file, 'utf8');
const words = read(WORDS).trim().split('\n');
const findUnknown = createSpelling(words);

const findings = files.flatMap((file) => {
  const prose = proseOf(read(file));
  const inLines = prose
    .split('\n')
    .flatMap((line, i) => [...findUnknown(line), ...findTerms(line)].map((finding): [number, string] => [i, finding]));
  return [...inLines, ...findLongSentences(prose)].map(([line, finding]) => `${file}:${line + 1}: ${finding}`);
});
if (words.join('\n') !== [...new Set(words)].sort().join('\n')) {
  findings.push(`${WORDS}: not sorted (LC_ALL=C sort -u), so that changes to it merge`);
}
if (findings.length > 0) throw new UserError(`${findings.join('\n')}\n\n${findings.length} findings in prose.`);
console.log(`The prose of ${files.length} documents is clean.`);
