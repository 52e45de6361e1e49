/** A path in a document and what follows in it: `[0].spec` and `rules`, `1` are `[0].spec.rules[1]`. */
export function pathTo(at: string, ...keys: readonly (string | number)[]): string {
  return keys.reduce<string>((path, key) => append(path, typeof key === 'number' ? `[${key}]` : key), at);
}

/** Whether a path is that of `whole`, or of something in it. */
export function isWithin(path: string, whole: string): boolean {
  return path.startsWith(whole) && /^$|^[.[]/.test(path.slice(whole.length));
}

/** From a path in a configuration to the path in the documents that it was made from. */
export type Origins = ReadonlyMap<string, string>;

/** The path in the documents of what stands at `path` in the configuration: by the longest beginning that is known. */
export function originOf(origins: Origins, path: string): string {
  let known = '';
  for (const start of origins.keys()) {
    if (isWithin(path, start) && start.length > known.length) known = start;
  }
  return append(origins.get(known) ?? '', path.slice(known.length).replace(/^\./, ''));
}

function append(path: string, rest: string): string {
  return path === '' || rest === '' || rest.startsWith('[') ? path + rest : `${path}.${rest}`;
}
