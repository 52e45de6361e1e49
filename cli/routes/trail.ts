/** A member of an object or a list, on the way that a path goes. */
export interface Step {
  readonly parent: Record<string | number, unknown>;
  readonly key: string | number;
}

/**
 * The steps from `root` (a holder of the document, as `{ document }`) along a path, as far as it goes. A name may hold dots,
 * so that the longest one that an object has is taken; Pomerium minds no case.
 */
export function trailOf(root: Record<string, unknown>, path: string): Step[] {
  const [key = ''] = Object.keys(root);
  const steps: Step[] = [{ parent: root, key }];
  let rest = path;
  for (let value = root[key]; rest !== ''; ) {
    const found = nextKey(value, rest);
    if (!found) break;
    const parent = value as Step['parent'];
    steps.push({ parent, key: found.key });
    rest = found.rest;
    value = parent[found.key];
  }
  return steps;
}

function nextKey(value: unknown, path: string): { key: string | number; rest: string } | undefined {
  if (Array.isArray(value)) {
    const [whole = '', index = ''] = /^\[(\d+)\]\.?/.exec(path) ?? [];
    return whole !== '' && Number(index) < value.length
      ? { key: Number(index), rest: path.slice(whole.length) }
      : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fits = (key: string) =>
    path.slice(0, key.length).toLowerCase() === key.toLowerCase() && /^$|^[.[]/.test(path.slice(key.length));
  const [key] = Object.keys(value)
    .filter(fits)
    .sort((a, b) => b.length - a.length || Number(path.startsWith(b)) - Number(path.startsWith(a)));
  return key === undefined ? undefined : { key, rest: path.slice(key.length).replace(/^\./, '') };
}

/** A copy that shares nothing: what an anchor gives is one object wherever it is named. */
export function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copyOf(member)]));
}
