import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, Scalar, type YAMLMap } from 'yaml';
import { parseYaml } from './yaml.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A stream of YAML documents and how its offsets become lines. */
export interface Source {
  readonly text: string;
  readonly documents: readonly Document[];
  readonly lineCounter: LineCounter;
}

/**
 * Where something stands whose path begins with the number of its document, as `[0].routes[2].policy`; what is not there
 * stands where the nearest thing around it does. A path may go on into text that is YAML itself.
 */
export function placeOf(source: Source, path: string): Place {
  const [, index, rest = ''] = /^\[(\d+)\](.*)$/s.exec(path) ?? [];
  const document = source.documents[Number(index ?? 0)];
  return document?.contents ? placeIn(source, document.contents, rest) : { line: 1, column: 1 };
}

function placeIn(source: Source, from: Node, path: string): Place {
  let node = from;
  let name: Node | undefined;
  let rest = path.replace(/^\./, '');
  for (let next = step(node, rest); next; next = step(node, rest)) {
    node = next.node;
    name = next.name;
    rest = next.rest;
    // What an anchor gives is wrong where it is named.
    if (isAlias(node)) return startOf(source, node);
  }
  if (rest !== '') return placeInText(source, node, rest) ?? startOf(source, node);
  const place = startOf(source, node);
  // The value of a block begins in the line below its name.
  return name && startOf(source, name).line < place.line ? startOf(source, name) : place;
}

function startOf({ lineCounter }: Source, node: Node): Place {
  const { line, col } = lineCounter.linePos(node.range?.[0] ?? 0);
  return { line, column: col };
}

interface Step {
  readonly node: Node;
  /** What it is called, in a map. */
  readonly name?: Node;
  readonly rest: string;
}

/** One step along the path. A name may hold dots, so that the longest one that the map has is taken. */
function step(node: Node, path: string): Step | undefined {
  if (path === '') return undefined;
  if (isSeq(node)) {
    const [whole = '', index = ''] = /^\[(\d+)\]\.?/.exec(path) ?? [];
    const item = whole === '' ? undefined : node.items[Number(index)];
    return item ? { node: item as Node, rest: path.slice(whole.length) } : undefined;
  }
  return isMap(node) ? stepInto(node, path) : undefined;
}

function stepInto(map: YAMLMap, path: string): Step | undefined {
  let found: Step | undefined;
  for (const { key, value } of map.items) {
    // Pomerium minds no case.
    const name = String(isScalar(key) ? key.value : key);
    const rest = path.slice(name.length);
    if (path.slice(0, name.length).toLowerCase() !== name.toLowerCase() || !/^$|^[.[]/.test(rest)) continue;
    if (found && found.rest.length <= rest.length) continue;
    found = { node: (value ?? key) as Node, name: key as Node, rest: rest.replace(/^\./, '') };
  }
  return found;
}

/** In text with `|`, a line is a line: there the place is exact. */
function placeInText({ text, lineCounter }: Source, node: Node, path: string): Place | undefined {
  if (!isScalar(node) || node.type !== Scalar.BLOCK_LITERAL || typeof node.value !== 'string') return undefined;
  const start = node.range?.[0] ?? 0;
  const indent = /^[^\n]*\n(?:[ \t\r]*\n)*( *)/.exec(text.slice(start))?.[1]?.length ?? 0;
  const innerCounter = new LineCounter();
  const documents = parseYaml(node.value, innerCounter);
  const [document] = documents;
  if (!document?.contents) return undefined;
  const inner = placeIn({ text: node.value, documents, lineCounter: innerCounter }, document.contents, path);
  return { line: lineCounter.linePos(start).line + inner.line, column: indent + inner.column };
}
