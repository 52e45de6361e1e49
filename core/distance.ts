/** Damerau's distance between two words, in the form that moves no letter twice. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  let before = row;
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next[j] = Math.min(
        (next[j - 1] ?? 0) + 1,
        (row[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The name that may be meant: one or two letters away, another number of it, or the beginning of it. */
export function nearest(key: string, names: readonly string[]): string | undefined {
  const limit = key.length > 5 ? 2 : 1;
  const word = key.toLowerCase();
  const spellings = [word, word.replaceAll('-', '_'), word.replace(/ies$/, 'y'), word.replace(/s$/, ''), `${word}s`];
  const candidates = names
    .map((name) => ({ name, far: Math.min(...spellings.map((one) => distance(one, name.toLowerCase()))) }))
    .sort((a, b) => a.far - b.far);
  const [first] = candidates;
  if (first && first.far <= limit) return first.name;
  const bare = word.replaceAll(/[_-]/g, '');
  return names.find((name) => {
    const other = name.replaceAll('_', '').toLowerCase();
    return bare.length > 5 && (other.startsWith(bare) || (bare.startsWith(other) && other.length > 5));
  });
}
