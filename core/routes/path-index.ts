import { BoundedMap, getOrMake } from '../bounded-map.ts';
import type { PathMatch } from './paths.ts';

interface Node {
  /** What every path begins with that one of its items fits. */
  readonly text: string;
  /** Where these items stand, in order. */
  readonly positions: number[];
  /** The longest other text that this one begins with. */
  readonly parent: Node | undefined;
}

/** With so many regular expressions, what was found for a path is remembered: each has to be run. */
const MANY = 4;
const MAX_PATHS = 512;
const MAX_CHARACTERS = 65_536;

/** Finds the first item that fits a path, in time that hardly grows with their number. */
export function indexPaths<Item extends { readonly match: PathMatch }>(
  items: readonly Item[],
): (path: string) => Item | undefined {
  const nodes = makeNodes(items.map(({ match }) => match.literal));
  const find = (path: string): Item | undefined => {
    let first: Item | undefined;
    let best = items.length;
    const last = lastBefore(nodes, path);
    if (!last) return undefined;
    const shared = sharedLength(last.text, path);
    // A text that the path begins with is the last one before it, or the beginning of that.
    for (let node: Node | undefined = last; node; node = node.parent) {
      if (node.text.length > shared) continue;
      for (const position of node.positions) {
        const item = items[position];
        if (position >= best || !item) break;
        if (!item.match.matches(path)) continue;
        best = position;
        first = item;
      }
    }
    return first;
  };
  return items.filter(({ match }) => match.by === 'regex').length > MANY ? remembering(find) : find;
}

/** In the order of their texts, which is that of UTF-16. */
function makeNodes(texts: readonly string[]): Node[] {
  const positions = new Map<string, number[]>();
  for (const [position, text] of texts.entries()) {
    const known = positions.get(text);
    if (known) known.push(position);
    else positions.set(text, [position]);
  }
  let parent: Node | undefined;
  return [...positions.keys()].sort().map((text) => {
    while (parent && !text.startsWith(parent.text)) parent = parent.parent;
    parent = { text, positions: positions.get(text) ?? [], parent };
    return parent;
  });
}

/** The last one whose text is not greater than this. */
function lastBefore(nodes: readonly Node[], text: string): Node | undefined {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((nodes[middle]?.text ?? '') <= text) low = middle + 1;
    else high = middle;
  }
  return nodes[low - 1];
}

/** How many units both begin with. */
function sharedLength(one: string, other: string): number {
  let length = 0;
  // At the end of both it compares NaN.
  while (one.charCodeAt(length) === other.charCodeAt(length)) length += 1;
  return length;
}

function remembering<Item>(find: (path: string) => Item | undefined): (path: string) => Item | undefined {
  const found = new BoundedMap<{ readonly item: Item | undefined }>(MAX_PATHS, MAX_CHARACTERS);
  return (path) => getOrMake(found, path, () => ({ item: find(path) })).item;
}
