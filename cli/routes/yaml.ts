import { type Document, type LineCounter, parseAllDocuments } from 'yaml';
import { configurationError } from '../../core/errors.ts';

/** As Pomerium's reader of YAML (gopkg.in/yaml.v3): `<<` merges, and a key is text. */
const OPTIONS = { merge: true, stringKeys: true, logLevel: 'error' } as const;

/** Far more than anybody repeats an anchor, far less than it takes to fill the memory. */
const MAX_ALIASES = 10_000;

/** Far more levels than any policy has, far less than it takes to overflow the stack. */
const MAX_LEVELS = 100;

const TOO_DEEP = `it is nested deeper than ${MAX_LEVELS} levels.`;

export function parseYaml(text: string, lineCounter?: LineCounter): Document[] {
  const documents = unlessTooDeep(() => parseAllDocuments(text, lineCounter ? { ...OPTIONS, lineCounter } : OPTIONS));
  return 'empty' in documents ? [] : documents;
}

/** The reader of YAML calls itself for each level: a stack that overflows says how deep the text is, and nothing else. */
function unlessTooDeep<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof RangeError ? new Error(TOO_DEEP) : error;
  }
}

/** Throws an `Error` whose message is for people. */
export function toValue(document: Document): unknown {
  const [error] = document.errors;
  if (error?.code === 'RESOURCE_EXHAUSTION') throw new Error(TOO_DEEP);
  if (error) throw error;
  const value: unknown = unlessTooDeep(() => document.toJS({ maxAliasCount: MAX_ALIASES }));
  requireTree(value);
  return value;
}

/** An anchor may stand within itself for YAML; nobody could walk through that, nor through many levels. */
export function requireTree(value: unknown, parents = new Set<object>(), done = new Set<object>()): void {
  if (typeof value !== 'object' || value === null || done.has(value)) return;
  if (parents.has(value)) throw new Error('an anchor contains itself.');
  if (parents.size >= MAX_LEVELS) throw new Error(TOO_DEEP);
  parents.add(value);
  for (const member of Object.values(value)) requireTree(member, parents, done);
  parents.delete(value);
  done.add(value);
}

/**
 * The value of the YAML that stands as text at `path` of another document.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function readEmbeddedYaml(text: string, path: string): unknown {
  requireRendered(text, path);
  try {
    const [document, second] = parseYaml(text);
    if (second) throw new Error('it is more than one document.');
    return document && toValue(document);
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : '').split('\n');
    throw configurationError(`${path} holds no YAML: ${reason.replace(/:$/, '.')}`, { path });
  }
}

/** @throws {PomeriumError} `invalid_configuration`, where Helm or the like would first fill something in */
export function requireRendered(text: string, path: string): void {
  if (!/\{\{.*\}\}/s.test(text)) return;
  throw configurationError(`${path} is a template; render it first, as with helm template, and take the result.`, {
    path,
  });
}
